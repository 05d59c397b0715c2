"""A way to the server that goes dead without a word, as a tunnel, a sleeping laptop or a forgetful router makes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

CHUNK = 65536

Manner = Literal["holes", "deaf", "late"]
"""What becomes of bytes in the silence, while every connection stays open.

``holes``: they are lost, later ones pass; ``deaf``: they are lost, and that connection never carries anything
again; ``late``: they arrive when the silence is over, as TCP repeats them.
"""


class Relay:
    """TCP on both sides. Nobody is told of a silence: nothing is refused, closed or reset."""

    def __init__(self, server_port: int, manner: Manner) -> None:
        self.url = ""
        self._server_port = server_port
        self._manner = manner
        self._passing = asyncio.Event()
        self._passing.set()
        self._sockets: set[int] = set()
        self._deaf: set[int] = set()
        self._made = 0

    def fall_silent(self) -> None:
        """From now on no byte gets through, either way, on old connections and new ones."""
        self._passing.clear()

    def pass_again(self) -> None:
        """The end of the silence."""
        self._passing.set()

    def forget_sockets(self) -> None:
        """No WebSocket that is open now ever hears anything again; other connections and new ones work."""
        self._deaf |= self._sockets

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        number, self._made = self._made, self._made + 1
        writers = [writer]
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            writers.append(server_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(number, reader, server_writer))
                group.create_task(self._pump(number, server_reader, writer))
        finally:
            for open_writer in writers:
                open_writer.close()

    async def _pump(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                chunk = await reader.read(CHUNK)
                if b"Upgrade: websocket" in chunk:
                    self._sockets.add(number)
                if await self._arrives(number):
                    if not chunk:
                        break
                    writer.write(chunk)
                    await writer.drain()
                elif not chunk:
                    # The end of a connection is not heard either.
                    return
        writer.close()

    async def _arrives(self, number: int) -> bool:
        """Whether what was just read on this connection gets to the other side; waits until then."""
        if self._manner == "late":
            await self._passing.wait()
        elif self._manner == "deaf" and not self._passing.is_set():
            self._deaf.add(number)
        return self._passing.is_set() and number not in self._deaf


@asynccontextmanager
async def relay_to(server_port: int, manner: Manner) -> AsyncIterator[Relay]:
    """A relay before the server at this port of the loopback."""
    relay = Relay(server_port, manner)
    async with asyncio.TaskGroup() as group:
        carried: list[asyncio.Task[None]] = []
        listener = await asyncio.start_server(
            lambda reader, writer: carried.append(group.create_task(relay.carry(reader, writer))), "127.0.0.1", 0
        )
        relay.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield relay
        finally:
            listener.close()
            for task in carried:
                task.cancel()
