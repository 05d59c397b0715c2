"""Contacts by name, phone, e-mail, channel id or the end of their own id."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.fields import normalise
from crm_adapter.encryption import Keys
from crm_adapter.encryption.opening import opener_for
from crm_adapter.port import BadField
from crm_adapter.reading import ENDING
from crm_adapter.search.find import find
from crm_adapter.search.grams import matches
from crm_adapter.tables import contacts, facts, identities

MOST = 200


async def find_people(connection: AsyncConnection, keys: Keys, text: str, accounts: Sequence[str]) -> list[UUID]:
    """The roots of the families that ``text`` names: part of a name, a whole phone, e-mail or channel id, or the
    last digits of the contact's id, by which screens tell nameless contacts apart.

    Channel ids are looked for in these ``accounts``. At most :data:`MOST` of each kind, newest first.
    """
    found = [
        *await _by_name(connection, keys, text),
        *await _by_index(connection, keys, text, accounts),
        *await _by_ending(connection, text),
    ]
    if not found:
        return []
    query = select(contacts.c.root_id).where(contacts.c.id.in_(found)).distinct().order_by(contacts.c.root_id.desc())
    return list((await connection.execute(query)).scalars())


async def _by_name(connection: AsyncConnection, keys: Keys, text: str) -> list[UUID]:
    candidates = await find(connection, keys, text, "name", MOST)
    query = select(facts.c.id, facts.c.contact_id, facts.c.sealed).where(
        facts.c.id.in_(candidates), facts.c.superseded_at.is_(None), facts.c.sealed.is_not(None)
    )
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed for row in rows))
    named = ((row.contact_id, opener.text("facts.value", row.id, row.sealed)) for row in rows)
    return [contact_id for contact_id, name in named if name is not None and matches(name, text)]


async def _by_index(connection: AsyncConnection, keys: Keys, text: str, accounts: Sequence[str]) -> list[UUID]:
    blinds = []
    for field in ("phone", "email"):
        try:
            value = normalise(field, text)
        except BadField:
            continue
        if value is not None:
            blinds.append(keys.blind(field, value))
    known_as = [keys.blind("identity", account, text) for account in accounts]
    by_fact = select(facts.c.contact_id).where(facts.c.blind.in_(blinds), facts.c.superseded_at.is_(None))
    by_identity = select(identities.c.contact_id).where(identities.c.blind.in_(known_as))
    return [
        *(await connection.execute(by_fact.limit(MOST))).scalars(),
        *(await connection.execute(by_identity.limit(MOST))).scalars(),
    ]


async def _by_ending(connection: AsyncConnection, text: str) -> list[UUID]:
    if len(text) != ENDING:
        return []
    # Word for word the expression of the index contacts_ending_idx.
    ending = func.right(cast(contacts.c.id, Text), literal_column(str(ENDING)))
    query = select(contacts.c.id).where(ending == text.lower()).order_by(contacts.c.id.desc()).limit(MOST)
    return list((await connection.execute(query)).scalars())
