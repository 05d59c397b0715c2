"""Whether the erasure log's file has every erasure: without it a restored backup brings people back (PR6)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from bot.customers import policy_of
from bot.settings import Settings
from crm_adapter.rights.erasure_log import LogDamaged, read_log
from crm_adapter.rights.tables import erasures

WITHIN_S = 5.0
LATE = timedelta(minutes=15)
"""What a crash kept from the file is added by a job every five minutes."""


async def check_erasure_log(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """Nothing when the store cannot be asked, which another part tells."""
    old = select(erasures.c.id).where(erasures.c.at < datetime.now(UTC) - LATE)
    path = policy_of(settings).erasures_file
    if path is None:
        return []
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            done = set((await connection.execute(old)).scalars())
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    try:
        async with asyncio.timeout(WITHIN_S):
            noted = {entry.id for entry in await asyncio.to_thread(read_log, path)}
    except (LogDamaged, OSError):
        return [Part("erasures", "failed", "erasure_log_damaged")]
    if missing := len(done - noted):
        return [Part("erasures", "failed", "erasure_log_behind", {"count": missing})]
    return [Part("erasures", "ok", "erasure_log_ok")]
