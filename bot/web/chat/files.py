"""Pictures and files of the chat: taken up to a limit, typed by their content, given to their sender only."""

import asyncio
from uuid import UUID

from aiohttp import BodyPartReader, web

from bot.storage.blobs import BlobRefused
from bot.web import bodies
from bot.web.chat.edge import sender_of
from bot.web.chat.plain import caller
from bot.web.file_response import file_response
from bot.web.peer import client_network
from bot.web.problems import Problem

MAX_UPLOADS = 20
UPLOADS_WINDOW_S = 60.0
SLOWEST_UPLOAD = 64 * 1024  # bytes per second
FRAMING_BYTES = 64 * 1024  # what a multipart body has around its file


async def post_blob(request: web.Request) -> web.Response:
    """Stores the multipart field ``file``; 413 above the limit, 415 for a type that is not taken."""
    edge, visitor = caller(request)
    limits = edge.settings.limits
    if (request.content_length or 0) > limits.blob_bytes + FRAMING_BYTES:
        raise Problem(413, "too_large", limit=limits.blob_bytes)
    wait = await edge.limit(f"blob:{visitor.account}:{visitor.identity}", MAX_UPLOADS, UPLOADS_WINDOW_S)
    if not wait:
        size = min(request.content_length or limits.blob_bytes, limits.upload_bytes_per_address)
        bucket = f"upload:{client_network(request)}"
        wait = await edge.limit(bucket, limits.upload_bytes_per_address, limits.uploads_window_s, size)
    if wait:
        raise Problem(429, "rate_limited", retry_after=wait)
    name, content = await read_file(request, limits.blob_bytes)
    try:
        blob = await edge.blobs.put(sender_of(visitor), name, content)
    except BlobRefused:
        raise Problem(415, "type_refused") from None
    return web.json_response(blob.as_json(), status=201)


async def read_file(request: web.Request, limit: int) -> tuple[str, bytes]:
    """Name and bytes of the multipart field ``file``; 413 above ``limit`` bytes, 400 without one."""
    if not request.content_type.startswith("multipart/"):
        raise Problem(400, "bad_message", field="file")
    loop = asyncio.get_running_loop()
    latest, taken = loop.time() + bodies.BODY_WITHIN_S + limit / SLOWEST_UPLOAD, 0
    try:
        async with bodies.reading() as patience:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader):
                    break  # parts within parts
                content = bytearray()
                while chunk := await part.read_chunk():
                    content += chunk
                    taken += len(chunk)
                    if taken > limit:
                        raise Problem(413, "too_large", limit=limit)
                    patience.reschedule(min(loop.time() + bodies.BODY_WITHIN_S, latest))
                if part.name == "file":
                    return part.filename or "file", bytes(content)
    except (ValueError, AssertionError, RuntimeError):  # what aiohttp raises for a body that is no multipart
        raise Problem(400, "bad_message", field="file") from None
    raise Problem(400, "bad_message", field="file")


async def get_blob(request: web.Request) -> web.Response:
    """The bytes, shown in place when a picture and downloaded when not; 404 unless they are the caller's."""
    edge, visitor = caller(request, token_in_query=True)
    try:
        blob_id = UUID(request.match_info["blob"])
    except ValueError:
        raise Problem(404, "blob_unknown") from None
    found = await edge.blobs.find(visitor.account, visitor.identity, (blob_id,))
    read = await edge.blobs.read(blob_id) if found else None
    if read is None:
        raise Problem(404, "blob_unknown")
    return file_response(*read, kept="private, max-age=86400")
