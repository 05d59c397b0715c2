"""Codes and web tokens of the OAuth log-in: what a user has let a web page know."""

from dataclasses import dataclass

from emulators.wechat.errors import Refused

CODE_S = 300
WEB_TOKEN_S = 7200
REFRESH_S = 30 * 24 * 3600


@dataclass(slots=True)
class Grant:
    """One log-in: who, with which account, how much of them is told, and from when on."""

    user: str
    appid: str
    scope: str
    snapshot: bool
    begun: float
    used: bool = False


class Grants:
    """All log-ins, by the code or token that stands for them."""

    def __init__(self) -> None:
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[Grant, float]] = {}
        self._refreshes: dict[str, tuple[Grant, float]] = {}

    def begin(self, code: str, grant: Grant) -> None:
        """A code has been given out: good for one use within five minutes."""
        self._codes[code] = grant

    def redeem(self, code: str, appid: str, now: float) -> Grant:
        """The log-in of a code; raises :class:`Refused`: 40029 unknown, 40163 used, 42003 too old."""
        grant = self._codes.get(code)
        if grant is None or grant.appid != appid:
            raise Refused(40029)
        if grant.used:
            raise Refused(40163)
        if now >= grant.begun + CODE_S:
            raise Refused(42003)
        grant.used = True
        return grant

    def keep(self, token: str, refresh: str | None, grant: Grant, now: float) -> None:
        """A web token, and what renews it."""
        self._tokens[token] = (grant, now + WEB_TOKEN_S)
        if refresh is not None:
            self._refreshes[refresh] = (grant, now + REFRESH_S)

    def of_token(self, token: str, now: float) -> Grant:
        """Raises :class:`Refused`: 41001 missing, 40001 unknown, 42001 expired."""
        if not token:
            raise Refused(41001)
        if token not in self._tokens:
            raise Refused(40001)
        grant, until = self._tokens[token]
        if now >= until:
            raise Refused(42001)
        return grant

    def of_refresh(self, refresh: str, appid: str, now: float) -> Grant:
        """Raises :class:`Refused`: 40030 unknown, 42002 expired."""
        grant, until = self._refreshes.get(refresh, (None, 0.0))
        if grant is None or grant.appid != appid:
            raise Refused(40030)
        if now >= until:
            raise Refused(42002)
        return grant
