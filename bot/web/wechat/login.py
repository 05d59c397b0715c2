"""``/channels/{account}/oauth``: a visitor of a web page logs in with WeChat, in three steps.

1. ``start`` sends the browser to WeChat, and remembers in a cookie who asked and where to go back.
2. WeChat sends the browser to ``callback``, which learns who it is and sends it back to the page it came from.
3. The chat on that page ends it (:mod:`bot.web.wechat.joining`) with a secret that only it knows.

Nobody can end what another browser has begun: ``state`` is the signature of this browser's cookie, and what the page
is given is worth nothing without the secret that the chat has kept. The way back leads to pages that may embed the
chat, and nowhere else. Nothing is stored before the last step.
"""

import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlencode

import structlog
from aiohttp import web
from yarl import URL

from bot.channels.wechat.api import WechatFault
from bot.channels.wechat.api.answers import WebUser
from bot.settings import WebChannel, WechatAccount
from bot.turns.take import UNAVAILABLE
from bot.web.chat.edge import EDGE, ChatEdge
from bot.web.chat.origins import is_allowed
from bot.web.peer import client_network, is_secure
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route
from bot.web.wechat.edge import WECHAT
from bot.web.wechat.login_page import login_page
from bot.web.wechat.passes import Pass, Passes, PassRefused

log = structlog.get_logger(__name__)

COOKIE = "yingda-wechat-login"
BEGUN, PROVEN = "begun", "proven"
BEGUN_S, PROVEN_S = 600, 300
FRAGMENT = "yingda-wechat"
SCOPE = "snsapi_base"
LONGEST_RETURN = 2000
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_CODES_OF_USER = frozenset((40029, 40163, 42003, 41008))
"""WeChat's codes for a code that is wrong, used or too old."""
_SPEND = "INSERT INTO bot.spent_tokens (account, jti, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Logins:
    """What the log-in of all accounts stands on."""

    accounts: dict[str, WechatAccount]
    passes: Passes


LOGINS = web.AppKey("wechat_logins", Logins)


class _Failed(Exception):
    """The log-in ends here, with a page; ``back`` is where the visitor came from."""

    def __init__(self, code: str, status: int, back: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.back = back


async def start(request: web.Request) -> web.StreamResponse:
    """Sends the browser to WeChat. ``channel`` is the web channel, ``challenge`` the SHA-256 of the chat's secret (43
    characters of base64url), ``return`` the page to go back to, which must be one that may embed the chat."""
    account = _account(request)
    edge = request.app[EDGE]
    try:
        await _limit(edge, request)
        channel = _channel(edge, account, request.query.get("channel", ""))
        challenge = request.query.get("challenge", "")
        back = _way_back(edge, channel, request, request.query.get("return", ""))
        if back is None or not _CHALLENGE.fullmatch(challenge):
            raise _Failed("bad_start", 400)
    except _Failed as failed:
        return login_page(request, failed.code, failed.status)
    passes = request.app[LOGINS].passes
    values = {"account": account.name, "channel": channel.name, "challenge": challenge, "back": back}
    cookie = passes.make(BEGUN, BEGUN_S, **values)
    # WeChat wants the parameters in this order.
    query = urlencode(
        {
            "appid": account.appid,
            "redirect_uri": f"{edge.settings.base_url}/channels/{account.name}/oauth/callback",
            "response_type": "code",
            "scope": SCOPE,
            "state": passes.sign(cookie),
        },
        quote_via=quote,
        safe="",
    )
    response = _redirect(f"{account.login_url}/connect/oauth2/authorize?{query}#wechat_redirect")
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=BEGUN_S,
        path=_path(edge, account),
        secure=is_secure(request),
        httponly=True,
        samesite="Lax",
    )
    return response


async def callback(request: web.Request) -> web.StreamResponse:
    """WeChat's answer: back to the page, with what the chat needs to end it; or a page that says what went wrong."""
    account = _account(request)
    edge = request.app[EDGE]
    try:
        await _limit(edge, request)
        begun = _begun(request, account)
        back = cast("str", begun.values["back"])
        user = await _user(request, account, begun, back)
    except _Failed as failed:
        log.info("wechat_login.failed", account=account.name, code=failed.code)
        return _ended(login_page(request, failed.code, failed.status, failed.back), edge, account)
    known = {name: begun.values[name] for name in ("account", "channel", "challenge")}
    proven = request.app[LOGINS].passes.make(PROVEN, PROVEN_S, **known, openid=user.openid)
    return _ended(_redirect(f"{back}#{FRAGMENT}={proven}"), edge, account)


async def _user(request: web.Request, account: WechatAccount, begun: Pass, back: str) -> WebUser:
    code = request.query.get("code", "")
    if not 0 < len(code) <= 512:
        raise _Failed("not_allowed", 403, back)
    client = request.app[WECHAT].clients.get(account.name)
    try:
        if not await spend(request.app[EDGE], begun):
            raise _Failed("used", 400, back)
        if client is None:
            raise _Failed("unavailable", 503, back)
        user = await client.web_user(code)
    except UNAVAILABLE:
        raise _Failed("unavailable", 503, back) from None
    except WechatFault as fault:
        log.warning("a log-in could not be checked", account=account.name, fault=str(fault))
        if fault.errcode in _CODES_OF_USER:
            raise _Failed("expired", 400, back) from None
        raise _Failed("unavailable", 503, back) from None
    if user.is_snapshotuser:
        raise _Failed("snapshot", 403, back)
    return user


async def spend(edge: ChatEdge, one: Pass) -> bool:
    """Whether this is the pass's first use."""
    async with edge.pool.connection() as connection:
        return (await connection.execute(_SPEND.encode(), ("wechat-login", one.number, one.expires_at))).rowcount > 0


def _begun(request: web.Request, account: WechatAccount) -> Pass:
    """What this browser began. Raises :class:`_Failed`."""
    passes, cookie = request.app[LOGINS].passes, request.cookies.get(COOKIE, "")
    # The signature first: what is read of a cookie is only ever our own.
    if not cookie or not passes.is_signed(cookie, request.query.get("state", "")):
        raise _Failed("other_browser", 400)
    try:
        begun = passes.read(BEGUN, cookie)
    except PassRefused as refused:
        raise _Failed("expired" if refused.code == "expired" else "other_browser", 400) from None
    if begun.values["account"] != account.name:
        raise _Failed("other_browser", 400)
    return begun


def _account(request: web.Request) -> WechatAccount:
    found = request.app[LOGINS].accounts.get(request.match_info["account"])
    if found is None:
        raise Problem(404, "unknown_account")
    return found


def _channel(edge: ChatEdge, account: WechatAccount, name: str) -> WebChannel:
    for channel in edge.settings.channels:
        if channel.name == name and name in account.web_login:
            return channel
    raise _Failed("bad_start", 400)


def _way_back(edge: ChatEdge, channel: WebChannel, request: web.Request, asked: str) -> str | None:
    """The page, without its fragment; ``None`` for one that may not embed the chat: it would be an open redirect."""
    if not asked or len(asked) > LONGEST_RETURN or not asked.isascii() or not asked.isprintable() or "\\" in asked:
        return None
    try:
        url = URL(asked)
        origin = str(url.origin())
    except ValueError:
        return None
    if url.user is not None or not is_allowed(origin, request.host, (*channel.origins, edge.settings.base_url)):
        return None
    return str(url.with_fragment(None)) if url.scheme in ("http", "https") else None


async def _limit(edge: ChatEdge, request: web.Request) -> None:
    limits = edge.settings.limits
    key = f"wechat-login:{client_network(request)}"
    if await edge.limit(key, limits.sessions_per_address, limits.sessions_window_s):
        raise _Failed("too_often", 429)


def _path(edge: ChatEdge, account: WechatAccount) -> str:
    return f"{URL(edge.settings.base_url).path.rstrip('/')}/channels/{account.name}/oauth"


def _redirect(address: str) -> web.Response:
    headers = {"Location": address, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


def _ended(response: web.Response, edge: ChatEdge, account: WechatAccount) -> web.Response:
    response.del_cookie(COOKIE, path=_path(edge, account))
    return response


ROUTES = (
    Route("GET", "/channels/{account}/oauth/start", start, PUBLIC),
    Route("GET", "/channels/{account}/oauth/callback", callback, PUBLIC),
)
