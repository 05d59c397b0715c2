"""Is it alive, is it ready, what does it count: for orchestrators, proxies and Prometheus."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web.routes import PUBLIC, Route

CHECK_WITHIN_S = 2.0

Check = Callable[[], Coroutine[None, None, None]]
"""Returns when the part is ready, raises when it is not."""


class Readiness:
    """Asks the parts whether they are ready, each once at a time.

    A part that does not answer in time is left to answer later rather than broken off: to break off a query takes a
    word with the database, and with one that hangs that takes longer than anybody wants to wait for a health check.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._asked: dict[str, asyncio.Future[None]] = {}

    async def faults(self) -> dict[str, str | None]:
        """What is wrong with each part, ``None`` where nothing is; takes no longer than ``CHECK_WITHIN_S``."""
        found = await asyncio.gather(*(self._fault_of(name) for name in self._checks))
        return dict(zip(self._checks, found, strict=True))

    async def until_closed(self, app: web.Application) -> AsyncIterator[None]:
        """Asks as long as the app serves; one of its clean-up contexts, for what is left to answer may take a while."""
        yield
        for asked in self._asked.values():
            asked.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _fault_of(self, name: str) -> str | None:
        asked = self._asked.get(name)
        if asked is None or asked.done():
            asked = self._asked[name] = asyncio.ensure_future(self._checks[name]())
        await asyncio.wait({asked}, timeout=CHECK_WITHIN_S)
        if not asked.done():
            return "no answer in time"
        fault = asked.exception()
        return type(fault).__name__ if fault else None


READINESS = web.AppKey("READINESS", Readiness)


async def healthz(request: web.Request) -> web.Response:
    """200 as long as the process answers at all; restart it when it does not."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """200 when every part is ready, else 503 naming those that are not; a proxy sends no traffic then."""
    faults = await request.app[READINESS].faults()
    parts = {name: fault or "ready" for name, fault in faults.items()}
    ready = not any(faults.values())
    return web.json_response({"ready": ready, "parts": parts}, status=200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route("GET", "/healthz", healthz, PUBLIC),
    Route("GET", "/readyz", readyz, PUBLIC),
    Route("GET", "/metrics", metrics, PUBLIC),
)
