"""What is indexed: which sealed records, where they stand, and which of them are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Table, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.search.grams import Kind
from crm_adapter.tables import facts, grams, interactions


class Sealed(NamedTuple):
    id: UUID
    sealed: bytes


@dataclass(frozen=True)
class Source:
    """One kind of record; ``place`` is where its seals say that they belong."""

    kind: Kind
    table: Table
    column: str
    place: str
    only: tuple[ColumnElement[bool], ...] = ()

    async def new(self, connection: AsyncConnection, after: UUID, limit: int) -> Sequence[Sealed]:
        """Records behind ``after`` that are not in the index, in the order of their ids."""
        record, sealed = self.table.c.id, self.table.c[self.column]
        query = (
            select(record, sealed)
            .where(record > after, sealed.is_not(None), *self.only)
            .where(~exists().where(grams.c.record_id == record))
            .order_by(record)
            .limit(limit)
        )
        return [Sealed(*row) for row in await connection.execute(query)]


INTERACTIONS = Source("interaction", interactions, "sealed_content", "interactions.content")
NAMES = Source("name", facts, "sealed", "facts.value", (facts.c.field == "name", facts.c.superseded_at.is_(None)))
SOURCES = (INTERACTIONS, NAMES)
