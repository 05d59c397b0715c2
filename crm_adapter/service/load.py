"""How much people have to do."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.service.tables import cases


async def open_cases_of(connection: AsyncConnection, owners: Sequence[UUID]) -> dict[UUID, int]:
    """How many cases each of them owns that are not closed; who has none is left out."""
    query = (
        select(cases.c.owner_id, func.count())
        .where(cases.c.owner_id.in_(owners), cases.c.closed_at.is_(None))
        .group_by(cases.c.owner_id)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}
