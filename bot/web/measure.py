"""Measures every request by its route and status; routes, not paths, so that the number of series stays small."""

import time

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.metrics import REQUEST_SECONDS


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: sees the status that goes out. Sockets count as one long request and are left out."""
    started = time.perf_counter()
    try:
        response = await handler(request)
    except web.HTTPException as answer:  # a redirect, say
        _observe(request, answer.status, started)
        raise
    if not isinstance(response, web.WebSocketResponse):
        _observe(request, response.status, started)
    return response


def _observe(request: web.Request, status: int, started: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unmatched"
    REQUEST_SECONDS.labels(route, str(status)).observe(time.perf_counter() - started)
