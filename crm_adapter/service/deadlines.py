"""Which deadlines of cases are near or past (SL1, SL2, SL8)."""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.records.service import CaseDue
from crm_adapter.service.tables import cases
from crm_adapter.tables import contacts

_CLOCKS: tuple[Literal["first", "final"], ...] = ("first", "final")


async def due_in(connection: AsyncConnection, at: datetime, first: timedelta, final: timedelta) -> list[CaseDue]:
    """Those that come due until then and are not met, the earliest first; of erased customers none."""
    found: list[CaseDue] = []
    for clock, ahead in zip(_CLOCKS, (first, final), strict=True):
        due, done = cases.c[f"{clock}_due_at"], cases.c[f"{clock}_done_at"]
        query = (
            select(cases.c.id, cases.c.contact_id, cases.c.number, cases.c.kind, cases.c.owner_id, due)
            .join(contacts, contacts.c.id == cases.c.contact_id)
            .where(cases.c.closed_at.is_(None), done.is_(None), due <= at + ahead)
        )
        for row in await connection.execute(query):
            case_id, contact_id, number, kind, owner_id, due_at = row
            found.append(CaseDue(case_id, contact_id, number, kind, owner_id, clock, due_at))
    return sorted(found, key=lambda one: (one.due_at, one.case_id))
