"""The room of several processes: Redis between them, this process's own form beneath.

Own readers are served directly, so a hint within one process needs no Redis at all; during an outage every
call is answered by the form beneath, as if this process were alone.
"""

import asyncio
import contextlib
import json
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.realtime import figures
from bot.realtime.cancellation import honest
from bot.realtime.in_memory import InMemory
from bot.realtime.listener import Listener
from bot.realtime.mailbox import SIZE
from bot.realtime.outage import Outage
from bot.realtime.protocol import JSON, Allowance, Subscription, refuse_bad_limit
from bot.realtime.sender import Sender

_log = structlog.get_logger(__name__)
TIMEOUT_S = 0.25
_ORIGIN_CHARS = 16


class OverRedis:
    """Realtime over one Redis (7 or newer, or what speaks its protocol). ValueError for a URL that is none.

    No connection is made before the first call, and none failing ever raises out of a call.
    """

    def __init__(
        self, url: str, *, prefix: str = "yingda", timeout_s: float = TIMEOUT_S, mailbox_size: int = SIZE
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=32,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0, supported_errors=()),
            protocol=2,
        )
        self._client = Redis.from_pool(pool)
        self._timeout_s = timeout_s
        self._prefix = prefix
        self._origin = secrets.token_hex(_ORIGIN_CHARS // 2).encode()
        self._near = InMemory(mailbox_size=mailbox_size)
        self._outage = Outage()
        self._listener = Listener(self._client, self._outage, deliver=self._arrived, missed=self._lost)
        self._sender = Sender(self._client, self._outage, timeout_s=timeout_s)
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        lua = files("bot.realtime") / "lua"
        self._allow, self._touch, self._present = (
            self._client.register_script((lua / f"{name}.lua").read_text("utf-8"))
            for name in ("allow", "touch", "present")
        )

    def _start(self) -> None:
        # Not in __init__: the room may be built before the loop runs.
        if not self._tasks and not self._closed:
            self._tasks = [
                asyncio.create_task(self._listener.run(), name="realtime-listener"),
                asyncio.create_task(self._sender.run(), name="realtime-sender"),
            ]

    async def publish(self, topic: str, hint: Mapping[str, JSON]) -> None:
        """See Realtime."""
        self._near.deliver(topic, hint)
        if self._closed:
            return
        self._start()
        try:
            payload = json.dumps(hint, ensure_ascii=False, separators=(",", ":")).encode()
        except (TypeError, ValueError) as error:
            figures.LOST.inc()
            _log.error("realtime_hint_not_json", topic=topic, detail=str(error))
            return
        self._sender.put(self._channel(topic), self._origin + payload)

    @asynccontextmanager
    async def subscribe(self, topics: Iterable[str]) -> AsyncIterator[Subscription]:
        """See Realtime. Entering waits for Redis's confirmation, but not longer than the timeout."""
        names = set(topics)
        channels = [self._channel(topic) for topic in names]
        self._start()
        async with self._near.subscribe(names) as subscription:
            await self._listener.listen(channels, timeout_s=0.0 if self._closed else self._timeout_s)
            try:
                yield subscription
            finally:
                self._listener.forget(channels)

    def _channel(self, topic: str) -> str:
        return f"{self._prefix}:hint:{topic}"

    def _topic(self, channel: str) -> str:
        return channel[len(self._prefix) + len(":hint:") :]

    def _arrived(self, channel: str, payload: bytes) -> None:
        if payload.startswith(self._origin):
            return
        try:
            body = json.loads(payload[_ORIGIN_CHARS:])
        except ValueError:
            body = None
        if not isinstance(body, dict):
            _log.warning("realtime_hint_unreadable", channel=channel)
            return
        figures.RECEIVED.inc()
        self._near.deliver(self._topic(channel), body)

    def _lost(self, channel: str) -> None:
        self._near.miss(self._topic(channel))

    async def _ask(self, call: str, question: Awaitable[Any]) -> Any | None:
        """Redis's answer, or None (which no question has for an answer) while it is away."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await honest(question)
        except Exception as error:  # the client leaks more than its own errors when a socket dies
            self._outage.failed(error)
            figures.FALLBACKS.labels(call).inc()
            return None
        self._outage.answered()
        return answer

    def _may_ask(self, call: str) -> bool:
        if not self._closed and self._outage.may_ask():
            return True
        figures.FALLBACKS.labels(call).inc()
        return False

    async def allow(self, key: str, limit: int, per_s: float, cost: int = 1) -> Allowance:
        """See Realtime. Without Redis this process counts alone, so nobody who keeps the limit is refused."""
        refuse_bad_limit(limit, per_s, cost)
        if cost > limit:
            return Allowance(False, per_s)
        if self._may_ask("allow"):
            per_us = max(1, round(per_s * 1e6))
            wait_us = await self._ask(
                "allow", self._allow(keys=[f"{self._prefix}:limit:{key}"], args=[limit, per_us, cost])
            )
            if wait_us is not None:
                return Allowance(wait_us == 0, wait_us / 1e6)
        return await self._near.allow(key, limit, per_s, cost)

    async def touch(self, kind: str, key: str, ttl_s: float) -> None:
        """See Realtime."""
        await self._near.touch(kind, key, ttl_s)
        if self._may_ask("touch"):
            await self._ask("touch", self._touch(keys=[self._kind(kind)], args=[key, math.ceil(ttl_s * 1000)]))

    async def present(self, kind: str) -> set[str]:
        """See Realtime. While Redis is away: the keys this process touched."""
        if self._may_ask("present"):
            keys = await self._ask("present", self._present(keys=[self._kind(kind)]))
            if keys is not None:
                return {key.decode() for key in keys}
        return await self._near.present(kind)

    async def gone(self, kind: str, key: str) -> None:
        """See Realtime."""
        await self._near.gone(kind, key)
        if self._may_ask("gone"):
            await self._ask("gone", self._client.zrem(self._kind(kind), key))

    def _kind(self, kind: str) -> str:
        return f"{self._prefix}:present:{kind}"

    async def close(self) -> None:
        """See Realtime. Hints published before get one timeout's length to leave."""
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._sender.drained()
        except TimeoutError:
            _log.warning("realtime_hints_left_behind")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._near.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self._client.aclose()
