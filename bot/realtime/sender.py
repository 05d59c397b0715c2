"""Hints on their way to Redis: queued by the turn, sent by one task, dropped rather than waited for."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.realtime import figures
from bot.realtime.cancellation import honest
from bot.realtime.outage import Outage

if TYPE_CHECKING:
    from redis.asyncio import Redis

_QUEUE = 10_000
_BATCH = 256


class Sender:
    """At most `queue` hints wait; the oldest go first when Redis cannot keep up."""

    def __init__(self, client: "Redis", outage: Outage, *, timeout_s: float, queue: int = _QUEUE) -> None:
        self._client = client
        self._outage = outage
        self._timeout_s = timeout_s
        self._queue: deque[tuple[str, bytes]] = deque(maxlen=queue)
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, channel: str, payload: bytes) -> None:
        """Queue one hint; never waits."""
        if len(self._queue) == self._queue.maxlen:
            figures.LOST.inc()
        self._queue.append((channel, payload))
        self._filled.set()
        self._empty.clear()

    async def drained(self) -> None:
        """Returns when everything queued was sent or dropped."""
        await self._empty.wait()

    async def run(self) -> None:
        """Send for ever, in batches of one round trip; ends only by cancellation."""
        while True:
            await self._filled.wait()
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            if batch:
                (figures.SENT if await self._send(batch) else figures.LOST).inc(len(batch))
            if not self._queue:
                self._filled.clear()
                self._empty.set()

    async def _send(self, batch: list[tuple[str, bytes]]) -> bool:
        if not self._outage.may_ask():
            return False
        try:
            async with asyncio.timeout(self._timeout_s), self._client.pipeline(transaction=False) as pipeline:
                for channel, payload in batch:
                    pipeline.publish(channel, payload)
                await honest(pipeline.execute())
        except Exception as error:  # the client leaks more than its own errors when a socket dies
            self._outage.failed(error)
            return False
        self._outage.answered()
        return True
