"""The change feed. Transactions commit out of order, so it ends before the oldest that is still open: what lies behind
the cursor can never grow."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.port import Refused
from crm_adapter.records.customers import Change, ChangePage
from crm_adapter.session import Session
from crm_adapter.tables import changes

_CURSOR = re.compile(r"(\d{1,19}):(\d{1,18})")
_START = "0:0"
_SINCE = text("""
    SELECT xid::text AS xid, number, contact_id, kind, record_id, at
      FROM crm.changes
     WHERE (xid, number) > (CAST(CAST(:xid AS text) AS xid8), :number)
       AND xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY changes.xid, number
     LIMIT :limit
""")


async def note_change(
    connection: AsyncConnection, kind: str, contact_ids: Iterable[UUID], record_id: UUID | None = None
) -> None:
    """Tells the feed what of these contacts has changed; without a ``record_id`` each contact itself."""
    entries = [{"contact_id": one, "kind": kind, "record_id": record_id or one} for one in contact_ids]
    await connection.execute(insert(changes), entries)


class SqlFeed(Session):
    """:class:`~crm_adapter.port.Feed` over PostgreSQL; what the method guarantees stands there."""

    async def changes_since(self, cursor: str | None, *, limit: int = 500) -> ChangePage:
        place = _CURSOR.fullmatch(_START if cursor is None else cursor)
        if place is None:
            raise Refused("bad_cursor")
        async with self._work() as connection:
            values = {"xid": place[1], "number": int(place[2]), "limit": limit}
            rows = (await connection.execute(_SINCE, values)).all()
        found = tuple(Change(row.contact_id, row.kind, row.record_id, row.at) for row in rows)
        return ChangePage(found, f"{rows[-1].xid}:{rows[-1].number}" if rows else place[0])
