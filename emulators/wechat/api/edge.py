"""The edge of the API: faults, methods, tokens, addresses, rights, quotas, bodies; then the endpoint."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from emulators.wechat.account import Account
from emulators.wechat.acts import Acts
from emulators.wechat.api.call import ApiCall, Endpoint
from emulators.wechat.errors import Refused
from emulators.wechat.faults import FaultRule
from emulators.wechat.world import Call, World

PIECES = 8
BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


class Edge:
    """Carries out calls one by one and remembers how each was answered."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world = world
        self._acts = acts

    def route(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of an endpoint, for every method: the wrong one is answered as WeChat does."""

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, endpoint)

        return serve

    async def _serve(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        began, rid = time.perf_counter(), self._world.rid()
        account = self._account(request)
        name = account.settings.name if account else ""
        struck = self._world.faults.strike("api", account=name, path=request.path)
        if latency := struck.get("latency"):
            await asyncio.sleep(latency.seconds)
        if "drop_before" in struck:
            return _dropped(request)
        errcode = 0
        try:
            if "http_502" in struck:
                errcode = 502
                return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
            if rule := struck.get("errcode"):
                raise Refused(rule.errcode)
            response = await self._carry_out(request, endpoint, account)
        except Refused as refused:
            errcode = refused.errcode
            response = _json(refused.body(rid), plain_text=endpoint.plain_text)
        finally:
            seconds = round(time.perf_counter() - began, 6)
            self._world.record_call(Call(self._world.clock.now(), name, request.path, errcode, rid, seconds))
        return await _damaged(request, response, struck)

    def _account(self, request: web.Request) -> Account | None:
        """Whose token the call carries."""
        value = request.query.get("access_token", "")
        return next((one for one in self._world.accounts.values() if one.tokens.knows(value)), None)

    async def _carry_out(self, request: web.Request, endpoint: Endpoint, account: Account | None) -> web.Response:
        if request.method != endpoint.method:
            raise Refused(43001 if endpoint.method == "GET" else 43002)
        now = self._world.clock.now()
        body = await _read(request) if endpoint.method == "POST" and endpoint.body else {}
        if endpoint.token:
            if account is None:
                raise Refused(40001 if request.query.get("access_token") else 41001)
            account.tokens.check(request.query["access_token"], now)
        else:
            account = self._by_secret(request.query, body)
        self._admit(request, account)
        if endpoint.token:
            account.quotas.count(request.path, now)
        if endpoint.right is not None:
            account.demand(endpoint.right)
        call = ApiCall(self._world, self._acts, account, request, dict(request.query), body, now)
        answer = await endpoint.handle(call)
        return answer if isinstance(answer, web.Response) else _json(answer, plain_text=endpoint.plain_text)

    def _by_secret(self, query: Any, body: dict[str, Any]) -> Account:
        """The account of a call that carries appid and secret in place of a token.

        Raises :class:`Refused`: 41002, 40013, 41004, 40125.
        """
        appid = body.get("appid") or query.get("appid")
        secret = body.get("secret") or body.get("appsecret") or query.get("secret")
        if not appid:
            raise Refused(41002)
        account = self._world.accounts.get(appid) if isinstance(appid, str) else None
        if account is None:
            raise Refused(40013)
        if not secret:
            raise Refused(41004)
        if secret != account.settings.secret:
            raise Refused(40125)
        return account

    @staticmethod
    def _admit(request: web.Request, account: Account) -> None:
        allowed = account.settings.allowed_addresses
        if allowed and request.remote not in allowed:
            raise Refused(40164, detail=f"{request.remote} ipv6 ::ffff:{request.remote}")


async def _read(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if not raw.strip():
        raise Refused(44002)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(47001) from None
    if not isinstance(body, dict):
        raise Refused(47001)
    return body


def _json(answer: dict[str, Any], *, plain_text: bool) -> web.Response:
    kind = "text/plain" if plain_text else "application/json; encoding=utf-8"
    return web.Response(
        body=json.dumps(answer, ensure_ascii=False).encode(errors="replace"), headers={"Content-Type": kind}
    )


def _dropped(request: web.Request) -> web.Response:
    """Closes the connection without an answer; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _damaged(request: web.Request, response: web.Response, struck: dict[Any, FaultRule]) -> web.StreamResponse:
    """The answer after the faults that strike once the call has been carried out."""
    if "drop_after" in struck:
        return _dropped(request)
    body = response.body if isinstance(response.body, bytes) else b""
    if "broken_json" in struck:
        return web.Response(body=body[: len(body) // 2], content_type="application/json")
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
