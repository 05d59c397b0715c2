"""GET /channels/{account}/socket: the chat over a WebSocket, gap-free by a cursor over the thread."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.channels.base import BadInbound
from bot.channels.web.parse import parse_json, parse_seq
from bot.channels.web.render import render_message
from bot.channels.web.tokens import TokenRefused, Visitor
from bot.domain.message import Message
from bot.faults import places_of
from bot.metrics import REFUSALS, SOCKETS
from bot.realtime import Hint, Subscription
from bot.settings import LOCALES, Locale, WebChannel
from bot.turns.take import UNAVAILABLE, TurnUnavailable
from bot.turns.thread import Thread
from bot.web.chat.edge import EDGE, ChatEdge, new_trace_id, topic
from bot.web.problems import Problem, describe

log = structlog.get_logger(__name__)

PROTOCOL = "yingda.v1"
HELLO_WITHIN_S = 10.0
SEND_WITHIN_S = 20.0
LOOK_EVERY_S = 15.0  # hints may be lost: the store is looked at anyway
FAULTS_CLOSE, TOKEN_CLOSE = 4400, 4401
_ERASED = 2**31
"""The cursor of a copy whose thread is gone: ahead of every other."""
SIGNALS = ("received", "read", "typing", "ping")


class Gone(Exception):
    """The connection is to be closed with ``code``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def open_socket(request: web.Request) -> web.WebSocketResponse:
    """Serves one socket until either side closes it."""
    edge = request.app[EDGE]
    channel = edge.account(request)
    if edge.draining:
        raise Problem(503, "unavailable", retry_after=1)
    with edge.held_open(request):
        socket = web.WebSocketResponse(protocols=[PROTOCOL], heartbeat=25, max_msg_size=edge.frame_bytes)
        await socket.prepare(request)
        edge.sockets.add(socket)
        if edge.draining:  # since we asked: the drain has not seen this one
            await socket.close(code=WSCloseCode.GOING_AWAY)
            return socket
        with SOCKETS.track_inprogress():
            await SocketChat(edge, channel, socket).run()
    return socket


class SocketChat:
    """One socket: reads frames in their order, sends the thread in its order."""

    def __init__(self, edge: ChatEdge, channel: WebChannel, socket: web.WebSocketResponse) -> None:
        self._edge = edge
        self._channel = channel
        self._socket = socket
        self._faults = 0
        self._cursor = 0
        self._acknowledged = (0, 0)
        self._sending = asyncio.Lock()
        self._visitor: Visitor | None = None

    async def run(self) -> None:
        """Serves the socket; closes it with the code that fits."""
        code: int = WSCloseCode.OK
        try:
            visitor, last_seq = await self._hello()
            async with self._edge.realtime.subscribe([topic(visitor)]) as signals:
                thread = self._edge.thread(visitor)
                async with self._sending:
                    await self._welcome(thread, last_seq)
                async with asyncio.TaskGroup() as tasks:
                    beside = (
                        tasks.create_task(self._follow(signals, thread)),
                        tasks.create_task(self._expire(visitor)),
                    )
                    await self._read(visitor, thread)
                    for task in beside:
                        task.cancel()
        except* Gone as gone:
            code = next(error.code for error in _leaves(gone) if isinstance(error, Gone))
        except* UNAVAILABLE:
            code = WSCloseCode.TRY_AGAIN_LATER
        except* (ConnectionError, TimeoutError):
            code = WSCloseCode.GOING_AWAY
        except* Exception as faults:
            code = WSCloseCode.INTERNAL_ERROR
            for fault in _leaves(faults):
                log.error("socket.failed", fault=places_of(fault))
        if self._edge.draining:
            code = WSCloseCode.GOING_AWAY
        await self._socket.close(code=code)

    async def _hello(self) -> tuple[Visitor, int]:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                frame = parse_json(_text_of(await self._socket.receive()))
            if frame.get("type") != "hello":
                raise BadInbound("bad_frame")
            last_seq = parse_seq(frame.get("last_seq", 0), "last_seq")
            visitor = self._edge.tokens(self._channel).read(str(frame.get("token")), self._channel.name)
        except TimeoutError:
            REFUSALS.labels("web", "request_timeout").inc()
            raise Gone(FAULTS_CLOSE) from None
        except BadInbound as bad:
            await self._fault(bad, {})
            raise Gone(FAULTS_CLOSE) from None
        except TokenRefused as refused:
            REFUSALS.labels("web", refused.code).inc()
            await self._error(refused.code, {})
            raise Gone(TOKEN_CLOSE) from None
        self._visitor = visitor
        return visitor, last_seq

    async def _welcome(self, thread: Thread, last_seq: int) -> None:
        page = await thread.page(last_seq)
        position = page.position
        if page.reset:
            await self._send({"type": "reset"})
        self._cursor = position.seq
        self._acknowledged = (position.received_seq, position.read_seq)
        await self._send(
            {
                "type": "welcome",
                "seq": position.seq,
                "received_seq": position.received_seq,
                "read_seq": position.read_seq,
            }
        )
        await self._pass_on(page.messages)

    async def _follow(self, signals: Subscription, thread: Thread) -> None:
        """Sends what others add to the thread; every hint is only a reason to look."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    signal = await anext(signals, None)
            except TimeoutError:
                signal = None
            body = signal.body if isinstance(signal, Hint) else {}
            match body.get("kind"), body.get("by"):
                case "typing", "staff":
                    await self._send({"type": "typing", "on": bool(body.get("on"))})
                case "read", "staff":
                    await self._send({"type": "read", "seq": body.get("seq", 0)})
                case ("typing" | "receipt", "customer"):
                    pass
                case _:
                    seq = body.get("seq")
                    if isinstance(seq, int) and seq > self._cursor:
                        await self._catch_up(thread)
                    elif seq != self._cursor:
                        await self._look(thread)
                    if (work := self._edge.work_of(signal)) is not None:
                        await self._send({"type": "working", **work})

    async def _expire(self, visitor: Visitor) -> None:
        """Ends the socket with the token that opened it."""
        assert visitor.expires_at is not None  # noqa: S101 - every visitor that a token named has it
        await asyncio.sleep((visitor.expires_at - datetime.now(UTC)).total_seconds())
        await self._error("unauthorised", {})
        raise Gone(TOKEN_CLOSE)

    async def _read(self, visitor: Visitor, thread: Thread) -> None:
        async for message in self._socket:
            frame: dict[str, Any] = {}
            try:
                frame = parse_json(_text_of(message))
                await self._handle(frame, visitor, thread)
            except BadInbound as bad:
                await self._fault(bad, frame)
            except (TurnUnavailable, *UNAVAILABLE):
                await self._error("unavailable", frame)
                raise Gone(WSCloseCode.TRY_AGAIN_LATER) from None

    async def _handle(self, frame: dict[str, Any], visitor: Visitor, thread: Thread) -> None:
        if frame.get("type") in SIGNALS:
            await self._edge.admit_signal(visitor)
        match frame.get("type"):
            case "send":
                await self._edge.admit_message(visitor)
                before = self._cursor
                taken = await self._edge.take(visitor, frame, new_trace_id())
                await self._send(
                    {"type": "ack", "client_msg_id": taken.message.client_msg_id, "seq": taken.message.seq}
                )
                if taken.message.seq <= before and not taken.duplicate:
                    async with self._sending:
                        await self._welcome(thread, _ERASED)
                else:
                    await self._deliver((taken.message, *taken.answers), thread)
            case "received":
                await self._acknowledge(thread, parse_seq(frame.get("seq"), "seq"), 0)
            case "read":
                seq = parse_seq(frame.get("seq"), "seq")
                if await self._acknowledge(thread, seq, seq):
                    await self._tell({"kind": "receipt", "by": "customer", "received": seq, "read": seq})
            case "typing":
                await self._tell({"kind": "typing", "by": "customer", "on": bool(frame.get("on"))})
            case "ping":
                await self._send({"type": "pong"})
            case str():
                raise BadInbound("unknown_type")
            case _:
                raise BadInbound("bad_frame")

    async def _acknowledge(self, thread: Thread, received: int, read: int) -> bool:
        """Writes down how far the customer is, unless that is known; says whether it was news."""
        known_received, known_read = self._acknowledged
        if received <= known_received and read <= known_read:
            return False
        await thread.acknowledge(received, read)
        # A message that is not there yet has not been received, whatever the client says.
        self._acknowledged = (
            max(known_received, min(received, self._cursor)),
            max(known_read, min(read, self._cursor)),
        )
        return True

    async def _tell(self, hint: dict[str, Any]) -> None:
        assert self._visitor is not None  # noqa: S101 - set by the hello
        await self._edge.realtime.publish(topic(self._visitor), hint)

    async def _deliver(self, messages: Iterable[Message], thread: Thread) -> None:
        """Sends what a turn made straight away where it continues the cursor; else the store fills the gap."""
        async with self._sending:
            for message in messages:
                if message.seq == self._cursor + 1:
                    await self._send(render_message(message))
                    self._cursor = message.seq
                elif message.seq > self._cursor:
                    break
            else:
                return
        await self._catch_up(thread)

    async def _catch_up(self, thread: Thread) -> None:
        async with self._sending:
            while messages := await thread.after(self._cursor):
                await self._pass_on(messages)

    async def _look(self, thread: Thread) -> None:
        """Sends what nobody gave a hint of. The lock keeps the cursor where it was when the store was asked."""
        async with self._sending:
            seq = (await thread.position()).seq
            if seq < self._cursor:
                await self._welcome(thread, _ERASED)
        if seq > self._cursor:
            await self._catch_up(thread)

    async def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            await self._send(render_message(message))
            self._cursor = message.seq

    async def _fault(self, bad: BadInbound, frame: dict[str, Any]) -> None:
        code = "bad_frame" if bad.code == "malformed_json" else bad.code
        REFUSALS.labels("web", code).inc()
        await self._error(code, frame, **bad.values)
        self._faults += 1
        if self._faults >= self._edge.settings.limits.faults_per_socket:
            raise Gone(FAULTS_CLOSE)

    async def _error(self, code: str, frame: dict[str, Any], **values: object) -> None:
        error: dict[str, Any] = {
            "type": "error",
            "code": code,
            "message": describe(code, self._locale(), values).detail,
        }
        if isinstance(client_msg_id := frame.get("client_msg_id"), str):
            error["client_msg_id"] = client_msg_id[:64]
        if "retry_after" in values:
            error["retry_after"] = values["retry_after"]
        await self._send(error)

    def _locale(self) -> Locale:
        return cast("Locale", self._visitor.locale) if self._visitor else LOCALES[0]

    async def _send(self, frame: dict[str, Any]) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await self._socket.send_json(frame)


def _text_of(message: WSMessage) -> str:
    if message.type is WSMsgType.TEXT:
        return str(message.data)
    if message.type is WSMsgType.BINARY:
        raise BadInbound("bad_frame")
    raise Gone(WSCloseCode.OK)


def _leaves(group: BaseExceptionGroup[Any]) -> Iterable[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
