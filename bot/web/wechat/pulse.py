"""When each account was last pushed to, and when a push could not be opened: for the status page and ``yingda doctor``.

A push costs a note in memory; what is new is written every few seconds, so a process that is killed forgets as much.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import NoReturn

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.web.problems import Problem

log = structlog.get_logger(__name__)

WRITE_EVERY_S = 5.0
_FAREWELL_S = 2.0
_REFUSALS = (400, 403)
_WRITE = text(
    "INSERT INTO bot.wechat_pushes AS p (account, pushed_at, refused_at, refusal)"
    " VALUES (:account, :pushed, :refused, :refusal) ON CONFLICT (account) DO UPDATE SET"
    " pushed_at = greatest(p.pushed_at, excluded.pushed_at),"
    " refusal = CASE WHEN coalesce(excluded.refused_at > p.refused_at, excluded.refused_at IS NOT NULL)"
    "                THEN excluded.refusal ELSE p.refusal END,"
    " refused_at = greatest(p.refused_at, excluded.refused_at)"
)


@dataclass(slots=True)
class _News:
    pushed: datetime | None = None
    refused: datetime | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """One process's."""

    engine: AsyncEngine
    _news: dict[str, _News] = field(default_factory=dict)

    def watching(self, handler: Handler) -> Handler:
        """The webhook's handler, noted."""

        @wraps(handler)
        async def watch(request: web.Request) -> web.StreamResponse:
            account, came = request.match_info["account"], datetime.now(UTC)
            try:
                response = await handler(request)
            except Problem as problem:
                if problem.status in _REFUSALS:  # whose account is unknown is 404
                    news = self._of(account)
                    news.refused, news.refusal = came, problem.code
                raise
            self._of(account).pushed = came
            return response

        return watch

    async def run(self) -> NoReturn:
        """Writes for ever; cancelled, once more."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY_S)
                await self.write()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await self.write()

    async def write(self) -> None:
        """Writes what is new; where that fails, it is new the next time too."""
        news = dict(self._news)
        self._news.clear()
        try:
            for account, one in news.items():
                values = {"account": account, "pushed": one.pushed, "refused": one.refused, "refusal": one.refusal}
                async with self.engine.begin() as connection:
                    await connection.execute(_WRITE, values)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the pulse of an account cannot be written", reason=type(error).__name__)
            for account, one in news.items():
                self._news.setdefault(account, one)

    def _of(self, account: str) -> _News:
        return self._news.setdefault(account, _News())
