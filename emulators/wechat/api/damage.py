"""Faults of the API as they are felt: waits, lost connections, a bad gateway, half a body, a slow one."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from emulators.wechat.faults import FaultRule, Kind

PIECES = 8
BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"

Struck = Mapping[Kind, FaultRule]


async def before(request: web.Request, struck: Struck) -> web.Response | None:
    """What is answered in place of the call; ``None``: it is to be carried out."""
    if latency := struck.get("latency"):
        await asyncio.sleep(latency.seconds)
    if "drop_before" in struck:
        return dropped(request)
    if "http_502" in struck:
        return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
    return None


async def after(request: web.Request, response: web.Response, struck: Struck) -> web.StreamResponse:
    """The answer to a call that has been carried out, as it arrives."""
    if "drop_after" in struck:
        return dropped(request)
    body = response.body if isinstance(response.body, bytes) else b""
    if "broken_json" in struck:
        return web.Response(body=body[: len(body) // 2], content_type=response.content_type)
    slow = struck.get("slow")
    if slow is None:
        return response
    stream = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    stream.content_length = len(body)
    await stream.prepare(request)
    step = max(1, -(-len(body) // PIECES))
    for start in range(0, len(body), step):
        await asyncio.sleep(slow.seconds / PIECES)
        await stream.write(body[start : start + step])
    await stream.write_eof()
    return stream


def dropped(request: web.Request) -> web.Response:
    """Closes the connection without an answer; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
