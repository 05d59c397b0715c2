"""The room of a single process: no network, microseconds per call."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from bot.realtime.mailbox import SIZE, Mailbox
from bot.realtime.protocol import JSON, Allowance, Hint, Subscription, refuse_bad_limit

_SWEEP_AT = 10_000
_ALLOWED = Allowance(True)
_TOLERANCE_S = 1e-6  # floats: the token that is due now must not be refused for the last bit


class InMemory:
    """Realtime within one process and one event loop. `clock` gives monotonic seconds."""

    def __init__(self, *, mailbox_size: int = SIZE, clock: Callable[[], float] = time.monotonic) -> None:
        self._mailbox_size = mailbox_size
        self._clock = clock
        self._mailboxes: dict[str, set[Mailbox]] = {}
        self._full_at: dict[str, float] = {}
        self._sweep_at = _SWEEP_AT
        self._present: dict[str, dict[str, float]] = {}
        self._closed = False

    async def publish(self, topic: str, hint: Mapping[str, JSON]) -> None:
        """See Realtime."""
        self.deliver(topic, hint)

    def deliver(self, topic: str, body: Mapping[str, JSON]) -> None:
        """`publish` without a coroutine, for callbacks."""
        readers = self._mailboxes.get(topic)
        if readers:
            hint = Hint(topic, body)
            for mailbox in readers:
                mailbox.put(hint)

    def miss(self, topic: str) -> None:
        """Tell every reader of `topic` that hints may have been lost."""
        for mailbox in self._mailboxes.get(topic, ()):
            mailbox.miss()

    @asynccontextmanager
    async def subscribe(self, topics: Iterable[str]) -> AsyncIterator[Subscription]:
        """See Realtime."""
        names = set(topics)
        mailbox = Mailbox(self._mailbox_size)
        if self._closed:
            mailbox.close()
        for topic in names:
            self._mailboxes.setdefault(topic, set()).add(mailbox)
        try:
            yield mailbox
        finally:
            mailbox.close()
            for topic in names:
                readers = self._mailboxes[topic]
                readers.discard(mailbox)
                if not readers:
                    del self._mailboxes[topic]

    async def allow(self, key: str, limit: int, per_s: float, cost: int = 1) -> Allowance:
        """See Realtime. GCRA: the bucket is remembered as the moment at which it will be full again."""
        refuse_bad_limit(limit, per_s, cost)
        if cost > limit:
            return Allowance(False, per_s)
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + cost * per_s / limit
        over = full_at - now - per_s
        if over > _TOLERANCE_S:
            return Allowance(False, over)
        self._full_at[key] = full_at
        if len(self._full_at) > self._sweep_at:
            self._sweep(now)
        return _ALLOWED

    def _sweep(self, now: float) -> None:
        # Full buckets are what a forgotten key means anyway. Doubling keeps the cost per call constant.
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._full_at))

    async def touch(self, kind: str, key: str, ttl_s: float) -> None:
        """See Realtime."""
        self._present.setdefault(kind, {})[key] = self._clock() + ttl_s

    async def present(self, kind: str) -> set[str]:
        """See Realtime."""
        now = self._clock()
        alive = {key: until for key, until in self._present.get(kind, {}).items() if until > now}
        if alive:
            self._present[kind] = alive
        else:
            self._present.pop(kind, None)
        return set(alive)

    async def gone(self, kind: str, key: str) -> None:
        """See Realtime."""
        self._present.get(kind, {}).pop(key, None)

    async def close(self) -> None:
        """See Realtime."""
        self._closed = True
        for readers in self._mailboxes.values():
            for mailbox in readers:
                mailbox.close()
