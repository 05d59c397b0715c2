"""Asking the index."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import Keys
from crm_adapter.search.grams import Kind, grams_of
from crm_adapter.tables import grams


async def find(
    connection: AsyncConnection, keys: Keys, text: str, kind: Kind, limit: int, before: UUID | None = None
) -> list[UUID]:
    """Up to ``limit`` records that may contain ``text``, newest first, older than ``before``.

    Records are interactions, or facts for names. Each that contains the text and is indexed is among them; hashes
    may collide and grams stand apart, so the caller opens each, keeps those that
    :func:`~crm_adapter.search.grams.matches` and goes on before the last one. For a text without a gram
    (:func:`~crm_adapter.search.grams.is_indexed`) every record is a candidate: the caller bounds how many it opens.
    """
    query = select(grams.c.record_id).where(grams.c.kind == kind).order_by(grams.c.record_id.desc()).limit(limit)
    wanted = grams_of(keys.gram_key, kind, text)
    if wanted:
        query = query.where(grams.c.grams.op("@>", is_comparison=True)(wanted))
    if before is not None:
        query = query.where(grams.c.record_id < before)
    return list((await connection.execute(query)).scalars())
