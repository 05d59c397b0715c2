"""Merging contacts, and taking it back in any order.

The merges that are not undone are edges of a forest: only the root of a family is ever merged, into the root of
another. A contact's root is where its edges end; an identity is at the root of the contact it came with, its home. So
taking any merge back is cutting one edge: the part below it becomes a family of its own again, with the identities
whose homes are in it, whatever was merged or taken back in between. Facts, orders and cases never move.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.contacts import advance
from crm_adapter.customers.families import family_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.customers.locks import Moved, lock_families
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import PastMerge
from crm_adapter.tables import contacts, identities, merge_suggestions, merges

_HOME = func.coalesce(identities.c.home_id, identities.c.contact_id)


async def merge(connection: AsyncConnection, source_id: UUID, target_id: UUID, by: str, reason: str) -> UUID:
    """Makes the source's family part of the target's; the merge's id.

    Raises Refused ``same_contact``, UnknownRecord, and Moved when another merge was faster.
    """
    source = await root_of(connection, source_id)
    target = await root_of(connection, target_id)
    if source == target:
        raise Refused("same_contact")
    await lock_families(connection, source, target)
    if (await root_of(connection, source_id), await root_of(connection, target_id)) != (source, target):
        raise Moved
    moved = update(identities).where(identities.c.contact_id == source)
    moved = moved.values(contact_id=target, home_id=_HOME)
    ids = list((await connection.execute(moved.returning(identities.c.id))).scalars())
    await connection.execute(update(contacts).where(contacts.c.root_id == source).values(root_id=target))
    merge_id = uuid7()
    await connection.execute(
        insert(merges).values(id=merge_id, source_id=source, target_id=target, identities=ids, by=by, reason=reason)
    )
    await _tell(connection, merge_id, source, target)
    return merge_id


async def unmerge(connection: AsyncConnection, merge_id: UUID, by: str) -> tuple[UUID, UUID]:
    """Cuts the edge; its source and target. Raises Refused ``already_undone``, UnknownRecord, and Moved."""
    edge = await _edge(connection, merge_id)
    root = await root_of(connection, edge.source_id)
    members = await lock_families(connection, root)
    if edge.source_id not in members:
        raise Moved
    edge = await _edge(connection, merge_id)  # somebody else may have cut it while we waited
    below = await _below(connection, edge.source_id, members)
    await connection.execute(
        update(identities).where(identities.c.contact_id == root, _HOME.in_(below)).values(contact_id=edge.source_id)
    )
    await connection.execute(update(contacts).where(contacts.c.id.in_(below)).values(root_id=edge.source_id))
    undone = update(merges).where(merges.c.id == merge_id)
    await connection.execute(undone.values(undone_at=datetime.now(UTC), undone_by=by))
    await _keep_apart(connection, edge.source_id, edge.target_id, by)
    await _tell(connection, merge_id, edge.source_id, root)
    return edge.source_id, edge.target_id


async def past_merges(connection: AsyncConnection, contact_id: UUID) -> list[PastMerge]:
    """The merges that any member of the family was in, newest first, those taken back among them."""
    family = await family_of(connection, await root_of(connection, contact_id))
    shown = merges.c
    query = select(
        shown.id, shown.source_id, shown.target_id, shown.by, shown.reason, shown.at, shown.undone_at, shown.undone_by
    ).where(shown.source_id.in_(family) | shown.target_id.in_(family))
    return [PastMerge(**row._asdict()) for row in await connection.execute(query.order_by(shown.id.desc()))]


async def _edge(connection: AsyncConnection, merge_id: UUID) -> Row[Any, Any, Any]:
    query = select(merges.c.source_id, merges.c.target_id, merges.c.undone_at).where(merges.c.id == merge_id)
    edge = (await connection.execute(query)).one_or_none()
    if edge is None:
        raise UnknownRecord(f"there is no merge {merge_id}")
    if edge.undone_at is not None:
        raise Refused("already_undone")
    return edge


async def _below(connection: AsyncConnection, source: UUID, members: Sequence[UUID]) -> list[UUID]:
    """The part of the family that hangs on this contact, itself included."""
    query = select(merges.c.source_id, merges.c.target_id).where(
        merges.c.undone_at.is_(None), merges.c.source_id.in_(members)
    )
    parents: Mapping[UUID, UUID] = {row.source_id: row.target_id for row in await connection.execute(query)}

    def hangs_on_source(member: UUID | None) -> bool:
        while member is not None and member != source:
            member = parents.get(member)
        return member is not None

    return [member for member in members if hangs_on_source(member)]


async def _keep_apart(connection: AsyncConnection, source: UUID, target: UUID, by: str) -> None:
    """Who takes a merge back has said that these are two: no proof merges them again by itself."""
    one, other = sorted((source, target))
    said = {"decision": "different", "decided_by": by, "decided_at": datetime.now(UTC)}
    new = upsert(merge_suggestions).values(id=uuid7(), one_id=one, other_id=other, reason="unmerged", **said)
    shown = (merge_suggestions.c.one_id, merge_suggestions.c.other_id)
    await connection.execute(new.on_conflict_do_update(index_elements=shown, set_=said))


async def _tell(connection: AsyncConnection, merge_id: UUID, source: UUID, target: UUID) -> None:
    await advance(connection, source)
    await advance(connection, target)
    await note_change(connection, "merge", (source, target), merge_id)
