"""How often an API may be called a day and a minute; the ten times a month that the day's count may be cleared."""

import time
from collections import deque

from emulators.wechat.errors import Refused
from emulators.wechat.tokens import day_of

DAILY: dict[str, int] = {
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/custom/typing": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/bizsend": 100_000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/message/mass/send": 100,
    "/cgi-bin/message/mass/sendall": 100,
}
"""Calls a day, of an account that has not been raised; an account's ``daily_quotas`` come first."""
OTHERS = 500_000
MINUTE: dict[str, int] = {"/cgi-bin/message/mass/send": 60, "/cgi-bin/message/mass/sendall": 60}
"""Calls a minute; other APIs have no such limit unless an account's ``minute_quotas`` give them one."""
CLEARED_A_MONTH = 10


class Quotas:
    """The counts of one account; the day's begin anew at midnight in Beijing."""

    def __init__(self, limits: dict[str, int], minute_limits: dict[str, int]) -> None:
        self._limits = limits
        self._minute_limits = minute_limits
        self._recent: dict[str, deque[float]] = {}
        self._day = 0
        self._used: dict[str, int] = {}
        self._cleared: tuple[tuple[int, int], int] = ((0, 0), 0)

    def change(self, limits: dict[str, int], minute_limits: dict[str, int]) -> None:
        """Other limits hold from now on; what has been counted stays."""
        self._limits = limits
        self._minute_limits = minute_limits

    def count(self, path: str, now: float) -> None:
        """Counts one call; raises :class:`Refused`: 45009 the day's calls are used up, 45011 the minute's are."""
        self._turn(now)
        self._count_minute(path, now)
        used = self._used.get(path, 0)
        if used >= self.limit(path):
            raise Refused(45009)
        self._used[path] = used + 1

    def limit(self, path: str) -> int:
        """Calls a day."""
        return self._limits.get(path, DAILY.get(path, OTHERS))

    def used(self, path: str, now: float) -> int:
        """Calls today."""
        self._turn(now)
        return self._used.get(path, 0)

    def clear(self, now: float) -> None:
        """All counts begin anew; raises :class:`Refused` 48006 after ten times in a month."""
        moment = time.gmtime(now)
        month = (moment.tm_year, moment.tm_mon)
        times = self._cleared[1] if self._cleared[0] == month else 0
        if times >= CLEARED_A_MONTH:
            raise Refused(48006)
        self._cleared = (month, times + 1)
        self._used.clear()

    def _count_minute(self, path: str, now: float) -> None:
        most = self._minute_limits.get(path, MINUTE.get(path))
        if most is None:
            return
        recent = self._recent.setdefault(path, deque())
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) >= most:
            raise Refused(45011)
        recent.append(now)

    def _turn(self, now: float) -> None:
        today = day_of(now)
        if today != self._day:
            self._day = today
            self._used.clear()
