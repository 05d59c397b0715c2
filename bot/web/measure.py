"""Measures every request by its route and status; routes, not paths, so that the number of series stays small."""

import time

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.metrics import REQUEST_SECONDS


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: sees the status that goes out. Sockets count as one long request and are left out."""
    started = time.perf_counter()
    response = await handler(request)
    if not isinstance(response, web.WebSocketResponse):
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "unmatched"
        REQUEST_SECONDS.labels(route, str(response.status)).observe(time.perf_counter() - started)
    return response
