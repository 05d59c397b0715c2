"""The one pub/sub connection of this process: kept up for ever, shared by all subscriptions."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError

from bot.realtime.cancellation import honest
from bot.realtime.outage import Outage

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

_RETRY_FIRST_S, _RETRY_LAST_S = 0.1, 2.0
_PING_EVERY_S = 10.0
_SILENCE_S = _PING_EVERY_S + 5.0
_BATCH = 512


class Listener:
    """Calls `deliver(channel, payload)` for what arrives and `missed(channel)` after every gap.

    `listen` and `forget` may be called at any time; the connection follows when it can.
    """

    def __init__(
        self,
        client: "Redis",
        outage: Outage,
        *,
        deliver: Callable[[str, bytes], None],
        missed: Callable[[str], None],
    ) -> None:
        self._client = client
        self._outage = outage
        self._deliver = deliver
        self._missed = missed
        self._readers: dict[str, int] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._late: set[str] = set()  # whoever reads these has begun before Redis confirmed
        self._pending: dict[str, bool] = {}
        self._changed = asyncio.Event()

    async def listen(self, channels: Iterable[str], *, timeout_s: float) -> None:
        """Count one reader more; returns when Redis has confirmed, or after `timeout_s` without."""
        names = list(channels)
        for name in names:
            self._readers[name] = self._readers.get(name, 0) + 1
            if self._readers[name] == 1:
                self._confirmed[name] = asyncio.Event()
                self._ask(name, wanted=True)
        events = [self._confirmed[name] for name in names]
        try:
            async with asyncio.timeout(timeout_s):
                for event in events:
                    await event.wait()
        except TimeoutError:
            self._late.update(name for name in names if not self._confirmed[name].is_set())
        except BaseException:
            self.forget(names)
            raise

    def forget(self, channels: Iterable[str]) -> None:
        """Count one reader less."""
        for name in channels:
            self._readers[name] -= 1
            if not self._readers[name]:
                del self._readers[name], self._confirmed[name]
                self._late.discard(name)
                self._ask(name, wanted=False)

    def _ask(self, channel: str, *, wanted: bool) -> None:
        self._pending[channel] = wanted
        self._changed.set()

    async def run(self) -> None:
        """Connect, follow, connect again; ends only by cancellation."""
        retry_s = _RETRY_FIRST_S
        while True:
            await self._changed.wait()
            pubsub = self._client.pubsub()
            try:
                await honest(pubsub.connect())  # type: ignore[no-untyped-call]
                retry_s = _RETRY_FIRST_S
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._read(pubsub))
                    group.create_task(self._write(pubsub))
            except* Exception as errors:  # the client leaks more than its own errors when a socket dies
                self._outage.failed(errors.exceptions[0])
            finally:
                self._lose()
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _RETRY_LAST_S)

    def _lose(self) -> None:
        for event in self._confirmed.values():
            event.clear()
        self._late = set(self._readers)
        self._pending = dict.fromkeys(self._readers, True)
        if self._pending:
            self._changed.set()

    async def _write(self, pubsub: "PubSub") -> None:
        while True:
            self._changed.clear()
            pending, self._pending = self._pending, {}
            for command, wanted in ((pubsub.subscribe, True), (pubsub.unsubscribe, False)):
                names = [name for name, want in pending.items() if want is wanted]
                for first in range(0, len(names), _BATCH):
                    await honest(command(*names[first : first + _BATCH]))
            try:
                async with asyncio.timeout(_PING_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                await honest(pubsub.ping())

    async def _read(self, pubsub: "PubSub") -> None:
        while True:
            message: dict[str, Any] | None = await honest(pubsub.get_message(timeout=_SILENCE_S))
            if message is None:
                raise RedisConnectionError(f"no sign of life for {_SILENCE_S:.0f} s")
            if message["type"] == "message":
                self._deliver(message["channel"].decode(), message["data"])
            elif message["type"] == "subscribe":
                self._outage.answered()
                self._confirm(message["channel"].decode())

    def _confirm(self, channel: str) -> None:
        event = self._confirmed.get(channel)
        if event is not None:
            event.set()
            if channel in self._late:
                self._late.discard(channel)
                self._missed(channel)
