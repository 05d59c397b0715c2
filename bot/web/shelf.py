"""The knowledge base as the console reads it, from the index in memory."""

from collections.abc import Sequence
from datetime import date

from bot.settings import LOCALES, Locale
from bot.web.keys import ArticleDetail, ArticleSummary
from knowledge_base.articles import Article
from knowledge_base.watch import LiveIndex


class Shelf:
    """Implements :class:`bot.web.keys.Articles` over the index that is current when asked."""

    def __init__(self, live: LiveIndex) -> None:
        self._live = live

    async def list(self, q: str | None, locale: Locale) -> Sequence[ArticleSummary]:
        """Articles whose id, tags or question in any language contain ``q``, by id."""
        found = sorted(self._live.current.articles, key=lambda article: article.id)
        return [_summary(article, locale) for article in found if not q or _mentions(article, q.casefold())]

    async def get(self, id: str) -> ArticleDetail | None:
        """One article in all three languages, those included that a conversion gives."""
        article = self._live.current.article(id)
        if article is None:
            return None
        return {
            "id": article.id,
            "question": {locale: article.question(locale) for locale in LOCALES},
            "variants": {locale: list(words) for locale, words in article.variants.items()},
            "answers": {locale: article.answer(locale) for locale in LOCALES},
            "tags": list(article.tags),
            "valid_from": _day(article.valid_from),
            "valid_until": _day(article.valid_until),
        }

    def label_of(self, kind: str, ref: str | None, locale: Locale) -> str | None:
        """An article's question for an outcome that names one."""
        article = self._live.current.article(ref) if kind == "article" and ref else None
        return article.question(locale) if article else None


def _summary(article: Article, locale: Locale) -> ArticleSummary:
    return {
        "id": article.id,
        "question": article.question(locale),
        "tags": list(article.tags),
        "languages": sorted(article.answers),
        "valid_from": _day(article.valid_from),
        "valid_until": _day(article.valid_until),
    }


def _mentions(article: Article, q: str) -> bool:
    words = (article.id, *article.tags, *(article.question(locale) for locale in LOCALES))
    return any(q in word.casefold() for word in words)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
