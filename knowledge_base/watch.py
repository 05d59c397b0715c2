"""The index that a process answers from, kept up with the store."""

import asyncio
import logging
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge_base.articles import Article
from knowledge_base.index import KnowledgeIndex
from knowledge_base.store import load_articles, revision

log = logging.getLogger(__name__)

Build = Callable[[list[Article], date], KnowledgeIndex]


def _today() -> date:
    """The day where the company is: articles are valid by its calendar, not by UTC's."""
    return datetime.now().astimezone().date()


class LiveIndex:
    """Holds the current index; it is replaced as a whole, so whoever has read it goes on with a consistent one."""

    def __init__(
        self,
        build: Build = KnowledgeIndex.build,
        today: Callable[[], date] = _today,
        timeout_s: float = 10.0,
    ) -> None:
        """Start with an empty index; ``timeout_s`` bounds each reading of the store."""
        self._build = build
        self._today = today
        self._timeout_s = timeout_s
        self._current = KnowledgeIndex.build([], today())
        self._seen: tuple[str | None, date] | None = None

    @property
    def current(self) -> KnowledgeIndex:
        """The index as of the last successful build; empty before the first."""
        return self._current

    async def refresh(self, engine: AsyncEngine) -> bool:
        """Build and swap when the articles changed or a new day began; whether the index was replaced.

        A build that fails leaves the current index in place, is logged, and is not tried again until the articles or
        the day change. Errors of the database are raised.
        """
        day = self._today()
        async with asyncio.timeout(self._timeout_s), engine.connect() as connection:
            stored = await revision(connection)
            if (stored, day) == self._seen:
                return False
            articles = await load_articles(connection)
        try:
            built = await asyncio.to_thread(self._build, articles, day)
        except Exception:
            log.exception("the index was not built; the one before stays", extra={"revision": stored})
            self._seen = (stored, day)
            return False
        self._current = built
        self._seen = (stored, day)
        log.info("the index was built", extra={"revision": stored, "articles": len(built)})
        return True

    async def run(self, engine: AsyncEngine, interval_s: float = 2.0) -> None:
        """Refresh until cancelled, outages of the database survived: the current index goes on answering."""
        reachable = True
        while True:
            try:
                await self.refresh(engine)
            except Exception as error:
                if reachable:
                    log.warning("the articles cannot be read; the current index stays", exc_info=error)
                reachable = False
            else:
                reachable = True
            await asyncio.sleep(interval_s)
