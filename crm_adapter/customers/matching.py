"""Who else has the same phone or e-mail, and what staff is asked about it: nothing unproven merges by itself."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import family_of
from crm_adapter.records.customers import MergeSuggestion
from crm_adapter.tables import contacts, facts, identities, merge_suggestions

MOST = 20
"""How many suggestions one value gives: a switchboard's number is everybody's."""


async def having(connection: AsyncConnection, blind: bytes, *, verified: bool = False) -> Sequence[UUID]:
    """The roots of the families with a standing phone or e-mail of this blind index, in id order."""
    query = (
        select(contacts.c.root_id)
        .join(facts, facts.c.contact_id == contacts.c.id)
        .where(facts.c.blind == blind, facts.c.superseded_at.is_(None))
        .distinct()
        .order_by(contacts.c.root_id)
    )
    if verified:
        query = query.where(facts.c.assurance == "verified")
    return (await connection.execute(query)).scalars().all()


async def holder(connection: AsyncConnection, blind: bytes) -> UUID | None:
    """The root of the contact whose identity this is."""
    query = (
        select(contacts.c.root_id)
        .join(identities, identities.c.contact_id == contacts.c.id)
        .where(identities.c.blind == blind)
    )
    found: UUID | None = (await connection.execute(query)).scalar()
    return found


async def suggest(connection: AsyncConnection, contact_id: UUID, other_id: UUID, reason: str) -> UUID:
    """Asks staff whether two contacts are one, once per pair; the suggestion's id, also when it was answered."""
    one, other = sorted((contact_id, other_id))
    new = upsert(merge_suggestions).values(id=uuid7(), one_id=one, other_id=other, reason=reason)
    await connection.execute(new.on_conflict_do_nothing())
    pair = select(merge_suggestions.c.id).where(
        merge_suggestions.c.one_id == one, merge_suggestions.c.other_id == other
    )
    made: UUID = (await connection.execute(pair)).scalar_one()
    return made


async def are_different(connection: AsyncConnection, root_id: UUID, other_id: UUID) -> UUID | None:
    """The decision of staff that members of these two families are not one; ``None`` when there is none."""
    ours, theirs = await family_of(connection, root_id), await family_of(connection, other_id)
    shown = merge_suggestions.c
    pairs = [and_(shown.one_id.in_(one), shown.other_id.in_(other)) for one, other in ((ours, theirs), (theirs, ours))]
    query = select(shown.id).where(shown.decision == "different", or_(*pairs)).limit(1)
    found: UUID | None = (await connection.execute(query)).scalar()
    return found


async def undecided(connection: AsyncConnection, family: Iterable[UUID] | None, limit: int) -> list[MergeSuggestion]:
    """Undecided suggestions about two families, oldest first; with ``family`` those about one of its members."""
    shown = merge_suggestions.c
    one, other = contacts.alias("one"), contacts.alias("other")
    query = (
        select(shown.id, shown.one_id, shown.other_id, shown.reason, shown.at)
        .join(one, one.c.id == shown.one_id)
        .join(other, other.c.id == shown.other_id)
        .where(shown.decision.is_(None), one.c.root_id != other.c.root_id)
    )
    if family is not None:
        ids = list(family)
        query = query.where(or_(shown.one_id.in_(ids), shown.other_id.in_(ids)))
    rows = await connection.execute(query.order_by(shown.id).limit(limit))
    return [MergeSuggestion(**row._asdict()) for row in rows]
