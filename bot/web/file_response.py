"""An attachment as an answer, with its own name and type."""

from urllib.parse import quote

from aiohttp import web

from bot.storage.blobs import Blob


def file_response(blob: Blob, content: bytes, *, kept: str, shown: tuple[str, ...] = ("image/",)) -> web.Response:
    """The bytes, shown in place when their type begins with one of ``shown`` and downloaded when not; ``kept`` says
    who may keep them (``Cache-Control``)."""
    response = web.Response(body=content, content_type=blob.type)
    disposition = "inline" if blob.type.startswith(shown) else "attachment"
    response.headers["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(blob.name, safe='')}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = kept
    return response
