"""Which try of a push this is: WeChat does not say, and its clock need not be ours."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

WINDOW_S = 300.0
AGREEING = 5
"""So many pushes have to look late before our clock is taken to be ahead: a single one may be a late try."""
_FLOOR_S = 0.5
"""CreateTime knows whole seconds only: on average a push is half a second younger than it says."""


@dataclass(frozen=True, slots=True)
class Patience:
    """WeChat waits ``try_s`` for an answer, then sends the same push again, ``tries`` times in all (its own words: five
    seconds, three times)."""

    try_s: float = 5.0
    tries: int = 3

    @property
    def ready_s(self) -> float:
        """What is ready later would come too late for this try."""
        return 0.9 * self.try_s

    @property
    def given_up_s(self) -> float:
        """WeChat does not wait any more, nor does a proxy before us that is a little behind."""
        return 1.1 * self.try_s

    @property
    def answered_s(self) -> float:
        """From the first try on, until which an answer may still be given; and a little more."""
        return self.tries * self.try_s + 0.2 * self.try_s

    @property
    def last_after_s(self) -> float:
        """Half a try before the last one begins: in the middle between it and the one before."""
        return (self.tries - 1.5) * self.try_s


class Tries:
    """One account's. A process that has seen the first try knows the time since then; one that has not goes by
    CreateTime, less what the clocks differ by as far as other pushes tell."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._seen: dict[str, float] = {}
        self._lags: deque[tuple[float, float]] = deque(maxlen=100)

    def is_last(self, push_id: str, created: datetime, now: datetime, clock: float) -> bool:
        """Whether WeChat will not send the push again. ``clock`` is of the process, in seconds, and never set."""
        lag = (now - created).total_seconds()
        first = self._seen.get(push_id)
        if first is None:
            self._forget(clock)
            self._seen[push_id] = clock
            self._lags.append((clock, lag))
            return lag - self._ahead(clock) >= self.patience.last_after_s + _FLOOR_S
        return clock - first >= self.patience.last_after_s or (
            lag - self._ahead(clock) >= self.patience.last_after_s + _FLOOR_S
        )

    def _ahead(self, clock: float) -> float:
        """By how much our clock is ahead of WeChat's; a push cannot arrive before it was made."""
        lags = list(self._recent(clock))
        least = min(lags, default=0.0)
        return least if least < 0 or len(lags) >= AGREEING else 0.0

    def _recent(self, clock: float) -> Iterator[float]:
        return (lag for at, lag in self._lags if clock - at <= WINDOW_S)

    def _forget(self, clock: float) -> None:
        """Those that WeChat will not send again; the oldest stand first."""
        while self._seen:
            push_id, first = next(iter(self._seen.items()))
            if clock - first <= 2 * self.patience.answered_s:
                return
            del self._seen[push_id]
