"""Re-assessment: of everybody at night, and of those whom the change feed names (CP5)."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_adapter.customers.feed import SqlFeed
from crm_adapter.tables import contacts
from crm_adapter.value.assessment import assess_contacts, assess_range
from crm_adapter.value.rules import Rules
from crm_adapter.value.tables import value_cursor

BATCH = 20_000
"""How many contacts one transaction of the nightly run assesses: events wait for it, so it has to be short."""
PAGE = 2_000
_KINDS = frozenset({"contact", "identity", "merge"})
_LAST = UUID(int=2**128 - 1)
_NO_WAIT = text("SET LOCAL lock_timeout = '60s'")


async def assess_everybody(engine: AsyncEngine, rules: Rules) -> tuple[int, int]:
    """How many batches there were, and how many contacts' class, stage or tags changed.

    Each batch is a transaction: broken off, the run has done what it has done, and the next one does the rest.
    """
    after, batches, changed, last = UUID(int=0), 0, 0, False
    while not last:
        async with engine.begin() as connection:
            await connection.execute(_NO_WAIT)
            upto = await _end_of_batch(connection, after)
            last = upto is None
            changed += await assess_range(connection, after, upto or _LAST, rules, datetime.now(UTC))
            after, batches = upto or _LAST, batches + 1
    return batches, changed


async def follow_changes(connection: AsyncConnection, feed: SqlFeed, rules: Rules) -> int | None:
    """Assesses who was made, merged or parted since the last time, a page of the feed at once.

    How many families changed; ``None`` when the page was not full, or somebody else is at it: then there is no more.
    """
    place = select(value_cursor.c.cursor).with_for_update(skip_locked=True)
    row = (await connection.execute(place)).one_or_none()
    if row is None:
        return None
    page = await feed.within(connection).changes_since(row.cursor, limit=PAGE)
    concerned = {change.contact_id for change in page.changes if change.kind in _KINDS}
    changed = await assess_contacts(connection, concerned, rules, datetime.now(UTC))
    await connection.execute(update(value_cursor).values(cursor=page.cursor))
    return changed if len(page.changes) == PAGE else None


async def _end_of_batch(connection: AsyncConnection, after: UUID) -> UUID | None:
    """The id of the batch's last contact; ``None`` for the last batch, which is open to whoever comes."""
    page = select(contacts.c.id).where(contacts.c.id > after).order_by(contacts.c.id)
    return (await connection.execute(page.offset(BATCH - 1).limit(1))).scalar_one_or_none()
