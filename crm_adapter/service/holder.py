"""The contact a case or task is recorded on."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import DataKey, KeyGone, Keys
from crm_adapter.encryption.vault import load_key
from crm_adapter.tables import contacts


@dataclass(frozen=True, slots=True)
class Holder:
    """A contact that cannot be merged or erased until the transaction ends; ``key`` is ``None`` once it was erased."""

    root_id: UUID
    owner_id: UUID | None
    key: DataKey | None


async def hold(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> Holder | None:
    """Holds the contact against merge and erasure; ``None`` when there is none."""
    query = (
        select(contacts.c.root_id, contacts.c.key_id, contacts.c.owner_id)
        .where(contacts.c.id == contact_id)
        .with_for_update(key_share=True, read=True)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    try:
        key = await load_key(connection, keys, row.key_id)
    except KeyGone:
        key = None
    owner = row.owner_id
    if row.root_id != contact_id:
        owner = (
            await connection.execute(select(contacts.c.owner_id).where(contacts.c.id == row.root_id))
        ).scalar() or owner
    return Holder(row.root_id, owner, key)
