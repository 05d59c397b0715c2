"""Fills the index, seconds behind the turns and never inside one.

Ids are UUIDv7, so new records have high ids; but a transaction that began earlier may commit later, and clocks of
several machines differ. Each round therefore looks back a little behind its watermark for what is not indexed yet,
and the first round and then one an hour look back a whole day. All of it may be killed at any moment.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import NoReturn
from uuid import UUID

import structlog
from psycopg import Error as DatabaseError
from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_adapter.encryption import DataKey, EncryptionFault, Keys, SealBroken, key_id_of, unseal
from crm_adapter.encryption.vault import load_keys
from crm_adapter.search.grams import grams_of
from crm_adapter.search.sources import NAMES, SOURCES, Sealed, Source
from crm_adapter.search.tables import index_progress
from crm_adapter.tables import data_keys, facts, grams

log = structlog.get_logger(__name__)

BATCH = 50
PAUSE_S, PAUSE_AFTER_FAULT_S = 1.0, 5.0
REST = 19
"""How many times as long as it worked it rests: it shares a process with the turns, and they go first."""
LOOK_BACK, LOOK_FAR_BACK = timedelta(seconds=10), timedelta(days=1)
FAR_BACK_EVERY_S = 3600.0
LOCK = 0x6772616D  # any constant; "gram"


async def run_indexer(engine: AsyncEngine, keys: Keys) -> NoReturn:
    """Keeps the index up to date until cancelled. Several processes may run it; one at a time works.

    Under a heavy load of messages it falls behind, and catches up when the load is over.
    """
    far_back_at = 0.0
    while True:
        pause = PAUSE_S
        try:
            far = time.monotonic() >= far_back_at
            await index_new(engine, keys, LOOK_FAR_BACK if far else LOOK_BACK, rest=REST)
            if far:
                await forget_old_names(engine)
                far_back_at = time.monotonic() + FAR_BACK_EVERY_S
        except (SQLAlchemyError, DatabaseError, OSError, EncryptionFault) as fault:
            log.warning("search index waits", reason=type(fault).__name__)
            pause = PAUSE_AFTER_FAULT_S
        await asyncio.sleep(pause)


async def index_new(engine: AsyncEngine, keys: Keys, look_back: timedelta = LOOK_FAR_BACK, *, rest: float = 0.0) -> int:
    """One round over all that is new; how many records were added. After each batch it rests ``rest`` times as long
    as the batch took.
    """
    added = 0
    for source in SOURCES:
        async with engine.connect() as connection:
            after = _start(await _watermark(connection, source), look_back)
        while True:
            began = time.monotonic()
            async with engine.begin() as connection:
                if not await connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
                    return added  # another process is at it
                found = await source.new(connection, after, BATCH)
                if found:
                    after = found[-1].id
                    added += await _add(connection, keys, source, found)
            if len(found) < BATCH:
                break
            await asyncio.sleep(rest * (time.monotonic() - began))
    return added


async def forget_old_names(engine: AsyncEngine) -> int:
    """Takes names out of the index that were corrected or erased since; how many."""
    stands = exists().where(facts.c.id == grams.c.record_id, facts.c.superseded_at.is_(None))
    async with engine.begin() as connection:
        gone = await connection.execute(delete(grams).where(grams.c.kind == NAMES.kind, ~stands))
    return gone.rowcount


async def _add(connection: AsyncConnection, keys: Keys, source: Source, found: Sequence[Sealed]) -> int:
    of_record = {record.id: _key_id(record) for record in found}
    # An erasure waits until what we add is committed and then removes it; afterwards its keys are gone for us.
    wanted = sorted(set(of_record.values()))
    held = select(data_keys.c.id).where(data_keys.c.id.in_(wanted)).order_by(data_keys.c.id)
    await connection.execute(held.with_for_update(read=True, key_share=True))
    opened = await load_keys(connection, keys, wanted)
    readable = {record.id: opened[of_record[record.id]] for record in found if of_record[record.id] in opened}
    work = partial(_grams_of_all, keys.gram_key, source, found, readable)
    rows = await asyncio.to_thread(work)  # some milliseconds that customers' turns should not wait for
    if rows:
        await connection.execute(insert(grams).on_conflict_do_nothing(), rows)
    mark = insert(index_progress).values(kind=source.kind, watermark=found[-1].id)
    higher = func.greatest(index_progress.c.watermark, mark.excluded.watermark)
    await connection.execute(mark.on_conflict_do_update(index_elements=["kind"], set_={"watermark": higher}))
    return len(rows)


def _key_id(record: Sealed) -> UUID:
    try:
        return key_id_of(record.sealed)
    except SealBroken:  # no key has this id
        return UUID(int=0)


def _grams_of_all(
    gram_key: bytes, source: Source, found: Sequence[Sealed], readable: Mapping[UUID, DataKey]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for record in found:
        if record.id not in readable:
            continue  # erased
        try:
            text = unseal(readable[record.id], source.place, record.id, record.sealed).decode("utf-8", "replace")
        except SealBroken:
            log.warning("a record cannot be opened, so it cannot be found", kind=source.kind, record=str(record.id))
            text = ""
        # Also without a gram: a row says that the record has been looked at.
        rows.append({"record_id": record.id, "kind": source.kind, "grams": grams_of(gram_key, source.kind, text)})
    return rows


async def _watermark(connection: AsyncConnection, source: Source) -> UUID | None:
    return await connection.scalar(select(index_progress.c.watermark).where(index_progress.c.kind == source.kind))


def _start(watermark: UUID | None, look_back: timedelta) -> UUID:
    """The lowest id that a record of the looked-at time can have; a clock that was ahead does not skip anything."""
    if watermark is None:
        return UUID(int=0)
    now_ms = time.time_ns() // 1_000_000
    start_ms = min(watermark.int >> 80, now_ms) - look_back // timedelta(milliseconds=1)
    return UUID(int=max(start_ms, 0) << 80)
