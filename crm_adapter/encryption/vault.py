"""The key store: data keys in the schema ``vault``, wrapped; read, made and erased off the hot path.

The hot path gets its key with the same round trip as everything else (``crm.identify``).
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption.errors import KeyGone
from crm_adapter.encryption.keys import Keys
from crm_adapter.encryption.seal import DataKey
from crm_adapter.tables import data_keys


async def load_keys(connection: AsyncConnection, keys: Keys, ids: Iterable[UUID]) -> dict[UUID, DataKey]:
    """Those of the data keys that are there, by id; an erased one is missing from the answer."""
    query = select(data_keys.c.id, data_keys.c.kek, data_keys.c.wrapped).where(data_keys.c.id.in_(set(ids)))
    return {row.id: keys.unwrap(row.id, row.kek, row.wrapped) for row in await connection.execute(query)}


async def load_key(connection: AsyncConnection, keys: Keys, key_id: UUID) -> DataKey:
    """One data key. Raises :class:`KeyGone`."""
    found = await load_keys(connection, keys, [key_id])
    if key_id not in found:
        raise KeyGone(f"there is no data key {key_id}")
    return found[key_id]


async def make_key(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> DataKey:
    """A new data key of a contact; part of the caller's transaction."""
    key, kek, wrapped = keys.new_data_key(uuid7())
    await connection.execute(insert(data_keys).values(id=key.id, contact_id=contact_id, kek=kek, wrapped=wrapped))
    return key


async def house_key(connection: AsyncConnection, keys: Keys) -> DataKey:
    """The house's own data key, for what belongs to no contact (imports, mail to staff); made when first asked for."""
    query = select(data_keys.c.id, data_keys.c.kek, data_keys.c.wrapped).where(data_keys.c.contact_id.is_(None))
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        key, kek, wrapped = keys.new_data_key(uuid7())
        new = upsert(data_keys).values(id=key.id, kek=kek, wrapped=wrapped).on_conflict_do_nothing()
        await connection.execute(new)
        row = (await connection.execute(query)).one()  # another process may have been first
    return keys.unwrap(row.id, row.kek, row.wrapped)
