"""Visitors that keep the web channel's protocol as a browser does, and hold the server to its side of it.

Both send one message at a time, keep it with its ``client_msg_id`` until it is acknowledged, and send it again after
whatever happened. What the server must never do raises :class:`~bot.rehearsal.thread.PromiseBroken`.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

from bot.rehearsal.session import LOST, REQUEST_WITHIN_S, Patience, Refused, Session
from bot.rehearsal.thread import Frame, PromiseBroken, ThreadCopy

PROTOCOL = "yingda.v1"
TOKEN_CLOSE = 4401


class Closed(ConnectionError):
    """The server closed the socket with ``code``."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class SocketVisitor:
    """A visitor on a socket. Not for two tasks at once; two tabs are two visitors of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.thread = ThreadCopy()
        self.acked: dict[str, int] = {}
        self.closes: list[int | None] = []
        self.welcome: Frame = {}
        self._socket: ClientWebSocketResponse | None = None
        self._refused: dict[str, Frame] = {}

    async def send(self, client_msg_id: str | None = None, **content: Any) -> int:
        """Sends ``text``, ``choice`` or ``attachments``; returns the message's ``seq`` once it is acknowledged.

        Raises :class:`Refused`, or :class:`~bot.rehearsal.session.GaveUp` when the session's patience is over.
        """
        sent = client_msg_id or uuid4().hex
        frame = {"type": "send", "client_msg_id": sent, **content}
        patience = Patience(self.session.patience_s)
        while sent not in self.acked:
            self._refused.pop(sent, None)
            try:
                socket = await self._connected()
                await socket.send_json(frame)
                await self._read(lambda: sent in self.acked or sent in self._refused)
            except LOST as error:
                await self._lose(error)
                await patience.pause(error)
                continue
            if refusal := self._refused.get(sent):
                if refusal["code"] not in ("rate_limited", "unavailable"):
                    raise Refused(refusal["code"])
                await patience.pause(refusal["code"], refusal.get("retry_after", 0.0))
        return self.acked[sent]

    async def say(self, text: str, **content: Any) -> Frame:
        """Sends a text and returns the answer that follows it in the thread."""
        seq = await self.send(text=text, **content)
        await self.read_to(seq + 1)
        return self.thread.after(seq)[0]

    async def read_to(self, seq: int) -> None:
        """Reads until the copy has the message ``seq``; connects anew where needed."""
        patience = Patience(self.session.patience_s)
        while self.thread.last_seq < seq:
            try:
                await self._connected()
                await self._read(lambda: self.thread.last_seq >= seq)
            except LOST as error:
                await self._lose(error)
                await patience.pause(error)

    async def catch_up(self) -> None:
        """Connects anew and reads all that the server has."""
        await self.close()
        patience = Patience(self.session.patience_s)
        while True:
            try:
                await self._connected()
                return await self._read(lambda: self.thread.last_seq >= self.welcome["seq"])
            except LOST as error:
                await self._lose(error)
                await patience.pause(error)

    async def post(self, frame: Frame) -> None:
        """Sends a frame that is not acknowledged: typing, receipts, a ping. Once; raises as the socket does."""
        await (await self._connected()).send_json(frame)

    async def receive(self) -> Frame:
        """The next frame, whatever it is; messages and acknowledgements are noted. Raises :class:`Closed`."""
        socket = await self._connected()
        async with asyncio.timeout(REQUEST_WITHIN_S):
            message = await socket.receive()
        if message.type is not WSMsgType.TEXT:
            raise Closed(socket.close_code)
        frame: Frame = json.loads(message.data)
        self._note(frame)
        return frame

    async def close(self) -> None:
        """Leaves; the thread stays as it is."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()

    async def _connected(self) -> ClientWebSocketResponse:
        if self._socket is not None and not self._socket.closed:
            return self._socket
        token = await self.session.token()
        async with asyncio.timeout(REQUEST_WITHIN_S):
            self._socket = await self.session.http.ws_connect(
                f"{self.session.base}/socket",
                protocols=(PROTOCOL,),
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
            self.welcome = {}
            await self._socket.send_json({"type": "hello", "token": token, "last_seq": self.thread.last_seq})
        await self._read(lambda: bool(self.welcome))
        return self._socket

    async def _read(self, enough: Callable[[], bool]) -> None:
        while not enough():
            await self.receive()

    def _note(self, frame: Frame) -> None:
        match frame["type"]:
            case "message":
                self.thread.add(frame)
                if client_msg_id := frame.get("client_msg_id"):
                    self._note_seq(client_msg_id, frame["seq"])
            case "ack":
                self._note_seq(frame["client_msg_id"], frame["seq"])
                self.acked[frame["client_msg_id"]] = frame["seq"]
            case "reset":
                self.thread.reset()
            case "welcome":
                self.welcome = frame
            case "error":
                self._refused[frame.get("client_msg_id", "")] = frame

    def _note_seq(self, client_msg_id: str, seq: int) -> None:
        if self.acked.get(client_msg_id, seq) != seq:
            raise PromiseBroken(f"{client_msg_id} was message {self.acked[client_msg_id]} and is {seq}")

    async def _lose(self, error: BaseException) -> None:
        if isinstance(error, Closed):
            self.closes.append(error.code)
            if error.code == TOKEN_CLOSE:
                await self.session.renew()
        await self.close()
        self.session.turn_elsewhere()


class PlainVisitor:
    """A visitor where sockets are blocked: one POST per message, the thread by asking for it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.thread = ThreadCopy()
        self.acked: dict[str, int] = {}

    async def send(self, client_msg_id: str | None = None, **content: Any) -> int:
        """As :meth:`SocketVisitor.send`."""
        sent = client_msg_id or uuid4().hex
        answer = await self._ask("POST", "messages", json={"client_msg_id": sent, **content})
        seq: int = answer["ack"]["seq"]
        if answer["ack"]["client_msg_id"] != sent or self.acked.get(sent, seq) != seq:
            raise PromiseBroken(f"{sent} was acknowledged as {answer['ack']}")
        self.acked[sent] = seq
        return seq

    async def say(self, text: str, **content: Any) -> Frame:
        """As :meth:`SocketVisitor.say`."""
        seq = await self.send(text=text, **content)
        await self.read_to(seq + 1)
        return self.thread.after(seq)[0]

    async def read_to(self, seq: int) -> None:
        """Polls until the copy has the message ``seq``; raises :class:`PromiseBroken` when it does not come."""
        for _ in range(10):
            if self.thread.last_seq >= seq:
                return
            await self.poll(wait_s=2.0)
        raise PromiseBroken(f"message {seq} did not come")

    async def catch_up(self) -> None:
        """Asks until there is nothing new."""
        while await self.poll():
            pass

    async def poll(self, wait_s: float = 0.0) -> list[Frame]:
        """Asks once for what is new, waiting up to ``wait_s`` for something, and returns it."""
        last_seq = self.thread.last_seq
        answer = await self._ask("GET", f"messages?after={last_seq}&wait={wait_s:g}")
        if answer["reset"]:
            self.thread.reset()
        news: list[Frame] = answer["messages"]
        for message in news:
            self.thread.add(message)
        return news

    async def close(self) -> None:
        """Leaves; there is nothing to close."""

    async def _ask(self, method: str, path: str, **arguments: Any) -> Frame:
        patience = Patience(self.session.patience_s)
        while True:
            try:
                headers = {"Authorization": f"Bearer {await self.session.token()}"}
                async with asyncio.timeout(REQUEST_WITHIN_S):
                    async with self.session.http.request(
                        method, f"{self.session.base}/{path}", headers=headers, **arguments
                    ) as response:
                        answer: Frame = await response.json(content_type=None)
            except (*LOST, ValueError) as error:
                self.session.turn_elsewhere()
                await patience.pause(error)
                continue
            if response.status == 200:
                return answer
            if response.status == 401:
                await self.session.renew()
            elif response.status not in (429, 503):
                raise Refused(answer["code"], response.status)
            if response.status == 503:
                self.session.turn_elsewhere()
            await patience.pause(answer["code"], float(response.headers.get("Retry-After", 0)))


Visitor = SocketVisitor | PlainVisitor
