"""Whether Redis is worth asking: one log line when it goes, one when it comes back."""

import time
from collections.abc import Callable

import structlog

from bot.realtime import figures

_log = structlog.get_logger(__name__)
PROBE_EVERY_S = 1.0


class Outage:
    """After a failure only one caller per second tries Redis again; nobody else pays for its timeout."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._probe_at = 0.0

    def may_ask(self) -> bool:
        """True when Redis answered last time, or when it is this caller's turn to probe."""
        if self._since is None:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_EVERY_S
        return True

    def failed(self, error: BaseException) -> None:
        """Redis did not answer as it should."""
        now = self._clock()
        self._probe_at = now + PROBE_EVERY_S
        if self._since is None:
            self._since = now
            figures.REDIS_UP.set(0)
            _log.warning(
                "realtime_redis_away",
                error=type(error).__name__,
                detail=str(error),
                effect="hints stay in this process, rate limits and presence are its own",
            )

    def answered(self) -> None:
        """Redis answered."""
        figures.REDIS_UP.set(1)
        if self._since is not None:
            _log.info("realtime_redis_back", away_s=round(self._clock() - self._since, 1))
            self._since = None
