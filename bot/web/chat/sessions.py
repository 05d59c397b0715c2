"""POST /channels/{account}/session: who is chatting? A new visitor, a known one, or a customer the shop vouches for."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.channels.web.tokens import ShopIdentity, TokenRefused, Visitor, customer, new_visitor, read_identity
from bot.settings import LOCALES, WebChannel
from bot.storage.blobs import TYPES
from bot.web.chat.edge import EDGE, ChatEdge
from bot.web.keys import WECHAT_LOGIN
from bot.web.peer import client_network
from bot.web.problems import Problem

_SPEND = "INSERT INTO bot.spent_tokens (account, jti, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


async def open_session(request: web.Request) -> web.Response:
    """A session token for the caller, with the account's limits. Nothing is stored for an anonymous visitor."""
    edge = request.app[EDGE]
    channel = edge.account(request)
    limits = edge.settings.limits
    network = client_network(request)
    wait = await edge.limit(f"session:{network}", limits.sessions_per_address, limits.sessions_window_s)
    if wait:
        raise Problem(429, "rate_limited", retry_after=wait)
    visitor = await _visitor(edge, channel, await edge.read_frame(request))
    token, expires_at = edge.tokens(channel).issue(visitor)
    return web.json_response(
        {
            "token": token,
            "expires_at": expires_at.isoformat(),
            "locale": visitor.locale,
            "account": {"name": channel.name, "title": channel.title},
            **_login(request, channel),
            "limits": {
                "text_bytes": limits.text_bytes,
                "blob_bytes": limits.blob_bytes,
                "blob_types": list(TYPES),
            },
        }
    )


def _login(request: web.Request, channel: WebChannel) -> dict[str, str]:
    """``wechat_login``, the official account that the visitor may log in with, where there is one."""
    account = request.app.get(WECHAT_LOGIN, {}).get(channel.name)
    return {} if account is None else {"wechat_login": account}


async def _visitor(edge: ChatEdge, channel: WebChannel, body: dict[str, Any]) -> Visitor:
    locale = body.get("locale", LOCALES[0])
    if locale not in LOCALES:
        raise Problem(400, "bad_message", field="locale")
    known = _renewed(edge, channel, body.get("token"))
    if "identity" in body and body["identity"] is not None:
        shop = _vouched(channel, body["identity"])
        # Asking again with the token of the session it opened is a renewal, not a replay.
        if known is None or known.identity != f"user:{shop.subject}":
            await _spend(edge, channel, shop)
        return customer(channel.name, shop, locale)
    if known is not None:
        return replace(known, locale=locale)
    return new_visitor(channel.name, locale)


def _renewed(edge: ChatEdge, channel: WebChannel, token: object) -> Visitor | None:
    """An old token that can no longer be read just means a new visitor."""
    if not isinstance(token, str):
        return None
    try:
        return edge.tokens(channel).read(token, channel.name, renewing=True)
    except TokenRefused:
        return None


def _vouched(channel: WebChannel, token: object) -> ShopIdentity:
    if channel.identity_secret is None or not isinstance(token, str):
        raise Problem(401, "identity_invalid")
    try:
        return read_identity(token, channel.name, channel.identity_secret.get_secret_value())
    except TokenRefused as refused:
        raise Problem(401, refused.code) from None


async def _spend(edge: ChatEdge, channel: WebChannel, shop: ShopIdentity) -> None:
    async with edge.pool.connection() as connection:
        cursor = await connection.execute(_SPEND, (channel.name, shop.jti, shop.expires_at))
    if cursor.rowcount == 0:
        raise Problem(401, "identity_replayed")
