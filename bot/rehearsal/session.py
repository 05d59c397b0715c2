"""A visitor's way to the servers: which one, with which token, and how long to keep trying."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import jwt

REQUEST_WITHIN_S = 10.0
PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4)
LOST = (aiohttp.ClientError, OSError, TimeoutError)
"""What a client meets when a server, or the way to it, is gone. Try again, elsewhere if there is an elsewhere."""


class GaveUp(Exception):
    """The time for trying again is over."""


class Refused(Exception):
    """The server understood and said no; trying again would not help."""

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(f"{status} {code}".strip())
        self.code = code
        self.status = status


class Patience:
    """Growing, jittered pauses between attempts, for ``total_s`` altogether."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._until = time.monotonic() + total_s
        self._pauses = 0

    async def pause(self, reason: object, at_least_s: float = 0.0) -> None:
        """Waits a little; raises :class:`GaveUp` with the reason when the time is over."""
        if time.monotonic() > self._until:
            raise GaveUp(f"{reason!r}, after {self._total_s:.0f} s and {self._pauses} more attempts")
        pause_s = PAUSES_S[min(self._pauses, len(PAUSES_S) - 1)]
        self._pauses += 1
        await asyncio.sleep(max(at_least_s, pause_s * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter, no secret


class Session:
    """One visitor's session over one or several servers of the same program."""

    def __init__(
        self, http: aiohttp.ClientSession, servers: Sequence[str], account: str = "shop", patience_s: float = 60.0
    ) -> None:
        self.http = http
        self.patience_s = patience_s
        self._servers = servers
        self._used = random.randrange(len(servers))  # noqa: S311 - spreads the load, guards nothing
        self._account = account
        self._token: str | None = None
        self._opening = asyncio.Lock()

    def via(self, servers: Sequence[str]) -> "Session":
        """The same visitor on other servers."""
        other = Session(self.http, servers, self._account, self.patience_s)
        other._token = self._token
        return other

    @property
    def base(self) -> str:
        """The channel's address on the server in use."""
        return f"{self._servers[self._used % len(self._servers)]}/channels/{self._account}"

    def turn_elsewhere(self) -> None:
        """The server in use has failed us."""
        self._used += 1

    @property
    def identity(self) -> str:
        """Who the store knows the visitor as; there must be a token."""
        if self._token is None:
            raise ValueError("no session yet")
        claims: dict[str, Any] = jwt.decode(self._token, options={"verify_signature": False})
        return str(claims["sub"])

    async def token(self) -> str:
        """The session token, asked for the first time it is needed."""
        async with self._opening:
            if self._token is None:
                await self.renew()
        assert self._token is not None  # noqa: S101 - renew sets it or raises
        return self._token

    async def renew(self) -> None:
        """Opens the session, or renews it as the same visitor.

        Raises :class:`Refused` or :class:`GaveUp`.
        """
        patience = Patience(self.patience_s)
        body = {"locale": "en", "token": self._token} if self._token else {"locale": "en"}
        while True:
            try:
                async with asyncio.timeout(REQUEST_WITHIN_S):
                    async with self.http.post(f"{self.base}/session", json=body) as response:
                        answer = await response.json(content_type=None)
                if response.status == 200:
                    self._token = answer["token"]
                    return
                if response.status not in (429, 503):
                    raise Refused(answer["code"], response.status)
                await patience.pause(response.status, float(response.headers.get("Retry-After", 0)))
            except (*LOST, ValueError) as error:
                self.turn_elsewhere()
                await patience.pause(error)
