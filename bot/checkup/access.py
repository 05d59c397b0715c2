"""Whether the reviews of who has access are in time (PR4, PR9)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from bot.settings import Settings
from bot.staff.reviews import overdue_since

WITHIN_S = 5.0


async def check_access_reviews(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    every = timedelta(days=settings.crm.access_review_days)
    within = timedelta(days=settings.crm.access_review_within_days)
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            since = await overdue_since(connection, every, within, datetime.now(UTC))
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    if since is None:
        return [Part("access", "ok", "access_reviewed")]
    return [Part("access", "warning", "access_review_overdue", {"since": f"{since:%Y-%m-%d}"})]
