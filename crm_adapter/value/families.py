"""Whom an id means, and that they stay while one writes about them."""

from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.port import UnknownRecord
from crm_adapter.tables import contacts


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
