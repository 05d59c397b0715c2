"""Interactions by what was said in them, or by the name of who said it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import Keys
from crm_adapter.reading import InteractionRow, list_interactions
from crm_adapter.search.find import find
from crm_adapter.search.grams import is_indexed, matches
from crm_adapter.search.people import find_people
from crm_adapter.tables import identities, interactions

CANDIDATES = 200
MOST_OPENED = 2000
"""How many records one search opens at most; a text of a single sign fits no index and is looked for in the newest."""


async def search_interactions(
    connection: AsyncConnection,
    keys: Keys,
    text: str,
    *,
    accounts: Sequence[str] = (),
    channel: str | None = None,
    direction: str | None = None,
    outcome: str | None = None,
    contact_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[InteractionRow]:
    """Interactions older than ``before`` with ``text`` in their content or their contact's name, newest first.

    A message can be found some seconds after it was taken, when the indexer has seen it.
    """
    people = set(await find_people(connection, keys, text, accounts)) if contact_id is None else set()
    found: list[InteractionRow] = []
    opened = 0
    while len(found) < limit and opened < MOST_OPENED:
        said = await find(connection, keys, text, "interaction", CANDIDATES, before)
        theirs = await _of_people(connection, people, before)
        # Where one of the two has more to come, only what is newer than its last one is known in full.
        horizon = max((ids[-1] for ids in (said, theirs) if len(ids) == CANDIDATES), default=None)
        among = {one for one in (*said, *theirs) if horizon is None or one >= horizon}
        rows = await list_interactions(
            connection,
            keys,
            channel=channel,
            direction=direction,
            outcome=outcome,
            contact_id=contact_id,
            among=among,
            limit=len(among),
        )
        found += [row for row in rows if row.contact_id in people or (row.content and matches(row.content, text))]
        opened += len(among)
        if horizon is None or (not is_indexed(text) and opened >= MOST_OPENED):
            break
        before = horizon
    return found[:limit]


async def _of_people(connection: AsyncConnection, people: set[UUID], before: UUID | None) -> list[UUID]:
    if not people:
        return []
    query = (
        select(interactions.c.id)
        .join(identities, identities.c.id == interactions.c.identity_id)
        .where(identities.c.contact_id.in_(people))
        .order_by(interactions.c.id.desc())
        .limit(CANDIDATES)
    )
    if before is not None:
        query = query.where(interactions.c.id < before)
    return list((await connection.execute(query)).scalars())
