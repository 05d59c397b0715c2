"""Whom an id means: the root of a family, everybody merged into it, and that they stay while one writes about them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.port import UnknownRecord
from crm_adapter.tables import contacts


async def root_of(connection: AsyncConnection, contact_id: UUID) -> UUID:
    """The root of the contact's family. Raises :class:`UnknownRecord`."""
    query = select(contacts.c.root_id).where(contacts.c.id == contact_id)
    found: UUID | None = (await connection.execute(query)).scalar()
    if found is None:
        raise UnknownRecord(f"there is no contact {contact_id}")
    return found


def members_of(root_id: UUID) -> Select[tuple[UUID]]:
    """The ids of everybody merged into ``root_id``, itself among them, for ``IN``."""
    return select(contacts.c.id).where(contacts.c.root_id == root_id)


async def family_of(connection: AsyncConnection, *roots: UUID) -> Sequence[UUID]:
    """The ids of these families, in order."""
    query = select(contacts.c.id).where(contacts.c.root_id.in_(roots)).order_by(contacts.c.id)
    return (await connection.execute(query)).scalars().all()


async def contact_row(connection: AsyncConnection, contact_id: UUID) -> Row[UUID, UUID, UUID, str]:
    """``id``, ``root_id``, ``key_id`` and ``kind`` of a contact that stays while the transaction lasts.

    Raises :class:`UnknownRecord`.
    """
    query = select(contacts.c.id, contacts.c.root_id, contacts.c.key_id, contacts.c.kind)
    query = query.where(contacts.c.id == contact_id).with_for_update(read=True, key_share=True)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no contact {contact_id}")
    return row
