"""What every form of the realtime room promises; callers depend on this module only.

The room carries hints, never truth: whoever reads a hint reads the store afterwards, and whoever waits for
one looks at the store from time to time anyway. A hint may be lost, doubled or late.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something about `topic` may have changed. `body` is shared by all readers: never change it."""

    topic: str
    body: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Missed:
    """Hints before this point were lost (slow reader, connection gone): read the store again."""


Signal: TypeAlias = Hint | Missed


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rate limit's answer. `retry_after_s` is 0.0 when allowed, else when the same call would pass."""

    allowed: bool
    retry_after_s: float = 0.0


class Subscription(Protocol):
    """Signals in the order of arrival. Waiting may be cancelled (a timeout, say) without losing one."""

    def __aiter__(self) -> "Subscription": ...

    async def __anext__(self) -> Signal:
        """The next signal; StopAsyncIteration once the room or the subscription is closed."""
        ...


class Realtime(Protocol):
    """Fan-out of hints, rate limits and presence. Nothing here raises because an outside part is away."""

    async def publish(self, topic: str, hint: Mapping[str, JSON]) -> None:
        """Give `hint` to every subscription of `topic`, in all processes; never waits for the network."""
        ...

    def subscribe(self, topics: Iterable[str]) -> AbstractAsyncContextManager[Subscription]:
        """Hints of `topics` published after entering. A reader that falls behind loses the oldest and
        gets one `Missed` in their place."""
        ...

    async def allow(self, key: str, limit: int, per_s: float, cost: int = 1) -> Allowance:
        """Take `cost` from a bucket of `limit` that refills evenly within `per_s` seconds.

        A refused call takes nothing. A cost above the limit is always refused. ValueError for numbers that
        are not positive.
        """
        ...

    async def touch(self, kind: str, key: str, ttl_s: float) -> None:
        """`key` is present in `kind` for `ttl_s` seconds from now, unless touched again or gone before."""
        ...

    async def present(self, kind: str) -> set[str]:
        """The keys present in `kind` now, in all processes as far as can be known."""
        ...

    async def gone(self, kind: str, key: str) -> None:
        """`key` is no longer present in `kind`, whoever touched it."""
        ...

    async def close(self) -> None:
        """End every subscription and let go of connections; the room is of no use afterwards. Idempotent."""
        ...


def refuse_bad_limit(limit: int, per_s: float, cost: int) -> None:
    """ValueError for a rate limit that means nothing; the same rule in every form."""
    if limit < 1 or cost < 1 or not per_s > 0:
        raise ValueError(f"not a rate limit: limit={limit}, per_s={per_s}, cost={cost}")
