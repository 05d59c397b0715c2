"""The index that a process answers from, kept up with the store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge_base.articles import Article
from knowledge_base.index import KnowledgeIndex
from knowledge_base.packing import UnknownContent, engine_key, unpack
from knowledge_base.store import keep_engine, load_articles, load_engine, revision
from knowledge_base.train import TrainingFailed, train_apart

log = logging.getLogger(__name__)

Train = Callable[[Sequence[Article]], Awaitable[bytes]]
Say = Callable[[str], None]


def _today() -> date:
    """The day where the company is: articles are valid by its calendar, not by UTC's."""
    return datetime.now().astimezone().date()


class LiveIndex:
    """Holds the current index; it is replaced as a whole, so whoever has read it goes on with a consistent one.

    What was trained is kept in the store: of all processes on it, and over restarts, one trains and the others load.
    """

    def __init__(
        self,
        train: Train = train_apart,
        today: Callable[[], date] = _today,
        timeout_s: float = 10.0,
        wishes: Callable[[], Sequence[Article]] = tuple,
    ) -> None:
        """Start with an empty index; ``timeout_s`` bounds each reading of the store.

        ``wishes`` are asked for at every refresh, and trained on with the articles; they are no articles themselves.
        """
        self._train = train
        self._wishes = wishes
        self._today = today
        self._timeout_s = timeout_s
        self._current = KnowledgeIndex.around(None, [], today())
        self._seen: tuple[str | None, date, Sequence[Article]] | None = None

    @property
    def current(self) -> KnowledgeIndex:
        """The index as of the last successful build; empty before the first."""
        return self._current

    async def refresh(self, engine: AsyncEngine, say: Say | None = None) -> bool:
        """Load or train and swap when articles or wishes changed or a day began; whether the index was replaced.

        ``say`` gets a line before a training: whoever waits for this should know why it takes seconds.
        A training that fails leaves the current index in place, is logged, and is not tried again until the articles,
        the wishes or the day change. Errors of the database are raised.
        """
        day, wishes = self._today(), tuple(self._wishes())
        async with asyncio.timeout(self._timeout_s), engine.connect() as connection:
            stored = await revision(connection)
            if (stored, day, wishes) == self._seen:
                return False
            articles = await load_articles(connection)
        built = await self._built(engine, articles, wishes, day, say)
        self._seen = (stored, day, wishes)
        if built is None:
            return False
        self._current = built
        log.info("the index is current: %d articles", len(built))
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

    async def _built(
        self, engine: AsyncEngine, articles: Sequence[Article], wishes: Sequence[Article], day: date, say: Say | None
    ) -> KnowledgeIndex | None:
        """The index of a day, from a kept engine or a newly trained one; ``None`` when the training failed."""
        taught = [*(article for article in articles if article.holds_on(day)), *wishes]
        if not taught:
            return KnowledgeIndex.around(None, articles, day)
        key = engine_key(taught)
        async with asyncio.timeout(self._timeout_s), engine.connect() as connection:
            packed = await load_engine(connection, key)
        if packed is not None:
            try:
                return KnowledgeIndex.around(unpack(packed), articles, day)
            except UnknownContent as error:
                log.warning("a kept index cannot be read and is trained again: %s", error)
        if say is not None:
            say("Learning the articles (some seconds) …")
        try:
            packed = await self._train(taught)
            index = KnowledgeIndex.around(unpack(packed), articles, day)
        except (TrainingFailed, UnknownContent, OSError) as error:
            log.error("the index was not built; the one before stays", exc_info=error)
            return None
        async with asyncio.timeout(self._timeout_s), engine.begin() as connection:
            await keep_engine(connection, key, packed)
        return index
