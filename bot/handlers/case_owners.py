"""Who owns a new case (CO6: a named person)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.names import fold
from bot.staff.tables import staff
from crm_adapter.service.load import open_cases_of

FALLBACK_ROLE = "service_manager"


async def owner_for(connection: AsyncConnection, names: Sequence[str]) -> UUID | None:
    """Of those people, or of the service managers where none is named, who has fewest open cases.

    ``None`` where nobody of them has an active account: the case then goes to whoever takes it up.
    """
    wanted = (
        staff.c.name.in_([fold(name) for name in names]) if names else literal(FALLBACK_ROLE) == any_(staff.c.roles)
    )
    query = select(staff.c.id).where(staff.c.active, wanted).order_by(staff.c.name)
    people: list[UUID] = list((await connection.execute(query)).scalars())
    if not people:
        return None
    load = await open_cases_of(connection, people)
    return min(people, key=lambda one: load.get(one, 0))


async def name_of(connection: AsyncConnection, staff_id: UUID | None) -> str | None:
    """What a member of staff is called before customers."""
    if staff_id is None:
        return None
    query = select(staff.c.display_name).where(staff.c.id == staff_id)
    row = (await connection.execute(query)).one_or_none()
    return str(row.display_name) if row is not None and row.display_name else None
