"""Organisations: what they are, and who belongs to them (CP10)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import contact_row, members_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.port import BadField, Refused
from crm_adapter.records.value import Membership, Organisation
from crm_adapter.tables import contacts
from crm_adapter.value.tables import memberships, organisations

SIZES = ("micro", "small", "medium", "large")
LONGEST = 64


async def store_organisation(connection: AsyncConnection, wanted: Organisation, now: datetime) -> None:
    """Sets industry, size and region of an organisation.

    Raises :class:`BadField`, :class:`Refused` ``not_an_organisation`` and :class:`~crm_adapter.port.UnknownRecord`.
    """
    if wanted.size is not None and wanted.size not in SIZES:
        raise BadField("size", "not_allowed")
    for field, value in (("industry", wanted.industry), ("region", wanted.region)):
        if value is not None:
            _word(field, value)
    root_id = await _organisation(connection, wanted.contact_id)
    values = {"industry": wanted.industry, "size": wanted.size, "region": wanted.region}
    put = upsert(organisations).values(contact_id=root_id, updated_at=now, **values)
    put = put.on_conflict_do_update(index_elements=["contact_id"], set_={**values, "updated_at": now})
    await connection.execute(put)
    await note_change(connection, "contact", [root_id])


async def read_organisation(connection: AsyncConnection, contact_id: UUID) -> Organisation | None:
    """What is known of it: the root's word before that of its members, the newest before older; ``None`` if nothing."""
    root_id = await root_of(connection, contact_id)
    query = (
        select(organisations)
        .join(contacts, contacts.c.id == organisations.c.contact_id)
        .where(contacts.c.root_id == root_id)
        .order_by((contacts.c.id == contacts.c.root_id).desc(), organisations.c.updated_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return Organisation(root_id, row.industry, row.size, row.region) if row else None


async def join(
    connection: AsyncConnection, organisation_id: UUID, person_id: UUID, role: str, now: datetime
) -> Membership:
    """Makes the person a member with that role; the membership as it stands when they are one already.

    Raises :class:`BadField`, :class:`Refused` ``not_an_organisation`` or ``not_a_person``, and
    :class:`~crm_adapter.port.UnknownRecord`.
    """
    _word("role", role)
    await _organisation(connection, organisation_id)
    person = await contact_row(connection, person_id)
    if person.kind != "person":
        raise Refused("not_a_person")
    present = _present(organisation_id, person_id)
    changed = update(memberships).where(present).values(role=role).returning(*memberships.c)
    row = (await connection.execute(changed)).one_or_none()
    if row is None:
        new = upsert(memberships).values(
            id=uuid7(), organisation_id=organisation_id, person_id=person_id, role=role, since=now
        )
        await connection.execute(new.on_conflict_do_nothing())
        row = (await connection.execute(select(memberships).where(present))).one()
    await note_change(connection, "membership", (organisation_id, person_id), row.id)
    return Membership(**row._mapping)


async def leave(connection: AsyncConnection, organisation_id: UUID, person_id: UUID, now: datetime) -> None:
    """Ends the membership; none there is fine."""
    ended = update(memberships).where(_present(organisation_id, person_id)).values(until=now)
    for membership_id in (await connection.execute(ended.returning(memberships.c.id))).scalars():
        await note_change(connection, "membership", (organisation_id, person_id), membership_id)


async def read_memberships(
    connection: AsyncConnection, side: ColumnElement[UUID], contact_id: UUID, *, former: bool
) -> Sequence[Membership]:
    """Memberships whose ``side`` (a column) is in the contact's family, oldest first; ``former`` ones too if asked."""
    root_id = await root_of(connection, contact_id)
    family = members_of(root_id)
    query = select(memberships).where(side.in_(family)).order_by(memberships.c.since, memberships.c.id)
    if not former:
        query = query.where(memberships.c.until.is_(None))
    return [Membership(**row._mapping) for row in await connection.execute(query)]


async def _organisation(connection: AsyncConnection, contact_id: UUID) -> UUID:
    contact = await contact_row(connection, contact_id)
    if contact.kind != "organisation":
        raise Refused("not_an_organisation")
    root_id: UUID = contact.root_id
    return root_id


def _present(organisation_id: UUID, person_id: UUID) -> ColumnElement[bool]:
    return (
        (memberships.c.organisation_id == organisation_id)
        & (memberships.c.person_id == person_id)
        & memberships.c.until.is_(None)
    )


def _word(field: str, value: str) -> None:
    if not value.strip():
        raise BadField(field, "missing")
    if len(value) > LONGEST:
        raise BadField(field, "too_long")
    if not value.isprintable():
        raise BadField(field, "not_allowed")
