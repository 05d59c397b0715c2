"""The knowledge base as the console reads it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.settings import LOCALES, Locale
from bot.web.keys import ArticleDetail, ArticleSummary
from knowledge_base.articles import Article
from knowledge_base.store import load_articles
from knowledge_base.watch import LiveIndex


class Shelf:
    """Implements :class:`bot.web.keys.Articles` over the store: those that are not valid today are shown too."""

    def __init__(self, engine: AsyncEngine, live: LiveIndex) -> None:
        self._engine = engine
        self._live = live

    async def list(self, q: str | None, locale: Locale) -> Sequence[ArticleSummary]:
        """Articles whose id, tags or question in any language contain ``q``, by id."""
        found = sorted(await self._articles(), key=lambda article: article.id)
        return [_summary(article, locale) for article in found if not q or _mentions(article, q.casefold())]

    async def get(self, id: str) -> ArticleDetail | None:
        """One article in all its languages."""
        article = next((one for one in await self._articles() if one.id == id), None)
        if article is None:
            return None
        return {
            "id": article.id,
            "question": dict(article.question),
            "variants": {locale: list(words) for locale, words in article.variants.items()},
            "answers": dict(article.answer),
            "tags": list(article.tags),
            "valid_from": _day(article.valid_from),
            "valid_until": _day(article.valid_until),
        }

    def label_of(self, kind: str, ref: str | None, locale: Locale) -> str | None:
        """An article's question for an outcome that names one that is valid today."""
        article = self._live.current.article(ref) if kind == "article" and ref else None
        return article.question_in(locale) if article else None

    async def _articles(self) -> Sequence[Article]:
        async with self._engine.connect() as connection:
            return await load_articles(connection)


def _summary(article: Article, locale: Locale) -> ArticleSummary:
    return {
        "id": article.id,
        "question": article.question_in(locale),
        "tags": list(article.tags),
        "languages": [locale for locale in LOCALES if locale in article.answer],
        "valid_from": _day(article.valid_from),
        "valid_until": _day(article.valid_until),
    }


def _mentions(article: Article, q: str) -> bool:
    words = (article.id, *article.tags, *article.question.values())
    return any(q in word.casefold() for word in words)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
