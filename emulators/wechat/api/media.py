"""Temporary media, up and down."""

from aiohttp import BodyPartReader, web

from emulators.wechat.api.call import Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused
from emulators.wechat.media import KINDS

MOST = 12 * 1024 * 1024


async def _upload(call: ApiCall) -> Answer:
    kind = call.query.get("type") or ""
    data = await _file(call)
    medium = call.account.media.upload(kind, data, call.now)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: medium.media_id, "created_at": int(medium.created)}


async def _upload_image(call: ApiCall) -> Answer:
    """A picture for the text of articles: an address in place of an id; at most 1 MB."""
    data = await _file(call)
    if len(data) > 1024 * 1024:
        raise Refused(40009)
    medium = call.account.media.upload("image", data, call.now)
    return {"url": call.world.media_url(medium.media_id)}


async def _file(call: ApiCall) -> bytes:
    """The file in the multipart field ``media``; :class:`Refused` 41005 for none, 40006 for one beyond all limits."""
    if not call.request.content_type.startswith("multipart/"):
        raise Refused(41005)
    data = bytearray()
    try:
        reader = await call.request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name != "media" or not part.filename:
                continue
            while chunk := await part.read_chunk(64 * 1024):
                data += chunk
                if len(data) > MOST:
                    raise Refused(40006)
            return bytes(data)
    except ValueError:
        raise Refused(41005) from None
    raise Refused(41005)


async def _get(call: ApiCall) -> Answer:
    medium = call.account.media.get(call.query.get("media_id"), call.now)
    if medium.kind == "video":
        return {"video_url": call.world.media_url(medium.media_id)}
    suffix = KINDS[medium.kind].suffix
    headers = {
        "Content-Type": medium.content_type,
        "Content-Disposition": f'attachment; filename="{medium.media_id}.{suffix}"',
    }
    return web.Response(body=medium.data, headers=headers)


async def _get_voice(call: ApiCall) -> Answer:
    """A voice in the better quality that MediaId16K names."""
    medium = call.account.media.get(call.query.get("media_id"), call.now, ("voice",))
    return web.Response(body=medium.data, headers={"Content-Type": "voice/speex"})


ENDPOINTS = {
    "/cgi-bin/media/upload": Endpoint(_upload, "POST", "media", body=False, plain_text=True),
    "/cgi-bin/media/uploadimg": Endpoint(_upload_image, "POST", "media", body=False, plain_text=True),
    "/cgi-bin/media/get": Endpoint(_get, "GET", "media", plain_text=True),
    "/cgi-bin/media/get/jssdk": Endpoint(_get_voice, "GET", "media", plain_text=True),
}
