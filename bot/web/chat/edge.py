"""What the web channel's handlers share: the accounts, who is calling, and the way of a message into its turn."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, cast
from weakref import WeakSet

import structlog
from aiohttp import web

from bot.channels.base import BadInbound
from bot.channels.web.parse import Send, parse_json, parse_send
from bot.channels.web.tokens import SessionTokens, TokenRefused, Visitor
from bot.domain.message import Inbound, Taken
from bot.realtime import Allowance, Hint, Realtime
from bot.realtime.topics import DESK, lines_hint, thread_topic
from bot.settings import Locale, Settings, WebChannel
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from bot.turns.take import Turns
from bot.turns.thread import Thread
from bot.web.bodies import read_body
from bot.web.chat.origins import is_allowed
from bot.web.language import LOCALE
from bot.web.peer import client_network
from bot.web.problems import Problem
from crm_adapter.encryption import Keys
from crm_adapter.identify import Sender

FRAME_FACTOR = 16  # JSON may write a byte as six; what is a little too long still deserves its clear error


@dataclass(slots=True)
class ChatEdge:
    """The parts the web channel stands on; one per process."""

    settings: Settings
    turns: Turns
    pool: Pool
    realtime: Realtime
    blobs: BlobStore
    key: str
    keys: Keys
    draining: bool = False
    sockets: WeakSet[web.WebSocketResponse] = field(default_factory=WeakSet)
    open_by_network: Counter[str] = field(default_factory=Counter)
    polls: set[asyncio.Timeout] = field(default_factory=set)
    _tokens: dict[str, SessionTokens] = field(default_factory=dict)

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
        if origin is not None and not is_allowed(origin, request.host, (*channel.origins, self.settings.base_url)):
            raise Problem(403, "origin_refused")

    def tokens(self, channel: WebChannel) -> SessionTokens:
        """The account's session tokens."""
        if channel.name not in self._tokens:
            life, word_counts = timedelta(hours=channel.session_hours), timedelta(hours=channel.identity_hours)
            self._tokens[channel.name] = SessionTokens(self.key, life, word_counts)
        return self._tokens[channel.name]

    def visitor(self, request: web.Request, channel: WebChannel, *, token_in_query: bool = False) -> Visitor:
        """Who is calling, by the bearer token; 401 without a valid one.

        ``token_in_query`` is for what a page shows by its address alone: addresses end up in histories and logs.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.query.get("token", "") if token_in_query else ""
        try:
            visitor = self.tokens(channel).read(token, channel.name)
        except TokenRefused as refused:
            raise Problem(401, refused.code) from None
        request[LOCALE] = cast("Locale", visitor.locale)
        return visitor

    def thread(self, visitor: Visitor) -> Thread:
        """The caller's own thread."""
        return Thread(self.pool, self.keys, visitor.account, visitor.identity)

    @contextmanager
    def waiting(self, wait: asyncio.Timeout) -> Iterator[None]:
        """While a long poll waits, so that a drain can end its wait."""
        self.polls.add(wait)
        try:
            yield
        finally:
            self.polls.discard(wait)

    def end_polls(self) -> None:
        """Every long poll answers now, with what there is; again does no harm."""
        for wait in self.polls:
            if not wait.expired():  # one that is just ending cannot be moved any more
                wait.reschedule(asyncio.get_running_loop().time())

    @contextmanager
    def held_open(self, request: web.Request) -> Iterator[None]:
        """While a socket or a poll is open; 429 when the client's network has too many of them."""
        network = client_network(request)
        if self.open_by_network[network] >= self.settings.limits.sockets_per_address:
            raise Problem(429, "rate_limited", retry_after=5)
        self.open_by_network[network] += 1
        try:
            yield
        finally:
            self.open_by_network[network] -= 1
            if not self.open_by_network[network]:
                del self.open_by_network[network]

    async def limit(self, key: str, limit: int, window_s: float, cost: int = 1) -> int:
        """0 when allowed, else the whole seconds to wait."""
        allowance = await self.realtime.allow(key, limit, window_s, cost)
        return 0 if allowance.allowed else _whole_seconds(allowance)

    async def admit_message(self, visitor: Visitor) -> None:
        """Before a ``send`` is read. Raises :class:`~bot.channels.base.BadInbound` ``rate_limited``."""
        limits = self.settings.limits
        await self._admit(f"send:{topic(visitor)}", limits.messages_per_visitor, limits.messages_window_s)

    async def admit_signal(self, visitor: Visitor) -> None:
        """Before anything else of a visitor. Raises :class:`~bot.channels.base.BadInbound` ``rate_limited``."""
        limits = self.settings.limits
        await self._admit(f"signal:{topic(visitor)}", limits.signals_per_visitor, limits.signals_window_s)

    async def _admit(self, key: str, limit: int, window_s: float) -> None:
        allowance = await self.realtime.allow(key, limit, window_s)
        if not allowance.allowed:
            raise BadInbound("rate_limited", retry_after=_whole_seconds(allowance))

    async def read_frame(self, request: web.Request) -> dict[str, Any]:
        """The JSON object of a request, no longer than a frame may be.

        Raises :class:`~bot.channels.base.BadInbound` ``malformed_json`` and what :func:`read_body` does.
        """
        return parse_json(await read_body(request, self.frame_bytes))

    @property
    def frame_bytes(self) -> int:
        """The longest JSON that is read."""
        return FRAME_FACTOR * self.settings.limits.text_bytes

    async def take(self, visitor: Visitor, frame: dict[str, Any], trace_id: str) -> Taken:
        """Takes a ``send`` through its turn and tells the visitor's other tabs.

        Raises :class:`~bot.channels.base.BadInbound` (``bad_message``, ``too_large``, ``blob_unknown``) and
        :class:`~bot.turns.take.TurnUnavailable`.
        """
        send = parse_send(frame, self.settings.limits.text_bytes)
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
        bound = structlog.contextvars.bind_contextvars(trace_id=trace_id, account=visitor.account)
        try:
            taken = await self.turns.take(inbound)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        await self.realtime.publish(topic(visitor), lines_hint(taken.last.seq, working=taken.working))
        if taken.at_desk:
            await self.realtime.publish(DESK, {"conversation": str(taken.conversation_id)})
        return taken

    def work(self, since: int) -> dict[str, Any]:
        """What goes on outside since that line, and for how many seconds it may."""
        return {"seq": since, "within_s": ceil(self.settings.turn.outside_s)}

    def work_of(self, signal: object) -> dict[str, Any] | None:
        """What a hint says of it; ``within_s`` is 0 where it has ended without an answer."""
        match signal.body if isinstance(signal, Hint) else {}:
            case {"kind": "message", "working": True, "seq": int(seq)}:
                return self.work(seq)
            case {"kind": "rest"}:
                return {"seq": 0, "within_s": 0}
        return None

    async def _body(self, visitor: Visitor, send: Send) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if send.text:
            body["text"] = send.text
        if send.choice:
            body["choice"] = send.choice
        if send.attachments:
            found = await self.blobs.find(visitor.account, visitor.identity, send.attachments)
            if len(found) != len(send.attachments):
                raise BadInbound("blob_unknown")
            body["attachments"] = [blob.as_json() for blob in found]
        return body


EDGE = web.AppKey("chat_edge", ChatEdge)


def _whole_seconds(refused: Allowance) -> int:
    return max(1, ceil(refused.retry_after_s))


def sender_of(visitor: Visitor) -> Sender:
    """The visitor as the customer store knows senders."""
    return Sender("web", visitor.account, visitor.identity, visitor.assurance, visitor.locale)


def topic(visitor: Visitor) -> str:
    """Where hints about a visitor's thread are published."""
    return thread_topic(visitor.account, visitor.identity)


def new_trace_id() -> str:
    """32 hexadecimal digits, as W3C's trace context has them."""
    return secrets.token_hex(16)


def trace_id_of(request: web.Request) -> str:
    """The caller's W3C trace id where it sends one, else a new one."""
    parts = request.headers.get("traceparent", "").split("-")
    if len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and set(parts[1]) != {"0"}:
        return parts[1]
    return new_trace_id()
