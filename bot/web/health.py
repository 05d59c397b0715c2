"""Is it alive, is it ready, what does it count: for orchestrators, proxies and Prometheus."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web.routes import PUBLIC, Route

CHECK_WITHIN_S = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns when the part is ready, raises when it is not."""

CHECKS: web.AppKey[dict[str, Check]] = web.AppKey("CHECKS", dict)


async def healthz(request: web.Request) -> web.Response:
    """200 as long as the process answers at all; restart it when it does not."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """200 when every part is ready, else 503 naming those that are not; a proxy sends no traffic then."""
    names = list(request.app[CHECKS])
    faults = await asyncio.gather(*(_fault_of(request.app[CHECKS][name]) for name in names))
    parts = {name: fault or "ready" for name, fault in zip(names, faults, strict=True)}
    ready = not any(faults)
    return web.json_response({"ready": ready, "parts": parts}, status=200 if ready else 503)


async def _fault_of(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await check()
    except TimeoutError:
        return "no answer in time"
    except Exception as error:
        return type(error).__name__
    return None


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route("GET", "/healthz", healthz, PUBLIC),
    Route("GET", "/readyz", readyz, PUBLIC),
    Route("GET", "/metrics", metrics, PUBLIC),
)
