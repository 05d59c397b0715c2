"""Retention (PR5): what is older than its category may be goes, in batches; a dry run only counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

Days = int | Literal["keep"]
BATCH = 2000
MOST_BATCHES = 5000

KEPT_ORDERS_DAYS = 1096
"""Three years from the erasure, as the certificate says; no setting."""
SHARED_REACH_DAYS = 30
"""So long staff is told who shares a phone or e-mail with somebody erased; no setting."""

# Every function takes (before timestamptz, limit integer, dry boolean) and returns how many rows it removed, or would.
CRM_FUNCTIONS: Mapping[str, Sequence[str]] = {
    "interactions": ("crm.forget_interactions",),
    "orders": ("crm.forget_orders",),
    "cases": ("crm.forget_cases", "crm.forget_tasks"),
    "opinions": ("crm.forget_opinions",),
    "imports": ("crm.forget_imports",),
    "visitors": ("crm.forget_visitors",),
    "sensitive": ("crm.forget_sensitive",),
    "preferences": ("crm.forget_preferences",),
    "tags": ("crm.forget_tags", "crm.forget_tag_history"),
    "kept_orders": ("crm.forget_kept_orders",),
    "shared_reach": ("crm.forget_shared_reach",),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One category with the functions that enforce it, in this order."""

    category: str
    days: Days
    functions: tuple[str, ...]


async def enforce(engine: AsyncEngine, rules: Sequence[Rule], now: datetime, *, dry: bool) -> dict[str, int]:
    """How many rows went per category, or would go; a category that is kept counts nothing.

    Each batch is a transaction of its own: it holds nobody up, and what is cut off goes on the next time.
    """
    counts: dict[str, int] = {}
    for rule in rules:
        counts[rule.category] = 0
        if rule.days == "keep":
            continue
        before = now - timedelta(days=rule.days)
        for function in rule.functions:
            counts[rule.category] += await _run(engine, function, before, dry=dry)
    return counts


async def _run(engine: AsyncEngine, function: str, before: datetime, *, dry: bool) -> int:
    call = text(f"SELECT {function}(:before, :limit, :dry)")
    total = 0
    for _ in range(MOST_BATCHES):
        async with engine.begin() as connection:
            # Counting reads everything, and nobody waits for it.
            await connection.execute(text("SET LOCAL statement_timeout = '10min'"))
            number = int(await connection.scalar(call, {"before": before, "limit": BATCH, "dry": dry}) or 0)
        total += number
        if dry or not number:
            break
    return total
