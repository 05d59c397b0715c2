"""The part about the ledgers: what waits to be linked stays young, and the last proof found nothing wrong."""

import asyncio

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.part import Part
from bot.settings import Settings
from crm_adapter.ledger.health import read_health

WITHIN_S = 5.0


async def check_ledger(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """One part; none where the database or its schema is away, which other parts say."""
    try:
        async with asyncio.timeout(WITHIN_S):
            health = await read_health(engine)
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    broken = next((one for one in health.chains if one.fault is not None), None)
    if broken is not None:
        place: dict[str, object] = {"chain": broken.chain, "fault": broken.fault}
        place["position"] = broken.fault_position or "?"
        return [Part("ledger", "failed", "ledger_broken", place)]
    waiting: dict[str, object] = {"count": health.backlog.count, "age": round(health.backlog.oldest_s)}
    if health.backlog.oldest_s > settings.crm.unlinked_s:
        return [Part("ledger", "warning", "ledger_behind", waiting)]
    return [Part("ledger", "ok", "ledger_ok", {"length": sum(one.length for one in health.chains)})]
