"""Requests that an erasure leaves without an answer: told before, and ended as what they are, never as answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.records.rights import OPEN_STATES, OpenRequest
from crm_adapter.rights.requests import note
from crm_adapter.rights.tables import privacy_requests


async def still_open(connection: AsyncConnection, contact_ids: Sequence[UUID], but: UUID | None) -> list[OpenRequest]:
    """What these people still wait for, except ``but``; held until the transaction ends."""
    shown = privacy_requests.c
    query = (
        select(shown.id, shown.kind, shown.state, shown.due_at)
        .where(shown.contact_id.in_(contact_ids), shown.state.in_(OPEN_STATES), shown.id.is_distinct_from(but))
        .order_by(shown.id)
        .with_for_update()
    )
    return [OpenRequest(**row._asdict()) for row in await connection.execute(query)]


async def end_by_erasure(
    connection: AsyncConnection,
    requests: Sequence[OpenRequest],
    by: str,
    at: datetime,
    grounds: str,
    erasure_id: UUID,
) -> None:
    """Ends them without an answer, because ``by`` had these people erased on these ``grounds``."""
    ended = {"state": "ended_by_erasure", "ended_at": at, "ended_by": by, "ended_reason": grounds}
    for one in requests:
        changed = update(privacy_requests).where(privacy_requests.c.id == one.id)
        await connection.execute(changed.values(version=privacy_requests.c.version + 1, erasure_id=erasure_id, **ended))
        await note(connection, one.id, at, by, one.state, "ended_by_erasure", None)


async def answer_by_erasure(
    connection: AsyncConnection, request_id: UUID, by: str, at: datetime, erasure_id: UUID
) -> None:
    """After a restore: the request that this erasure had answered is answered again; nothing when it still is."""
    query = select(privacy_requests.c.state).where(
        privacy_requests.c.id == request_id, privacy_requests.c.state.in_(OPEN_STATES)
    )
    before = await connection.scalar(query.with_for_update())
    if before is None:
        return
    answered = {"state": "answered", "answered_at": at, "handled_by": by, "erasure_id": erasure_id}
    changed = update(privacy_requests).where(privacy_requests.c.id == request_id)
    await connection.execute(changed.values(version=privacy_requests.c.version + 1, **answered))
    await note(connection, request_id, at, by, before, "answered", None)
