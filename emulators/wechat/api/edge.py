"""The edge of the API: faults, methods, tokens, addresses, rights, quotas, bodies; then the endpoint."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from emulators.wechat.account import Account
from emulators.wechat.acts import Acts
from emulators.wechat.api.call import ApiCall, Endpoint
from emulators.wechat.api.damage import after, before
from emulators.wechat.errors import Refused
from emulators.wechat.world import Call, World


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
        spoilt = await before(request, struck)
        if spoilt is not None:
            if spoilt.status == 502:
                self._record(name, request.path, 502, rid, began)
            return spoilt
        errcode = 0
        try:
            if rule := struck.get("errcode"):
                raise Refused(rule.errcode)
            response = await self._carry_out(request, endpoint, account)
        except Refused as refused:
            errcode = refused.errcode
            response = _json(refused.body(rid), plain_text=endpoint.plain_text)
        finally:
            self._record(name, request.path, errcode, rid, began)
        return await after(request, response, struck)

    def _record(self, account: str, path: str, errcode: int, rid: str, began: float) -> None:
        seconds = round(time.perf_counter() - began, 6)
        self._world.record_call(Call(self._world.clock.now(), account, path, errcode, rid, seconds))

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
