"""Reviews of who has access (PR4, PR9): opened when due, decided by somebody else, and what is decided is done.

Every function works on the caller's transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.accounts import COLUMNS, Staff, account, change_staff, end_access, find_staff
from bot.staff.errors import UnknownRole
from bot.staff.tables import staff
from crm_adapter.encryption import Keys
from crm_adapter.sharing.reviews import (
    Access,
    Verdict,
    close_decided,
    last_opened_at,
    list_reviews,
    open_review,
    record_verdict,
)


async def open_due_review(
    connection: AsyncConnection, every: timedelta, within: timedelta, now: datetime
) -> UUID | None:
    """Opens a review of every active account when the last is ``every`` ago; the id, or ``None`` when none is due.

    The first is due ``every`` after the first account was made. One still open is not followed by another.
    """
    last = await last_opened_at(connection)
    since = last or await _first_account_at(connection)
    if since is None or since + every > now:
        return None
    return await _open(connection, since, within, now)


async def open_review_now(connection: AsyncConnection, within: timedelta, now: datetime) -> UUID | None:
    """Opens one out of turn; ``None`` when one is open already."""
    since = await last_opened_at(connection) or await _first_account_at(connection)
    return await _open(connection, since or now, within, now)


async def _open(connection: AsyncConnection, since: datetime, within: timedelta, now: datetime) -> UUID | None:
    await close_decided(connection, [one.id for one in await _active(connection)])
    accounts = [Access(one.id, one.roles, one.last_sign_in_at) for one in await _active(connection)]
    return await open_review(connection, accounts, since, now, within)


async def decide_access(
    connection: AsyncConnection,
    keys: Keys,
    review_id: UUID,
    staff_id: UUID,
    verdict: Verdict,
    by: UUID,
    reason: str,
    *,
    roles: Sequence[str] = (),
) -> Staff:
    """Decides about one account and does it: ``reduce`` leaves it those of its present roles that are in ``roles``,
    ``remove`` switches it off; both end its sessions.

    Raises ``UnknownStaff``, ``UnknownRole`` (nothing would be left, or nothing taken), ``LastAdministrator``, and what
    :func:`~crm_adapter.sharing.reviews.record_verdict` does: nobody decides about themself.
    """
    before = await find_staff(connection, staff_id)
    kept = [role for role in before.roles if verdict == "keep" or (verdict == "reduce" and role in roles)]
    if verdict == "reduce" and (not kept or len(kept) == len(before.roles)):
        raise UnknownRole
    await record_verdict(connection, keys, review_id, staff_id, verdict, kept, by, reason)
    after = before
    if verdict == "reduce":
        after = await change_staff(connection, staff_id, by=by, roles=kept)
        await end_access(connection, staff_id)
    elif verdict == "remove":
        after = await change_staff(connection, staff_id, by=by, active=False)
    await close_decided(connection, [one.id for one in await _active(connection)])
    return after


async def overdue_since(
    connection: AsyncConnection, every: timedelta, within: timedelta, now: datetime
) -> datetime | None:
    """Since when a review should have been finished, or opened at all; ``None`` when all is in time."""
    newest = await list_reviews(connection, limit=1)
    if newest and newest[0].closed_at is None:
        return newest[0].due_at if newest[0].due_at < now else None
    since = newest[0].opened_at if newest else await _first_account_at(connection)
    latest = None if since is None else since + every + within
    return latest if latest is not None and latest < now else None


async def _active(connection: AsyncConnection) -> list[Staff]:
    query = select(*COLUMNS).where(staff.c.active).order_by(staff.c.id)
    return [account(row) for row in await connection.execute(query)]


async def _first_account_at(connection: AsyncConnection) -> datetime | None:
    first: datetime | None = (await connection.execute(select(func.min(staff.c.created_at)))).scalar_one()
    return first
