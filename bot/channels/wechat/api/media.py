"""Files to and from WeChat: temporary media, three days long."""

import io
from types import MappingProxyType
from typing import Literal

import aiohttp
from yarl import URL

from bot.channels.wechat.api.answers import Media
from bot.channels.wechat.api.faults import WechatFault
from bot.channels.wechat.api.transport import Request, Transport, judge, read_limited
from bot.channels.wechat.outgoing import MOST_BYTES

Kind = Literal["image", "voice", "video", "thumb"]
_NAMES = MappingProxyType({"image/png": "png", "image/gif": "gif", "audio/amr": "amr", "video/mp4": "mp4"})
_OTHERWISE = MappingProxyType({"image": "jpg", "voice": "mp3", "video": "mp4", "thumb": "jpg"})
_ERRORS = ("application/json", "text/plain")
"""The types that WeChat gives JSON instead of a file: an error, or where a film is."""


def upload(kind: Kind, content: bytes, media_type: str) -> Request:
    """The request that uploads a file. Raises :class:`WechatFault` ``too_large``; doing it twice makes two files."""
    path = "/cgi-bin/media/upload"
    if len(content) > MOST_BYTES[kind]:
        raise WechatFault(path, "too_large", "give_up")
    name = f"{kind}.{_NAMES.get(media_type, _OTHERWISE[kind])}"  # WeChat looks at the ending

    def form() -> aiohttp.FormData:
        # A body of unknown length would be sent in chunks, which WeChat takes for no file (41005).
        data = aiohttp.FormData()
        data.add_field("media", io.BytesIO(content), filename=name, content_type=media_type)
        return data

    return Request(path, query={"type": kind}, form=form, repeatable=True)


def download(media_id: str) -> Request:
    """The request that fetches a file."""
    return Request("/cgi-bin/media/get", "GET", {"media_id": media_id}, repeatable=True)


async def fetch(transport: Transport, request: Request, timeout_s: float, token: str, limit: int) -> Media:
    """The file, with as much of it read as ``limit`` allows. Raises :class:`WechatFault`, ``too_large`` beyond it."""
    async with transport.open(request, timeout_s, token) as response:
        media_type, status = response.content_type, response.status
        content = await read_limited(response, limit)
    if status == 200 and media_type not in _ERRORS:
        return _within(request, content, media_type)
    film = _address(judge(request, status, content or b"").get("video_url"))
    if film is None:
        raise WechatFault(request.path, "unreadable", "give_up")
    async with transport.fetch(request, film, timeout_s) as response:
        return await whole(request, response, limit)


def is_served_by_wechat(url: URL, api_url: str) -> bool:
    """Whether a picture's address is one of WeChat's, or of what stands in for its API: in plain mode nothing vouches
    for what a push says."""
    own = URL(api_url)
    if url.scheme == own.scheme and (url.host, url.port) == (own.host, own.port):
        return True
    return url.scheme in ("http", "https") and (url.host or "").endswith(".qpic.cn") and url.is_default_port()


async def fetch_picture(transport: Transport, url: str, api_url: str, timeout_s: float, limit: int) -> Media:
    """A customer's picture by the address in its push. Raises :class:`WechatFault`, ``unreadable`` for an address that
    is not WeChat's, ``too_large`` beyond ``limit``."""
    request = Request("PicUrl", "GET", repeatable=True)
    try:
        address = URL(url)
    except ValueError:
        address = URL()
    if not is_served_by_wechat(address, api_url):
        raise WechatFault(request.path, "unreadable", "give_up")
    async with transport.fetch(request, address, timeout_s) as response:
        return await whole(request, response, limit)


async def whole(request: Request, response: aiohttp.ClientResponse, limit: int) -> Media:
    """The file that a response is. Raises :class:`WechatFault`, ``too_large`` beyond ``limit``."""
    media_type, status = response.content_type, response.status
    content = await read_limited(response, limit)
    if status != 200:
        raise WechatFault(request.path, "status", request.without_answer if status >= 500 else "give_up")
    return _within(request, content, media_type)


def _address(named: object) -> URL | None:
    try:
        address = URL(named) if isinstance(named, str) else URL()
    except ValueError:
        return None
    return address if address.scheme in ("http", "https") and address.host else None


def _within(request: Request, content: bytes | None, media_type: str) -> Media:
    if content is None:
        raise WechatFault(request.path, "too_large", "give_up")
    return Media(content, media_type)
