"""Which deadlines of cases are near or past (SL1, SL2, SL8)."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.records.service import CaseDue
from crm_adapter.service.tables import cases, tasks
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


async def met_tasks(connection: AsyncConnection, by: str) -> list[UUID]:
    """Open tasks about deadlines, added by that hand, whose deadline was met or moved away since."""
    met = [
        and_(tasks.c.kind.endswith(f"_{clock}"), or_(cases.c[f"{clock}_done_at"].is_not(None), _moved(clock)))
        for clock in _CLOCKS
    ]
    query = (
        select(tasks.c.id)
        .join(cases, cases.c.id == tasks.c.case_id)
        .where(tasks.c.state == "open", tasks.c.added_by == by, or_(cases.c.closed_at.is_not(None), *met))
        .order_by(tasks.c.id)
    )
    return list((await connection.execute(query)).scalars())


def _moved(clock: str) -> ColumnElement[bool]:
    return tasks.c.due_at != cases.c[f"{clock}_due_at"]
