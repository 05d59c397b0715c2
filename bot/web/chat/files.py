"""Pictures and files of the chat: taken up to a limit, typed by their content, given to their sender only."""

from urllib.parse import quote
from uuid import UUID

from aiohttp import BodyPartReader, web

from bot.storage.blobs import BlobRefused
from bot.web.chat.plain import caller, refusals
from bot.web.problems import Problem

MAX_UPLOADS = 20
UPLOADS_WINDOW_S = 60.0


async def post_blob(request: web.Request) -> web.Response:
    """Stores the multipart field ``file``; 413 above the limit, 415 for a type that is not taken."""
    edge, visitor = caller(request)
    wait = await edge.limit(f"blob:{visitor.account}:{visitor.identity}", MAX_UPLOADS, UPLOADS_WINDOW_S)
    if wait:
        raise Problem(429, "rate_limited", retry_after=wait)
    name, content = await _read_file(request, edge.settings.limits.blob_bytes)
    async with refusals():
        try:
            blob = await edge.blobs.put(visitor.account, visitor.identity, name, content)
        except BlobRefused:
            raise Problem(415, "type_refused") from None
    return web.json_response(blob.as_json(), status=201)


async def _read_file(request: web.Request, limit: int) -> tuple[str, bytes]:
    if not request.content_type.startswith("multipart/"):
        raise Problem(400, "bad_message", field="file")
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                content = bytearray()
                while chunk := await part.read_chunk():
                    content += chunk
                    if len(content) > limit:
                        raise Problem(413, "too_large", limit=limit)
                return part.filename or "file", bytes(content)
    except (ValueError, AssertionError):
        raise Problem(400, "bad_message", field="file") from None
    raise Problem(400, "bad_message", field="file")


async def get_blob(request: web.Request) -> web.StreamResponse:
    """The bytes, shown in place when a picture and downloaded when not; 404 unless they are the caller's."""
    edge, visitor = caller(request)
    try:
        blob_id = UUID(request.match_info["blob"])
    except ValueError:
        raise Problem(404, "blob_unknown") from None
    async with refusals():
        found = await edge.blobs.find(visitor.account, visitor.identity, (blob_id,))
    path = edge.blobs.path(blob_id)
    if not found or not path.is_file():
        raise Problem(404, "blob_unknown")
    disposition = "inline" if found[0].type.startswith("image/") else "attachment"
    response = web.FileResponse(path)
    response.content_type = found[0].type
    response.headers["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(found[0].name, safe='')}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
