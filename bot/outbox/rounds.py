"""Looks again and again for what is due, and has it sent side by side, each piece under a lease that ends by itself."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import NoReturn

import structlog

log = structlog.get_logger(__name__)

LEASE_S = 60.0
FAREWELL_S = 15.0
"""What is under way when the process is told to stop may take so long."""


class Rounds(ABC):
    """Of one kind of piece, which ``of`` names in the log; ``most`` are under way at once, and every ``pause_s`` there
    is a look for more. Any number of processes may have one at work."""

    def __init__(self, of: str, *, most: int, pause_s: float, lease_s: float) -> None:
        self._lease_s = lease_s
        self._of = of
        self._most = most
        self._pause_s = pause_s
        self._news = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def send_due(self) -> bool:
        """Begins to send what is due, as far as there is room; whether there may be more that could be begun now."""

    def wake(self) -> None:
        """Looks at once; a hint that is lost costs a pause."""
        self._news.set()

    async def run(self) -> NoReturn:
        """Sends for ever; an error is logged and the next look tries again. Cancelled, it ends what it has begun."""
        try:
            while True:
                self._news.clear()
                try:
                    more = await self.send_due()
                except Exception as error:
                    log.warning("what is due cannot be read", of=self._of, reason=type(error).__name__)
                    more = False
                if more:
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s):
                        await self._news.wait()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self.settled()

    async def settled(self) -> None:
        """Returns when nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    @property
    def _room(self) -> int:
        """So many pieces may be begun now; the first that ends has it looked again."""
        return self._most - len(self._under_way)

    def _begin_to(self, send: Coroutine[None, None, None]) -> None:
        """One piece is on its way; ``send`` does not raise."""
        task = asyncio.create_task(send)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    async def _write(self, write: Callable[[], Awaitable[None]]) -> None:
        """Writes down what became of a piece, which is known here alone: it is tried as long as the lease lasts, and
        then raises what hinders it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lease_s / 2
        while True:
            try:
                await write()
            except Exception as error:
                if loop.time() > end:
                    raise
                log.warning("what became of it cannot be written", of=self._of, reason=type(error).__name__)
                await asyncio.sleep(1)
            else:
                return

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self.wake()  # what stands behind it
