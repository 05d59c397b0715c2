"""Asking the index, and taking a person out of it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import Keys
from crm_adapter.search.grams import Kind, grams_of
from crm_adapter.tables import data_keys, facts, grams, identities, interactions


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


async def forget(connection: AsyncConnection, record_ids: Iterable[UUID]) -> int:
    """Takes these records out of the index; how many were in it."""
    return (await connection.execute(delete(grams).where(grams.c.record_id.in_(set(record_ids))))).rowcount


async def forget_contacts(connection: AsyncConnection, contact_ids: Iterable[UUID]) -> int:
    """Takes every message and name of these contacts out of the index; before their rows are deleted.

    Waits for an indexer that has their keys in hand, and none begins with them before this transaction ends.
    """
    whose = set(contact_ids)
    held = select(data_keys.c.id).where(data_keys.c.contact_id.in_(whose)).order_by(data_keys.c.id).with_for_update()
    await connection.execute(held)
    theirs = union_all(
        select(interactions.c.id)
        .join(identities, identities.c.id == interactions.c.identity_id)
        .where(identities.c.contact_id.in_(whose)),
        select(facts.c.id).where(facts.c.contact_id.in_(whose)),
    )
    return (await connection.execute(delete(grams).where(grams.c.record_id.in_(theirs)))).rowcount
