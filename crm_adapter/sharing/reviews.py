"""Reviews of who has access (PR4, PR9), as the store keeps them; staff is known here by id and roles only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal_json, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.sharing.tables import access_log, access_review_items, access_reviews

Verdict = Literal["keep", "reduce", "remove"]
_REASON = "access_review_items.reason"


@dataclass(frozen=True, slots=True)
class Access:
    """What an account can do when its review is opened."""

    staff_id: UUID
    roles: tuple[str, ...]
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One account under review; ``reads`` counts its reads of customer data in the period."""

    access: Access
    reads: int
    decision: Verdict | None
    roles_after: tuple[str, ...] | None
    reason: str | None
    decided_by: UUID | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Review:
    """Reads are counted from ``period_from`` to ``opened_at``; every account is to be decided by ``due_at``."""

    id: UUID
    opened_at: datetime
    due_at: datetime
    period_from: datetime
    closed_at: datetime | None
    open_items: int


async def open_review(
    connection: AsyncConnection, accounts: Sequence[Access], period_from: datetime, at: datetime, within: timedelta
) -> UUID | None:
    """A new review of these accounts; ``None`` when one is open already."""
    row = {"id": uuid7(), "opened_at": at, "due_at": at + within, "period_from": period_from}
    written = upsert(access_reviews).values(row).on_conflict_do_nothing().returning(access_reviews.c.id)
    review_id: UUID | None = (await connection.execute(written)).scalar_one_or_none()
    if review_id is None or not accounts:
        return review_id
    actors = {f"staff:{account.staff_id}": account.staff_id for account in accounts}
    counted = (
        select(access_log.c.actor, func.count())
        .where(access_log.c.actor.in_(actors), access_log.c.at >= period_from, access_log.c.at < at)
        .group_by(access_log.c.actor)
    )
    reads = {actors[actor]: count for actor, count in await connection.execute(counted)}
    items = [
        {
            "review_id": review_id,
            "staff_id": account.staff_id,
            "roles": list(account.roles),
            "last_sign_in_at": account.last_sign_in_at,
            "reads": reads.get(account.staff_id, 0),
        }
        for account in accounts
    ]
    await connection.execute(insert(access_review_items), items)
    return review_id


async def last_opened_at(connection: AsyncConnection) -> datetime | None:
    """When the newest review was opened."""
    newest: datetime | None = (await connection.execute(select(func.max(access_reviews.c.opened_at)))).scalar_one()
    return newest


async def list_reviews(connection: AsyncConnection, *, before: UUID | None = None, limit: int = 50) -> Sequence[Review]:
    """Newest first."""
    undecided = (
        select(func.count())
        .where(access_review_items.c.review_id == access_reviews.c.id, access_review_items.c.decision.is_(None))
        .scalar_subquery()
    )
    query = select(access_reviews, undecided.label("open_items")).order_by(access_reviews.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(access_reviews.c.id < before)
    return [Review(**row._asdict()) for row in await connection.execute(query)]


async def review_items(connection: AsyncConnection, keys: Keys, review_id: UUID) -> Sequence[ReviewItem]:
    """Every account of a review. Raises :class:`UnknownRecord`."""
    known = await connection.execute(select(exists().where(access_reviews.c.id == review_id)))
    if not known.scalar_one():
        raise UnknownRecord
    query = select(access_review_items).where(access_review_items.c.review_id == review_id)
    rows = (await connection.execute(query.order_by(access_review_items.c.staff_id))).all()
    key = await house_key(connection, keys)
    return [_item(row, key) for row in rows]


async def record_verdict(
    connection: AsyncConnection,
    keys: Keys,
    review_id: UUID,
    staff_id: UUID,
    verdict: Verdict,
    roles_after: Sequence[str],
    by: UUID,
    reason: str,
) -> None:
    """What was decided about one account; taking the rights away is the caller's, in the same transaction.

    Raises :class:`UnknownRecord` and :class:`Refused` ``own_review``, ``already_decided`` or ``review_closed``.
    """
    if staff_id == by:
        raise Refused("own_review")
    row = await _locked(connection, review_id, staff_id)
    if row.closed_at is not None:
        raise Refused("review_closed")
    if row.decision is not None:
        raise Refused("already_decided")
    key = await house_key(connection, keys)
    await connection.execute(
        _of(update(access_review_items), review_id, staff_id).values(
            decision=verdict,
            roles_after=list(roles_after),
            sealed_reason=seal_json(key, f"{_REASON}.{staff_id}", review_id, reason),
            decided_by=by,
            decided_at=func.now(),
        )
    )


async def close_decided(connection: AsyncConnection, still_there: Sequence[UUID]) -> None:
    """Closes the open review once none of the accounts ``still_there`` waits for its decision."""
    waiting = exists().where(
        access_review_items.c.review_id == access_reviews.c.id,
        access_review_items.c.decision.is_(None),
        access_review_items.c.staff_id.in_(still_there),
    )
    done = update(access_reviews).where(access_reviews.c.closed_at.is_(None), ~waiting)
    await connection.execute(done.values(closed_at=func.now()))


async def _locked(connection: AsyncConnection, review_id: UUID, staff_id: UUID) -> Row[Any]:
    query = (
        select(access_review_items.c.decision, access_reviews.c.closed_at)
        .join(access_reviews, access_reviews.c.id == access_review_items.c.review_id)
        .with_for_update()
    )
    row = (await connection.execute(_of(query, review_id, staff_id))).one_or_none()
    if row is None:
        raise UnknownRecord
    return row


def _of(statement: Any, review_id: UUID, staff_id: UUID) -> Any:
    return statement.where(access_review_items.c.review_id == review_id, access_review_items.c.staff_id == staff_id)


def _item(row: Row[Any], key: DataKey) -> ReviewItem:
    place = f"{_REASON}.{row.staff_id}"
    return ReviewItem(
        Access(row.staff_id, tuple(row.roles), row.last_sign_in_at),
        row.reads,
        row.decision,
        None if row.roles_after is None else tuple(row.roles_after),
        unseal_json(key, place, row.review_id, row.sealed_reason) if row.sealed_reason else None,
        row.decided_by,
        row.decided_at,
    )
