"""Versions of flows in the database, by their content's hash: a conversation finishes on the one it began with."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from bot.storage.pool import Connection, Pool

_KNOWN = "SELECT content_hash FROM bot.flow_documents WHERE content_hash = ANY(%s)"
# Two nodes may keep the same version at once; rows never change, so whoever comes first is right.
_KEEP = """
INSERT INTO bot.flow_documents (content_hash, document, source) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_LOAD = "SELECT document FROM bot.flow_documents WHERE content_hash = %s"


class FlowDocuments:
    """Keeps and loads documents with connections of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, documents: Iterable[tuple[str, Mapping[str, Any], str]]) -> int:
        """Writes those (hash, document, file) that are not there yet; how many. Committed when it returns."""
        given = {content_hash: (document, source) for content_hash, document, source in documents}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_KNOWN, (list(given),))
            known = {row[0] for row in await cursor.fetchall()}
            new = [(name, Jsonb(document), source) for name, (document, source) in given.items() if name not in known]
            if new:
                async with connection.transaction(), connection.cursor() as writing:
                    await writing.executemany(_KEEP, new)
        return len(new)

    async def load(self, content_hash: str) -> Mapping[str, Any] | None:
        """The document of a hash; ``None`` when no process ever had it."""
        async with self._pool.connection() as connection:
            return await load_document(connection, content_hash)


async def load_document(connection: Connection, content_hash: str) -> Mapping[str, Any] | None:
    """As :meth:`FlowDocuments.load`, on a connection that is held anyway."""
    row: TupleRow | None = await (await connection.execute(_LOAD, (content_hash,))).fetchone()
    return None if row is None else row[0]
