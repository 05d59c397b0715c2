"""Access tokens: those of ``cgi-bin/token`` and of ``cgi-bin/stable_token``, which know nothing of each other."""

from collections.abc import Callable
from dataclasses import dataclass

from emulators.wechat.errors import Refused
from emulators.wechat.settings import Tokens

DAY = 24 * 3600
BEIJING = 8 * 3600


def day_of(now: float) -> int:
    """The day's number in Beijing, where WeChat's quotas begin anew at midnight."""
    return int((now + BEIJING) // DAY)


@dataclass(slots=True)
class AccessToken:
    """``expires`` is when WeChat said it would end; ``replaced`` when it ends because a later one took its place."""

    value: str
    expires: float
    replaced: float | None = None


class AccountTokens:
    """All access tokens of one account; ``new_value`` makes a string never given before."""

    def __init__(self, rules: Tokens, new_value: Callable[[], str]) -> None:
        self._rules = rules
        self._new_value = new_value
        self._known: dict[str, AccessToken] = {}
        self._ordinary: AccessToken | None = None
        self._stable: AccessToken | None = None
        self._fetched: tuple[int, int] = (0, 0)
        self._forced: tuple[int, int] = (0, 0)
        self._last_forced = float("-inf")

    def fetch(self, now: float) -> tuple[str, int]:
        """GET cgi-bin/token: always a new one; the one before lives five minutes more. 45009 after the daily number."""
        self._fetched = self._counted(self._fetched, now, self._rules.fetches_a_day)
        if self._ordinary is not None:
            self._ordinary.replaced = now + self._rules.overlap_s
        self._ordinary = self._issue(now)
        return self._ordinary.value, self._seconds_left(self._ordinary, now)

    def stable(self, now: float, *, force: bool) -> tuple[str, int]:
        """POST cgi-bin/stable_token: the same one until its last five minutes.

        A forced refresh ends the one before at once; 45009 after twenty a day, 45011 within 30 seconds.
        """
        current = self._stable
        if force:
            if now - self._last_forced < self._rules.forced_apart_s:
                raise Refused(45011)
            self._forced = self._counted(self._forced, now, self._rules.forced_a_day)
            self._last_forced = now
            if current is not None:
                current.replaced = now
            current = None
        if current is None or now >= current.expires - self._rules.renewed_before_s:
            current = self._stable = self._issue(now)
        return current.value, self._seconds_left(current, now)

    def check(self, value: str, now: float) -> None:
        """Raises :class:`Refused`: 41001 missing, 40001 unknown or replaced, 42001 expired."""
        if not value:
            raise Refused(41001)
        token = self._known.get(value)
        if token is None or (token.replaced is not None and token.replaced <= now < token.expires):
            raise Refused(40001)
        if token.expires <= now:
            raise Refused(42001)

    def knows(self, value: str) -> bool:
        """Whether this account was ever given this token."""
        return value in self._known

    def revoke_all(self, now: float) -> None:
        """Every token ends now, as after a new AppSecret: calls are answered with 40001."""
        for token in self._known.values():
            token.replaced = min(now, token.replaced or now)
        self._ordinary = self._stable = None

    def _issue(self, now: float) -> AccessToken:
        token = AccessToken(self._new_value(), now + self._rules.lifetime_s)
        self._known[token.value] = token
        return token

    @staticmethod
    def _seconds_left(token: AccessToken, now: float) -> int:
        return max(0, round(token.expires - now))

    @staticmethod
    def _counted(count: tuple[int, int], now: float, limit: int) -> tuple[int, int]:
        today, used = day_of(now), count[1] if count[0] == day_of(now) else 0
        if used >= limit:
            raise Refused(45009)
        return today, used + 1
