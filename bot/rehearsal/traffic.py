"""Visitors that write one message after another, whatever happens to the servers."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from bot.rehearsal.session import Session
from bot.rehearsal.visitors import PlainVisitor, SocketVisitor, Visitor

PAUSE_S = 0.03


class Traffic:
    """A crowd of visitors."""

    def __init__(self, visitors: Sequence[Visitor]) -> None:
        self.visitors = visitors
        self._stopping = asyncio.Event()
        self._progress = asyncio.Condition()

    @property
    def messages(self) -> int:
        """How many messages were acknowledged so far."""
        return sum(len(visitor.acked) for visitor in self.visitors)

    def stop(self) -> None:
        """Everybody finishes the message at hand."""
        self._stopping.set()

    async def until_more(self, messages: int) -> None:
        """Returns when so many more messages have been acknowledged."""
        wanted = self.messages + messages
        async with self._progress:
            await self._progress.wait_for(lambda: self.messages >= wanted)

    async def write(self, visitor: Visitor, name: str) -> None:
        """One visitor's part. Given to a person, which a kill at a bad moment may do, it asks for the bot again."""
        number = 0
        while not self._stopping.is_set():
            number += 1
            answer = await visitor.say(f"note {number} of {name}")
            if any(choice["id"] == "bot" for choice in answer["body"].get("choices", ())):
                seq = await visitor.send(choice="bot")
                await visitor.read_to(seq + 1)
            async with self._progress:
                self._progress.notify_all()
            await asyncio.sleep(random.random() * PAUSE_S)  # noqa: S311 - variety, not secrecy
        await visitor.catch_up()


@asynccontextmanager
async def traffic(servers: Sequence[str], visitors: int, patience_s: float = 60.0) -> AsyncIterator[Traffic]:
    """Traffic while the block runs, two thirds over sockets, one third over plain HTTP.

    After the block everybody has finished the message at hand and read the whole thread.
    """
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        crowd: list[Visitor] = [
            (PlainVisitor if number % 3 == 2 else SocketVisitor)(Session(http, servers, patience_s=patience_s))
            for number in range(visitors)
        ]
        run = Traffic(crowd)
        try:
            async with asyncio.TaskGroup() as group:
                for number, visitor in enumerate(crowd):
                    group.create_task(run.write(visitor, f"visitor {number}"))
                try:
                    yield run
                finally:
                    run.stop()
        finally:
            for visitor in crowd:
                await visitor.close()
