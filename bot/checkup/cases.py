"""Whether customers are answered in time: cases, and those who wait for a person (SL1, SL2, SL8)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from bot.settings import Settings
from bot.storage.tables import conversations
from crm_adapter.rights.working_days import ZONE
from crm_adapter.service.deadlines import due_in

WITHIN_S = 5.0
NOW = timedelta(0)


async def check_cases(settings: Settings, engine: AsyncEngine, now: datetime | None = None) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    at = now or datetime.now(UTC)
    queued = conversations.c.queued_at
    waiting = select(func.count(), func.min(queued)).where(
        conversations.c.owner == "queue",
        conversations.c.closed_at.is_(None),
        queued <= at - timedelta(hours=settings.service.answer_within_h),
    )
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            overdue = await due_in(connection, at, NOW, NOW)
            count, since = (await connection.execute(waiting)).one()
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    parts = [Part("cases", "ok", "cases_in_time"), Part("waiting", "ok", "waiting_in_time")]
    if overdue:
        values = {"count": len(overdue), "since": _moment(overdue[0].due_at)}
        parts[0] = Part("cases", "warning", "cases_overdue", values)
    if count:
        parts[1] = Part("waiting", "warning", "waiting_overdue", {"count": count, "since": _moment(since)})
    return parts


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"
