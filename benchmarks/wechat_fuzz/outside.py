"""The same requests at a real server, on connections that stay open."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from benchmarks.wechat_fuzz.inside import query_string
from benchmarks.wechat_fuzz.kinds import ACCOUNTS
from benchmarks.wechat_fuzz.sealing import Account, Case
from bot.storage.database import Addresses
from tests.servers import LiveServer, free_port

WITHIN_S = 4.0
"""An answer that takes longer is a hang: WeChat's own patience ends at five seconds, ours half a second before."""
NO_ANSWER = 0


class Place:
    """Where a server with an account of each mode is, and where it looks for WeChat's API."""

    def __init__(self, addresses: Addresses, folder: Path) -> None:
        self._api_port = free_port()
        api_url = f"http://127.0.0.1:{self._api_port}"
        settings = json.dumps([_settings(account, api_url) for account in ACCOUNTS])
        self.server = LiveServer(addresses, folder, YINGDA_WECHAT=settings, YINGDA_LOG_LEVEL="error")

    @asynccontextmanager
    async def api(self) -> AsyncIterator[None]:
        """An API that refuses everything at once: no file can be fetched, and nobody waits for it."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", _refuse)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._api_port).start()
            yield
        finally:
            await runner.cleanup()

    async def send_all(
        self, cases: Iterable[tuple[int, Case]], connections: int, tell: Callable[[int, Case, int, float], None]
    ) -> None:
        """Every case once, so many at a time; ``tell`` hears number, case, status (0: no answer) and seconds."""
        left = iter(cases)
        async with self.api(), _session(connections) as opened:

            async def work() -> None:
                for number, case in left:
                    began = time.perf_counter()
                    tell(number, case, await _status(opened, self.server.url, case), time.perf_counter() - began)

            await asyncio.gather(*(work() for _ in range(connections)))


async def _refuse(_: web.Request) -> web.Response:
    return web.json_response({"errcode": 40013, "errmsg": "invalid appid"})


def _settings(account: Account, api_url: str) -> dict[str, object]:
    keys = {} if account.mode == "plain" else {"aes_key": account.aes_key}
    named = {"name": account.name, "appid": account.appid, "token": account.token, "mode": account.mode}
    return {**named, **keys, "secret": "a-secret-for-fuzzing", "api_url": api_url, "timeout_s": 1, "retry_s": 0}


@asynccontextmanager
async def _session(connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """So many connections, kept open."""
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=30)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Content-Type",),
        timeout=aiohttp.ClientTimeout(total=WITHIN_S),
    ) as opened:
        yield opened


async def _status(opened: aiohttp.ClientSession, base: str, case: Case) -> int:
    """Whoever cannot be understood loses the connection, after an answer: the next on it is sent again, once."""
    for last in (False, True):
        try:
            return await _asked(opened, base, case)
        except TimeoutError:
            return NO_ANSWER
        except aiohttp.ClientError:
            if last:
                return NO_ANSWER
    raise AssertionError("the last try returns")


async def _asked(opened: aiohttp.ClientSession, base: str, case: Case) -> int:
    url = URL(f"{base}/channels/{case.account}/webhook?{query_string(case)}", encoded=True)
    body = _pieces(case.body) if case.chunked else BytesIO(case.body)
    async with opened.request(case.method, url, data=body, headers=case.headers, allow_redirects=False) as response:
        await response.read()
        return response.status


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 900):
        yield body[start : start + 900]
