"""Tells the pages of the desk that something has changed: they wait for it instead of asking again and again."""

import asyncio
from contextlib import suppress
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.waiting import News, read_news
from bot.realtime import Realtime, Subscription
from bot.realtime.topics import DESK

LOOK_EVERY_S = 5.0  # a hint may be lost, or nobody gave one: the store is looked at anyway


class DeskNews:
    """Where the desk stands; one per process."""

    def __init__(self, engine: AsyncEngine, realtime: Realtime) -> None:
        self._engine = engine
        self._realtime = realtime
        self._ended = False
        self._waits: set[asyncio.Timeout] = set()

    def end(self) -> None:
        """Every wait ends now, and later ones at once."""
        self._ended = True
        for wait in self._waits:
            if not wait.expired():  # one that is just ending cannot be moved any more
                wait.reschedule(asyncio.get_running_loop().time())

    async def after(self, cursor: str | None, wait_s: float) -> News:
        """As it is once it differs from ``cursor``, or after ``wait_s`` seconds. No connection is held meanwhile."""
        until = monotonic() + wait_s
        async with self._realtime.subscribe([DESK]) as signals:
            while True:
                news = await self._read()
                left = until - monotonic()
                if news.cursor != cursor or left <= 0 or self._ended:
                    return news
                await self._wait(signals, min(left, LOOK_EVERY_S))

    async def _wait(self, signals: Subscription, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds) as wait:
                self._waits.add(wait)
                try:
                    await anext(signals, None)
                finally:
                    self._waits.discard(wait)

    async def _read(self) -> News:
        async with self._engine.connect() as connection:
            return await read_news(connection)
