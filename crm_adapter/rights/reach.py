"""Who else has a phone or an e-mail of somebody who is erased: perhaps the same person, for staff to decide."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers import facts as facts_of
from crm_adapter.customers import identities as identities_of
from crm_adapter.encryption import Keys
from crm_adapter.encryption.opening import opener_for
from crm_adapter.rights.tables import shared_reach
from crm_adapter.tables import contacts, facts, identities

MOST = 100
"""So many are told: a switchboard's number is everybody's."""


async def others_within_reach(connection: AsyncConnection, keys: Keys, family: Sequence[UUID]) -> list[UUID]:
    """Contacts outside the family with a phone or e-mail it has or once had; merged or quarantined ones too.

    Looked for by blind indexes, so it has to be asked while the family is still there.
    """
    values = await told_by(connection, keys, family)
    as_facts = [keys.blind(field, value) for field, value in values]
    as_accounts = [identities_of.blind_of(keys, field, value) for field, value in values]
    having = (
        select(facts.c.contact_id)
        .where(facts.c.blind.in_(as_facts), facts.c.superseded_at.is_(None), facts.c.contact_id.not_in(family))
        .limit(MOST)
    )
    holding = select(identities.c.contact_id).where(identities.c.blind.in_(as_accounts))
    found = {*await connection.scalars(having), *await connection.scalars(holding)}
    return sorted(found - set(family))[:MOST]


async def note_shared_reach(
    connection: AsyncConnection, erasure_id: UUID, contact_ids: Iterable[UUID], at: datetime
) -> None:
    """Keeps them beside the erasure until they are erased too, or for the days that retention gives it."""
    rows = [{"erasure_id": erasure_id, "contact_id": one, "at": at} for one in contact_ids]
    if rows:
        await connection.execute(insert(shared_reach), rows)


async def living(connection: AsyncConnection, erasure_id: UUID) -> tuple[UUID, ...]:
    """Those of them that are still there, by the root of their family, in id order."""
    query = (
        select(contacts.c.root_id)
        .join(shared_reach, shared_reach.c.contact_id == contacts.c.id)
        .where(shared_reach.c.erasure_id == erasure_id)
        .distinct()
        .order_by(contacts.c.root_id)
    )
    return tuple(await connection.scalars(query))


async def told_by(
    connection: AsyncConnection, keys: Keys, family: Sequence[UUID], fields: Sequence[str] = facts_of.FOUND_BY
) -> set[tuple[str, str]]:
    """Every value of these fields that the family has or once had, phones and e-mails of their accounts among them."""
    known = select(facts.c.id, facts.c.field, facts.c.sealed).where(
        facts.c.contact_id.in_(family), facts.c.field.in_(fields), facts.c.sealed.is_not(None)
    )
    held = select(identities.c.id, identities.c.channel, identities.c.sealed_external_id).where(
        identities.c.contact_id.in_(family), identities.c.channel.in_(facts_of.FOUND_BY)
    )
    told = (await connection.execute(known)).all()
    accounts = (await connection.execute(held)).all()
    sealed = (*(row.sealed for row in told), *(row.sealed_external_id for row in accounts))
    opener = await opener_for(connection, keys, sealed)
    values = [(row.field, opener.text(facts_of.PLACE, row.id, row.sealed)) for row in told]
    values += [(row.channel, opener.text(identities_of.PLACE, row.id, row.sealed_external_id)) for row in accounts]
    return {(field, value) for field, value in values if value}
