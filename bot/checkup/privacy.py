"""Whether requests about one's own data are answered in time (PR6, PIPL 50)."""

import asyncio
from datetime import UTC, datetime

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from crm_adapter.records.rights import OPEN_STATES
from crm_adapter.rights.tables import privacy_requests

WITHIN_S = 5.0


async def check_privacy_requests(engine: AsyncEngine) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    due = privacy_requests.c.due_at
    waiting = privacy_requests.c.state.in_(OPEN_STATES)
    query = select(func.count(), func.min(due)).where(waiting, due < datetime.now(UTC))
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            count, since = (await connection.execute(query)).one()
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    if not count:
        return [Part("privacy", "ok", "privacy_in_time")]
    return [Part("privacy", "warning", "privacy_overdue", {"count": count, "since": f"{since:%Y-%m-%d}"})]
