"""WeChat knows one address of an account; with two servers, this stands there and gives each push to one of them."""

from collections.abc import Sequence

import aiohttp
from aiohttp import web
from yarl import URL

MAX_PUSH_BYTES = 1024 * 1024
_WITHIN_S = 10.0
_PASSED_ON = ("Content-Type", "Retry-After")


class Balance:
    """Turn by turn; a server that takes no connection is left out, and an answer that never comes never comes."""

    def __init__(self, session: aiohttp.ClientSession, servers: Sequence[str]) -> None:
        self._session = session
        self._servers = list(servers)

    def app(self) -> web.Application:
        """The application that stands at the account's address."""
        app = web.Application(client_max_size=MAX_PUSH_BYTES)
        app.router.add_route("*", "/channels/{account}/webhook", self.pass_on)
        return app

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Asks the next server; 502 when none of them can be reached."""
        body = await request.read()
        for _ in self._servers:
            server = self._servers.pop(0)
            self._servers.append(server)
            try:
                return await self._ask(request, server, body)
            except aiohttp.ClientConnectorError:
                continue  # it is down: the push has not reached it
            except (aiohttp.ClientError, TimeoutError):
                # A server that is not ready in time cuts the connection, and WeChat is to see that.
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=502)
        return web.Response(status=502)

    async def _ask(self, request: web.Request, server: str, body: bytes) -> web.Response:
        headers = {"Content-Type": request.headers.get("Content-Type", "text/xml")}
        limit = aiohttp.ClientTimeout(total=_WITHIN_S)
        url = URL(server + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, data=body, headers=headers, timeout=limit) as answer:
            passed = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=passed)
