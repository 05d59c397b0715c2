"""What the web channel's handlers share: the accounts, who is calling, and the way of a message into its turn."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from weakref import WeakSet

import structlog
from aiohttp import web

from bot.channels.base import BadInbound
from bot.channels.web.parse import Send, parse_send
from bot.channels.web.tokens import SessionTokens, TokenRefused, Visitor
from bot.domain.message import Inbound, Taken
from bot.realtime import Realtime
from bot.settings import Locale, Settings, WebChannel
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from bot.turns.take import Turns
from bot.turns.thread import Thread
from bot.web.language import LOCALE
from bot.web.problems import Problem


@dataclass(slots=True)
class ChatEdge:
    """The parts the web channel stands on; one per process."""

    settings: Settings
    turns: Turns
    pool: Pool
    realtime: Realtime
    blobs: BlobStore
    key: str
    draining: bool = False
    sockets: WeakSet[web.WebSocketResponse] = field(default_factory=WeakSet)
    sockets_by_address: dict[str, int] = field(default_factory=dict)
    polls: set[asyncio.Timeout] = field(default_factory=set)

    def account(self, request: web.Request) -> WebChannel:
        """The web account a request names; 404 where there is none, 403 from a page that may not use it."""
        name = request.match_info["account"]
        for channel in self.settings.channels:
            if channel.name == name:
                self._check_origin(request, channel)
                return channel
        raise Problem(404, "unknown_account")

    def _check_origin(self, request: web.Request, channel: WebChannel) -> None:
        origin = request.headers.get("Origin")
        if origin is None or origin in channel.origins:
            return
        if origin.rpartition("://")[2] != request.host and origin != self.settings.base_url:
            raise Problem(403, "origin_refused")

    def tokens(self, channel: WebChannel) -> SessionTokens:
        """The account's session tokens."""
        return SessionTokens(self.key, timedelta(hours=channel.session_hours))

    def visitor(self, request: web.Request, channel: WebChannel) -> Visitor:
        """Who is calling, by the bearer token; 401 without a valid one."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.query.get("token", "")
        try:
            visitor = self.tokens(channel).read(token, channel.name)
        except TokenRefused as refused:
            raise Problem(401, refused.code) from None
        request[LOCALE] = cast("Locale", visitor.locale)
        return visitor

    def thread(self, visitor: Visitor) -> Thread:
        """The caller's own thread."""
        return Thread(self.pool, visitor.account, visitor.identity)

    @contextmanager
    def waiting(self, wait: asyncio.Timeout) -> Iterator[None]:
        """While a long poll waits, so that a drain can end its wait."""
        self.polls.add(wait)
        try:
            yield
        finally:
            self.polls.discard(wait)

    def end_polls(self) -> None:
        """Every long poll answers now, with what there is."""
        for wait in self.polls:
            wait.reschedule(asyncio.get_running_loop().time())

    async def limit(self, key: str, limit: int, window_s: float) -> float:
        """0 when allowed, else the seconds to wait."""
        allowance = await self.realtime.allow(key, limit, window_s)
        return 0.0 if allowance.allowed else max(allowance.retry_after_s, 0.1)

    async def take(self, visitor: Visitor, frame: dict[str, Any], trace_id: str) -> Taken:
        """Takes a ``send`` through its turn and tells the visitor's other tabs.

        Raises :class:`~bot.channels.base.BadInbound` (``bad_message``, ``too_large``, ``rate_limited``,
        ``blob_unknown``) and :class:`~bot.turns.take.TurnUnavailable`.
        """
        limits = self.settings.limits
        wait = await self.limit(topic(visitor), limits.messages_per_visitor, limits.messages_window_s)
        if wait:
            raise BadInbound("rate_limited", retry_after=wait)
        send = parse_send(frame, limits.text_bytes)
        inbound = Inbound(
            channel="web",
            account=visitor.account,
            external_id=f"{visitor.identity}:{send.client_msg_id}",
            identity=visitor.identity,
            assurance=visitor.assurance,
            locale=visitor.locale,
            body=await self._body(visitor, send),
            received_at=datetime.now(UTC),
            trace_id=trace_id,
            client_msg_id=send.client_msg_id,
        )
        with structlog.contextvars.bound_contextvars(trace_id=trace_id, account=visitor.account):
            taken = await self.turns.take(inbound)
        last = taken.answers[-1] if taken.answers else taken.message
        await self.realtime.publish(topic(visitor), {"kind": "message", "seq": last.seq})
        return taken

    async def _body(self, visitor: Visitor, send: Send) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if send.text:
            body["text"] = send.text
        if send.choice:
            body["choice"] = send.choice
        if send.attachments:
            found = await self.blobs.find(visitor.account, visitor.identity, send.attachments)
            if len(found) != len(set(send.attachments)):
                raise BadInbound("blob_unknown")
            body["attachments"] = [blob.as_json() for blob in found]
        return body


EDGE = web.AppKey("chat_edge", ChatEdge)


def topic(visitor: Visitor) -> str:
    """Where hints about a visitor's thread are published."""
    return f"thread:{visitor.account}:{visitor.identity}"


def new_trace_id() -> str:
    """32 hexadecimal digits, as W3C's trace context has them."""
    return secrets.token_hex(16)


def trace_id_of(request: web.Request) -> str:
    """The caller's W3C trace id where it sends one, else a new one."""
    parts = request.headers.get("traceparent", "").split("-")
    if len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and set(parts[1]) != {"0"}:
        return parts[1]
    return new_trace_id()
