"""Rotation of the key-encryption key: every data key is wrapped anew, no data is touched (CP4).

It can be broken off and done again at any point, and servers may run meanwhile: what they still wrap with the old key
is found by the next round.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_adapter.encryption.errors import KeyringFault
from crm_adapter.encryption.keyring import Keyring
from crm_adapter.tables import data_keys

BATCH = 500
PAUSE_S = 0.2
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('yingda key rotation', 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('yingda key rotation', 0))")
_RETIRED = "data_keys_retired_keks"


class RotationRuns(Exception):
    """Another process rotates or retires keys right now."""


class StillUsed(Exception):
    """Data keys are wrapped by key-encryption keys that were to be retired; ``counts`` by their ids."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        super().__init__(f"still used: {', '.join(sorted(counts))}")
        self.counts = counts


@asynccontextmanager
async def rotating(engine: AsyncEngine) -> AsyncIterator[None]:
    """Only one process at a time is inside. Raises :class:`RotationRuns`."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        if not (await connection.execute(_LOCK)).scalar_one():
            raise RotationRuns
        try:
            yield
        finally:
            await connection.execute(_UNLOCK)


async def count_wrapped(connection: AsyncConnection) -> dict[str, int]:
    """How many data keys each key-encryption key wraps, by its id."""
    query = select(data_keys.c.kek, func.count()).group_by(data_keys.c.kek)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def rewrap(engine: AsyncEngine, ring: Keyring, *, batch: int = BATCH) -> AsyncIterator[int]:
    """Wraps with the ring's first key whatever is wrapped by another one; gives the number of each batch.

    Ends when nothing is left. Raises :class:`KeyringFault` for a key-encryption key that the ring lacks, before
    anything is done.
    """
    known, first = {kek.id for kek in ring.keks}, ring.keks[0].id
    while True:
        async with engine.connect() as connection:
            counts = await count_wrapped(connection)
        if strangers := sorted(counts.keys() - known):
            raise KeyringFault(f"the keyring lacks the key-encryption key {', '.join(strangers)}")
        if not counts.keys() - {first}:
            return
        done = await _rewrap_batch(engine, ring, sorted(known - {first}), batch)
        if done:
            yield done
        else:  # the rest is being erased or written by others right now
            await asyncio.sleep(PAUSE_S)


async def forbid(connection: AsyncConnection, ring: Keyring, retired: set[str]) -> None:
    """Lets the database refuse data keys wrapped by these, from this transaction on; needs the owner's role.

    A server that has not noticed the rotation yet must not wrap with a key that nobody will have. Raises
    :class:`StillUsed`; and :class:`KeyringFault` when the ring's first key is among them.
    """
    if ring.keks[0].id in retired:
        raise KeyringFault("the key that wraps cannot be retired")
    await connection.execute(text("LOCK TABLE vault.data_keys IN ACCESS EXCLUSIVE MODE"))
    used = {kek: count for kek, count in (await count_wrapped(connection)).items() if kek in retired}
    if used:
        raise StillUsed(used)
    before = await connection.execute(
        text("SELECT conname FROM pg_constraint WHERE conrelid = 'vault.data_keys'::regclass AND conname LIKE :name"),
        {"name": f"{_RETIRED}%"},
    )
    listed = ", ".join("'" + kek.replace("'", "''") + "'" for kek in sorted(retired))
    number = len(before.all()) + 1
    await connection.exec_driver_sql(
        f"ALTER TABLE vault.data_keys ADD CONSTRAINT {_RETIRED}_{number} CHECK (kek NOT IN ({listed}))".replace(
            "%", "%%"
        )
    )


async def _rewrap_batch(engine: AsyncEngine, ring: Keyring, old: list[str], batch: int) -> int:
    query = (
        select(data_keys.c.id, data_keys.c.kek, data_keys.c.wrapped)
        .where(data_keys.c.kek.in_(old))
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    anew = (
        update(data_keys)
        .where(data_keys.c.id == bindparam("key_id"))
        .values(kek=bindparam("new_kek"), wrapped=bindparam("new_wrapped"))
    )
    async with engine.begin() as connection:
        rows = (await connection.execute(query)).all()
        wrapped = [
            {
                "key_id": row.id,
                "new_kek": ring.keks[0].id,
                "new_wrapped": ring.wrap(ring.unwrap(row.id, row.kek, row.wrapped)),
            }
            for row in rows
        ]
        if wrapped:
            await connection.execute(anew, wrapped)
    return len(wrapped)
