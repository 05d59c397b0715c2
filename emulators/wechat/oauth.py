"""Log-in on web pages: open.weixin.qq.com's redirect, and the endpoints under ``sns``.

A browser of the emulator says which user it is by the cookie or the query parameter ``emulated_user``.
"""

import json
from typing import Any

from aiohttp import web
from yarl import URL

from emulators.wechat.account import Account, derived
from emulators.wechat.api.damage import after, before
from emulators.wechat.errors import BadCommand, Refused
from emulators.wechat.grants import WEB_TOKEN_S, Grant
from emulators.wechat.world import World

SCOPES = ("snsapi_base", "snsapi_userinfo")
WHO = "emulated_user"


class Login:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get("/connect/oauth2/authorize", self.authorize),
            web.get("/sns/oauth2/access_token", self._answering(self._token)),
            web.get("/sns/oauth2/refresh_token", self._answering(self._refresh)),
            web.get("/sns/userinfo", self._answering(self._userinfo)),
            web.get("/sns/auth", self._answering(self._auth)),
        ]

    async def authorize(self, request: web.Request) -> web.Response:
        """Sends the browser back with a code; WeChat's own pages of refusal are told in a line each."""
        query = request.query
        account = self._world.accounts.get(query.get("appid", ""))
        if account is None:
            raise BadCommand("10013: the appid is wrong")
        if "oauth" not in account.settings.rights:
            raise BadCommand("10005: this account may not log in on web pages", 403)
        if query.get("response_type") != "code" or query.get("scope") not in SCOPES:
            raise BadCommand("10005: response_type or scope is wrong")
        back = _address(query.get("redirect_uri", ""))
        if back is None or not _allowed(back, account):
            raise BadCommand("10003: the redirect_uri is not of a domain of the account")
        user = query.get(WHO) or request.cookies.get(WHO)
        if not user:
            raise BadCommand("no user: set the cookie or the query parameter emulated_user", 401)
        person = self._world.person_named(user)
        code = self._world.identifier(32)
        now = self._world.clock.now()
        self._world.grants.begin(code, Grant(user, account.settings.appid, query["scope"], person.snapshot, now))
        raise web.HTTPFound(back.update_query({"code": code, "state": query.get("state", "")}))

    def _answering(self, endpoint: Any) -> Any:
        async def serve(request: web.Request) -> web.StreamResponse:
            account = self._world.accounts.get(request.query.get("appid", ""))
            name = account.settings.name if account else ""
            struck = self._world.faults.strike("api", account=name, path=request.path)
            spoilt = await before(request, struck)
            if spoilt is not None:
                return spoilt
            try:
                if rule := struck.get("errcode"):
                    raise Refused(rule.errcode)
                answer = endpoint(request)
            except Refused as refused:
                answer = refused.body(self._world.rid())
            body = json.dumps(answer, ensure_ascii=False).encode(errors="replace")
            return await after(request, web.Response(body=body, content_type="text/plain", charset="utf-8"), struck)

        return serve

    def _token(self, request: web.Request) -> dict[str, Any]:
        account = self._account(request)
        if request.query.get("secret") != account.settings.secret:
            raise Refused(40125)
        if request.query.get("grant_type") != "authorization_code":
            raise Refused(40002)
        code = request.query.get("code")
        if not code:
            raise Refused(41008)
        now = self._world.clock.now()
        grant = self._world.grants.redeem(code, account.settings.appid, now)
        refresh = self._world.identifier(110)
        return self._given(account, grant, refresh, refresh, now)

    def _refresh(self, request: web.Request) -> dict[str, Any]:
        account = self._account(request)
        if request.query.get("grant_type") != "refresh_token":
            raise Refused(40002)
        refresh, now = request.query.get("refresh_token", ""), self._world.clock.now()
        grant = self._world.grants.of_refresh(refresh, account.settings.appid, now)
        return self._given(account, grant, refresh, None, now)

    def _given(
        self, account: Account, grant: Grant, refresh: str, keep_refresh: str | None, now: float
    ) -> dict[str, Any]:
        token = self._world.identifier(110)
        self._world.grants.keep(token, keep_refresh, grant, now)
        told = {
            "access_token": token,
            "expires_in": WEB_TOKEN_S,
            "refresh_token": refresh,
            "openid": self._openid(account, grant),
            "scope": grant.scope,
        }
        if grant.snapshot:
            return told | {"is_snapshotuser": 1}
        unionid = account.unionid(grant.user)
        return told | ({"unionid": unionid} if unionid and grant.scope == "snsapi_userinfo" else {})

    def _userinfo(self, request: web.Request) -> dict[str, Any]:
        grant, account = self._granted(request)
        if grant.scope != "snsapi_userinfo":
            raise Refused(48001)
        person = self._world.person_named(grant.user)
        unionid = account.unionid(grant.user)
        told = {"openid": self._openid(account, grant), "nickname": person.nickname or "微信用户", "sex": 0}
        empty = dict.fromkeys(("language", "city", "province", "country", "headimgurl"), "")
        return {**told, **empty, "privilege": [], **({"unionid": unionid} if unionid and not grant.snapshot else {})}

    def _auth(self, request: web.Request) -> dict[str, Any]:
        self._granted(request)
        return {"errcode": 0, "errmsg": "ok"}

    def _granted(self, request: web.Request) -> tuple[Grant, Account]:
        grant = self._world.grants.of_token(request.query.get("access_token", ""), self._world.clock.now())
        account = self._world.accounts[grant.appid]
        if request.query.get("openid") != self._openid(account, grant):
            raise Refused(40003)
        return grant, account

    def _openid(self, account: Account, grant: Grant) -> str:
        """A snapshot page is given an openid that is nobody's."""
        if grant.snapshot:
            return "o" + derived(27, "snapshot", self._world.settings.seed, grant.appid, grant.user)
        return account.openid(grant.user)

    def _account(self, request: web.Request) -> Account:
        appid = request.query.get("appid")
        if not appid:
            raise Refused(41002)
        account = self._world.accounts.get(appid)
        if account is None:
            raise Refused(40013)
        return account


def _address(text: str) -> URL | None:
    """The page to go back to, if it is one."""
    try:
        url = URL(text)
    except ValueError:
        return None
    # A control character would break the header that sends the browser there.
    return url if url.scheme in ("http", "https") and url.host and text.isprintable() else None


def _allowed(back: URL, account: Account) -> bool:
    domains = account.settings.oauth_domains
    return not domains or back.host in domains or back.authority in domains
