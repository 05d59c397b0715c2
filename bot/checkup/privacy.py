"""Whether requests about one's own data are answered in time (PR6, PIPL 50)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import select
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
FARTHEST = timedelta(days=21)
"""So far ahead no two working days lie, whatever the holidays."""


async def check_privacy_requests(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    due, now = privacy_requests.c.due_at, datetime.now(UTC)
    query = select(due).where(privacy_requests.c.state.in_(OPEN_STATES), due <= now + FARTHEST).order_by(due)
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            near = list((await connection.execute(query)).scalars())
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    overdue = [one for one in near if one < now]
    if overdue:
        return [Part("privacy", "warning", "privacy_overdue", {"count": len(overdue), "since": _day(overdue[0])})]
    # The calendar costs memory: it is asked only when something may be due.
    until = await asyncio.to_thread(_soon, settings, now) if near else now
    soon = [one for one in near if one <= until]
    if soon:
        return [Part("privacy", "warning", "privacy_due_soon", {"count": len(soon), "until": _day(soon[0])})]
    return [Part("privacy", "ok", "privacy_in_time")]


def _soon(settings: Settings, now: datetime) -> datetime:
    try:
        days = WorkingDays.read(settings.crm.holidays_file)
    except HolidaysFault:  # the calendar without the company's own days is near enough to warn by
        days = WorkingDays()
    return days.deadline(now, SOON).at


def _day(due: datetime) -> str:
    # A deadline is the end of its day, which is the first moment of the next.
    return f"{due.astimezone(ZONE) - timedelta(seconds=1):%Y-%m-%d}"
