"""The access log (PR4): who read whose data, by which route or command, what for; written before it is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keys, seal_json, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.ledger.chains import enqueue
from crm_adapter.sharing.tables import ACCESS, access_log
from crm_adapter.tables import identities

_REASON = "access_log.reason"


@dataclass(frozen=True, slots=True)
class NewAccess:
    """One read. ``purpose`` is a code, ``reason`` free words or nothing; ``contact_ids`` are all who were shown."""

    actor: str
    action: str
    data_kind: str
    contact_ids: Iterable[UUID]
    purpose: str = "service"
    reason: str | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the log; its id grows with the time."""

    id: UUID
    actor: str
    action: str
    data_kind: str
    contact_ids: tuple[UUID, ...]
    purpose: str
    reason: str | None
    at: datetime
    trace_id: str


async def append_access(connection: AsyncConnection, keys: Keys, read: NewAccess) -> UUID:
    """Writes the read into the log and hands it to the sequencer; stands once the caller's transaction commits."""
    access_id = uuid7()
    sealed = None
    if read.reason is not None:
        sealed = seal_json(await house_key(connection, keys), _REASON, access_id, read.reason)
    row = {
        "id": access_id,
        "actor": read.actor,
        "action": read.action,
        "data_kind": read.data_kind,
        "contact_ids": sorted(set(read.contact_ids)),
        "purpose": read.purpose,
        "sealed_reason": sealed,
        "at": datetime.now(UTC),
        "trace_id": read.trace_id,
    }
    await connection.execute(insert(access_log).values(row))
    await enqueue(connection, ACCESS, access_id)
    return access_id


async def contact_behind(connection: AsyncConnection, identity_id: UUID) -> UUID | None:
    """Whose identity it is now: the contact that a read of a conversation is logged under."""
    query = select(identities.c.contact_id).where(identities.c.id == identity_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def contacts_behind(connection: AsyncConnection, identity_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The same for several identities; those that are gone are left out."""
    query = select(identities.c.id, identities.c.contact_id).where(identities.c.id.in_(list(identity_ids)))
    return {row.id: row.contact_id for row in await connection.execute(query)}


async def list_accesses(
    connection: AsyncConnection,
    keys: Keys,
    *,
    actor: str | None = None,
    contact_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[Access]:
    """Reads older than ``before``, newest first, with their reasons opened."""
    query = select(access_log).order_by(access_log.c.id.desc()).limit(limit)
    if actor is not None:
        query = query.where(access_log.c.actor == actor)
    if contact_id is not None:
        query = query.where(access_log.c.contact_ids.contains([contact_id]))
    if since is not None:
        query = query.where(access_log.c.at >= since)
    if until is not None:
        query = query.where(access_log.c.at < until)
    if before is not None:
        query = query.where(access_log.c.id < before)
    rows = (await connection.execute(query)).all()
    key = await house_key(connection, keys) if any(row.sealed_reason for row in rows) else None
    return [
        Access(
            row.id,
            row.actor,
            row.action,
            row.data_kind,
            tuple(row.contact_ids),
            row.purpose,
            unseal_json(key, _REASON, row.id, row.sealed_reason) if key and row.sealed_reason else None,
            row.at,
            row.trace_id,
        )
        for row in rows
    ]
