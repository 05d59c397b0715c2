"""Locks on contacts, always in id order, so that no two of us wait for each other.

The hot path holds FOR KEY SHARE on a contact for as long as a turn takes; a merge takes FOR UPDATE and waits for it,
a change of the profile takes FOR NO KEY UPDATE and does not. A lock that turns out to be on the wrong contact, because
a merge was faster, is given back with its savepoint before the next try.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.families import family_of, root_of
from crm_adapter.port import UnknownRecord
from crm_adapter.tables import contacts

# One after the other, in the array's order.
_ADVISORY = text("SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number")


class Moved(Exception):
    """A merge was faster: what was read before the lock is no longer so. Read again."""


class Locked(NamedTuple):
    """A root whose profile nobody else changes until the transaction ends."""

    id: UUID
    version: int
    key_id: UUID


async def lock_values(connection: AsyncConnection, blinds: Iterable[bytes]) -> None:
    """Until the end of the transaction nobody else writes these phones, e-mails, accounts or outside keys."""
    numbers = sorted({int.from_bytes(blind[:8], "big", signed=True) for blind in blinds})
    await connection.execute(_ADVISORY, {"numbers": numbers})


async def lock_profile(connection: AsyncConnection, root_id: UUID, *named: UUID, member: UUID | None = None) -> Locked:
    """Locks a root for a change of its profile and the ``named`` against being removed.

    Raises :class:`Moved` when it is a root no more, or not the ``member``'s, and :class:`UnknownRecord` when it is
    gone.
    """
    locked = None
    for contact_id in sorted({root_id, *named}):
        query = select(contacts.c.id, contacts.c.root_id, contacts.c.version, contacts.c.key_id).where(
            contacts.c.id == contact_id
        )
        if contact_id == root_id:
            locked = (await connection.execute(query.with_for_update(key_share=True))).one_or_none()
        else:
            await connection.execute(query.with_for_update(read=True, key_share=True))
    if locked is None:
        raise UnknownRecord(f"there is no contact {root_id}")
    if locked.root_id != root_id or (member is not None and await root_of(connection, member) != root_id):
        raise Moved
    return Locked(locked.id, locked.version, locked.key_id)


async def lock_families(connection: AsyncConnection, *roots: UUID) -> Sequence[UUID]:
    """Locks whole families FOR UPDATE; the ids of all their members. Raises :class:`Moved` when they have changed."""
    query = select(contacts.c.id, contacts.c.root_id).where(contacts.c.root_id.in_(roots)).order_by(contacts.c.id)
    locked = {row.id: row.root_id for row in await connection.execute(query.with_for_update())}
    # Two of the families may have become one while we waited; and who joined them is in a fresh snapshot only.
    if any(locked.get(root) != root for root in roots) or list(locked) != list(await family_of(connection, *roots)):
        raise Moved
    return list(locked)
