"""Articles in the store: an import is whole or not at all, touches its own source only, and moves the revision."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from knowledge_base.articles import Article, revision_of
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.index import KnowledgeIndex
from knowledge_base.store import (
    ArticleOfOtherSourceError,
    ImportReport,
    find_article,
    import_articles,
    load_articles,
    revision,
)

ONE = Article(
    "one",
    {"en": "Question one?", "zh-Hans": "问题一？"},
    {"en": "Answer 'one'; \"quoted\" 100% :colon", "zh-Hans": "答案一😀"},
    {"en": ("first", "prime"), "zh-Hans": ()},
    ("a", "b"),
    ("two",),
    date(2026, 1, 1),
    date(2026, 12, 31),
)
TWO = Article("two", {"en": "Question two?"}, {"en": "Answer two."})
THREE = Article("three", {"en": "Question three?"}, {"en": "Answer three."})


async def imported(engine: AsyncEngine, *articles: Article, source: str = "files") -> ImportReport:
    async with engine.begin() as connection:
        return await import_articles(connection, articles, source)


async def stored(engine: AsyncEngine) -> tuple[list[Article], str | None]:
    async with engine.connect() as connection:
        return await load_articles(connection), await revision(connection)


async def test_nothing_is_there_before_the_first_import(engine: AsyncEngine) -> None:
    assert await stored(engine) == ([], None)


async def test_an_article_comes_back_as_it_went_in(engine: AsyncEngine) -> None:
    assert await imported(engine, TWO, ONE) == ImportReport(("one", "two"), (), (), ())
    articles, content_hash = await stored(engine)
    assert articles == [ONE, TWO]
    assert content_hash == revision_of((article.id, article.content_hash()) for article in (ONE, TWO))
    async with engine.connect() as connection:
        assert await find_article(connection, "two") == TWO
        assert await find_article(connection, "none") is None


async def test_an_import_makes_the_source_exactly_that(engine: AsyncEngine) -> None:
    await imported(engine, ONE, TWO)
    before = (await stored(engine))[1]
    changed = replace(TWO, answer={"en": "Another answer."})
    assert await imported(engine, changed, THREE) == ImportReport(("three",), ("two",), ("one",), ())
    articles, after = await stored(engine)
    assert articles == [THREE, changed]
    assert after != before
    assert await imported(engine, THREE, changed) == ImportReport((), (), (), ("three", "two"))
    assert (await stored(engine))[1] == after


async def test_other_sources_are_left_alone(engine: AsyncEngine) -> None:
    await imported(engine, ONE, source="demo")
    assert (await imported(engine, TWO, source="files")).removed == ()
    assert (await imported(engine, source="files")).removed == ("two",)
    assert (await stored(engine))[0] == [ONE]


async def test_an_id_of_another_source_is_refused_and_nothing_changes(engine: AsyncEngine) -> None:
    await imported(engine, ONE, source="demo")
    before = await stored(engine)
    with pytest.raises(ArticleOfOtherSourceError, match=r"one \(of demo\)") as caught:
        await imported(engine, THREE, replace(ONE, tags=()), source="files")
    assert caught.value.owners == (("one", "demo"),)
    assert await stored(engine) == before


async def test_an_import_that_fails_half_way_leaves_nothing(engine: AsyncEngine) -> None:
    await imported(engine, ONE)
    before = await stored(engine)
    unstorable = Article("bad", {"en": "a\x00b"}, {"en": "PostgreSQL stores no such character"})
    with pytest.raises(DBAPIError):
        await imported(engine, THREE, unstorable)
    assert await stored(engine) == before


async def test_imports_at_once_come_one_after_the_other(engine: AsyncEngine) -> None:
    sets = [[replace(ONE, tags=(str(number),)), TWO if number % 2 else THREE] for number in range(12)]
    await asyncio.gather(*(imported(engine, *articles) for articles in sets))
    articles, content_hash = await stored(engine)
    assert sorted(article.id for article in articles) in (["one", "two"], ["one", "three"])
    assert content_hash == revision_of((article.id, article.content_hash()) for article in articles)


async def test_the_index_knows_the_stores_revision(engine: AsyncEngine) -> None:
    await imported(engine, *read_articles(ARTICLES), source="demo")
    articles, content_hash = await stored(engine)
    assert KnowledgeIndex.around(None, articles, date(2026, 6, 15)).revision == content_hash
    assert len(articles) >= 55
