"""The emulator's clock: the wall's, plus what tests have advanced it by; with alarms."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable


class Clock:
    """Time in seconds since 1970. Windows, tokens, quotas and media live by it, so that 48 hours pass at once."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()

    def now(self) -> float:
        """What the emulator takes for the present."""
        return time.time() + self._ahead

    @property
    def ahead(self) -> float:
        """How many seconds the clock is ahead of the wall's."""
        return self._ahead

    def advance(self, seconds: float) -> None:
        """Puts the clock forward (never back); what becomes due by that is done before this returns."""
        if seconds < 0:
            raise ValueError("a clock is not put back")
        self._ahead += seconds
        self._ring()
        self._changed.set()

    def reset(self) -> None:
        """Back to the wall's time, without alarms."""
        self._ahead = 0.0
        self._alarms.clear()
        self._changed.set()

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Calls ``do`` once, as soon as the clock has reached ``when``."""
        heapq.heappush(self._alarms, (when, next(self._order), do))
        self._changed.set()

    async def run(self) -> None:
        """Rings the alarms; ends by cancellation only."""
        while True:
            self._ring()
            self._changed.clear()
            pause = self._alarms[0][0] - self.now() if self._alarms else None
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _ring(self) -> None:
        while self._alarms and self._alarms[0][0] <= self.now():
            _, _, do = heapq.heappop(self._alarms)
            do()
