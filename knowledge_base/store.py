"""The articles' tables in the schema ``kb``; the caller opens and commits the transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, SmallInteger, Table, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_base.articles import Article, article_from_json, revision_of

metadata: Final = MetaData(schema="kb")

articles_table: Final = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

revision_table: Final = Table(
    "revision",
    metadata,
    Column("one", SmallInteger, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

engines_table: Final = Table(
    "engines",
    metadata,
    Column("key", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("trained_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
KEPT_ENGINES: Final = 4


class ArticleOfOtherSourceError(ValueError):
    """An import holds an id that belongs to an article of another source; nothing is imported."""

    def __init__(self, owners: Iterable[tuple[str, str]]) -> None:
        """Take pairs of article id and the source that has it."""
        self.owners = tuple(sorted(owners))
        taken = ", ".join(f"{identifier} (of {source})" for identifier, source in self.owners)
        super().__init__(f"these ids belong to another source: {taken}")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, as sorted article ids."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


async def import_articles(
    connection: AsyncConnection, articles: Iterable[Article], source: str = "files"
) -> ImportReport:
    """Make the articles of one source exactly these: new ones are added, changed ones replaced, others removed.

    Articles of other sources stay; :class:`ArticleOfOtherSourceError` when one of theirs has an id of these. Imports
    wait for each other. The revision moves when, and only when, something changed.
    """
    incoming = {article.id: article for article in articles}
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('kb.import'))"))
    stored = {
        row.id: row
        for row in await connection.execute(
            select(articles_table.c.id, articles_table.c.source, articles_table.c.content_hash)
        )
    }
    taken = [(name, stored[name].source) for name in incoming if name in stored and stored[name].source != source]
    if taken:
        raise ArticleOfOtherSourceError(taken)
    hashes = {name: article.content_hash() for name, article in incoming.items()}
    changed = [name for name in incoming if name in stored and stored[name].content_hash != hashes[name]]
    added = [name for name in incoming if name not in stored]
    removed = [name for name, row in stored.items() if row.source == source and name not in incoming]
    await _write(connection, [incoming[name] for name in added + changed], source)
    if removed:
        await connection.execute(delete(articles_table).where(articles_table.c.id.in_(removed)))
    await _move_revision(connection)
    unchanged = incoming.keys() - {*added, *changed}
    return ImportReport(*(tuple(sorted(names)) for names in (added, changed, removed, unchanged)))


async def load_articles(connection: AsyncConnection) -> list[Article]:
    """Every article, by id, valid today or not."""
    rows = await connection.execute(select(articles_table.c.content).order_by(articles_table.c.id))
    return [article_from_json(content) for content in rows.scalars()]


async def find_article(connection: AsyncConnection, article_id: str) -> Article | None:
    """One article by its id, valid today or not."""
    rows = await connection.execute(select(articles_table.c.content).where(articles_table.c.id == article_id))
    content = rows.scalar_one_or_none()
    return None if content is None else article_from_json(content)


async def revision(connection: AsyncConnection) -> str | None:
    """The content hash of the whole set; ``None`` before the first import."""
    rows = await connection.execute(select(revision_table.c.content_hash))
    return rows.scalar_one_or_none()


async def _write(connection: AsyncConnection, articles: Iterable[Article], source: str) -> None:
    rows = [
        {
            "id": article.id,
            "source": source,
            "content_hash": article.content_hash(),
            "content": article.as_json(),
        }
        for article in articles
    ]
    if not rows:
        return
    statement = insert(articles_table)
    replaced = {"content_hash": statement.excluded.content_hash, "content": statement.excluded.content}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=replaced | {"changed_at": func.now()}), rows
    )


async def _move_revision(connection: AsyncConnection) -> None:
    rows = await connection.execute(select(articles_table.c.id, articles_table.c.content_hash))
    content_hash = revision_of((row.id, row.content_hash) for row in rows)
    statement = insert(revision_table).values(one=1, content_hash=content_hash)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["one"],
            set_={"content_hash": content_hash, "changed_at": func.now()},
            where=revision_table.c.content_hash != content_hash,
        )
    )


async def sources(connection: AsyncConnection) -> dict[str, int]:
    """How many articles each source has."""
    query = select(articles_table.c.source, func.count()).group_by(articles_table.c.source)
    rows = await connection.execute(query.order_by(articles_table.c.source))
    return {row[0]: row[1] for row in rows}


async def load_engine(connection: AsyncConnection, key: str) -> bytes | None:
    """The packed engine of that key, if one was trained."""
    query = select(engines_table.c.content).where(engines_table.c.key == key)
    return (await connection.execute(query)).scalar_one_or_none()


async def keep_engine(connection: AsyncConnection, key: str, content: bytes) -> None:
    """Keep a packed engine for others, and only the last few: older articles are not searched any more."""
    kept = insert(engines_table)
    news = {"content": kept.excluded.content, "trained_at": func.now()}
    # The values apart from the statement: SQLAlchemy remembers statements with what is in them, megabytes here.
    values = {"key": key, "content": content}
    await connection.execute(kept.on_conflict_do_update(index_elements=["key"], set_=news), values)
    newest = select(engines_table.c.key).order_by(engines_table.c.trained_at.desc()).limit(KEPT_ENGINES)
    await connection.execute(delete(engines_table).where(engines_table.c.key.not_in(newest)))
