"""The bounded queue between a publisher that must not wait and a reader that may be slow."""

import asyncio
from collections import deque

from bot.realtime import figures
from bot.realtime.protocol import Hint, Missed, Signal

SIZE = 64


class Mailbox:
    """One reader's signals. `put` and `miss` never wait; at most `size` hints are kept, the newest ones."""

    __slots__ = ("_closed", "_hints", "_missed", "_ready")

    def __init__(self, size: int = SIZE) -> None:
        self._hints: deque[Hint] = deque(maxlen=size)
        self._missed = False
        self._closed = False
        self._ready = asyncio.Event()

    def put(self, hint: Hint) -> None:
        """Append; when full the oldest goes and the reader is told first thing."""
        if len(self._hints) == self._hints.maxlen:
            self._missed = True
            figures.OVERFLOWED.inc()
        self._hints.append(hint)
        self._ready.set()

    def miss(self) -> None:
        """Tell the reader that something before the next hint is lost; told once however often it happens."""
        self._missed = True
        self._ready.set()

    def close(self) -> None:
        """Nothing more will come: the reader gets what is there and then the end."""
        self._closed = True
        self._ready.set()

    def __aiter__(self) -> "Mailbox":
        return self

    async def __anext__(self) -> Signal:
        # Nothing is taken out before the last await, so a cancelled wait loses nothing.
        while True:
            if self._missed:
                self._missed = False
                return Missed()
            if self._hints:
                return self._hints.popleft()
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
