"""Whether requests about one's own data are answered in time (PR6, PIPL 50)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from bot.settings import Settings
from crm_adapter.records.rights import OPEN_STATES
from crm_adapter.rights.tables import privacy_requests
from crm_adapter.rights.working_days import ZONE, HolidaysFault, WorkingDays

WITHIN_S = 5.0
SOON = 2
"""Working days: what is due within them is told before it is too late."""


async def check_privacy_requests(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    due, now = privacy_requests.c.due_at, datetime.now(UTC)
    late = func.count().filter(due < now)
    query = select(func.count(), late, func.min(due)).where(privacy_requests.c.state.in_(OPEN_STATES))
    try:
        days = await asyncio.to_thread(WorkingDays.read, settings.crm.holidays_file)
    except HolidaysFault:  # the calendar without the company's own days is near enough to warn by
        days = WorkingDays()
    query = query.where(due <= days.deadline(now, SOON).at)
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            soon, overdue, first = (await connection.execute(query)).one()
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    if overdue:
        return [Part("privacy", "warning", "privacy_overdue", {"count": overdue, "since": _day(first)})]
    if soon:
        return [Part("privacy", "warning", "privacy_due_soon", {"count": soon, "until": _day(first)})]
    return [Part("privacy", "ok", "privacy_in_time")]


def _day(due: datetime) -> str:
    # A deadline is the end of its day, which is the first moment of the next.
    return f"{due.astimezone(ZONE) - timedelta(seconds=1):%Y-%m-%d}"
