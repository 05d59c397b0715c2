"""What people read from the CRM store: interactions and contacts, newest first, in pages, opened for the reader.

Keys are UUIDv7: they grow with the time of recording, so the id is both the order and the place where the next
page begins, and the primary key serves both. What cannot be opened any more is ``None``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import Keys
from crm_adapter.encryption.opening import Opener, opener_for
from crm_adapter.tables import contacts, facts, identities, interactions

ENDING = 4
"""How many last digits of a contact's id tell nameless contacts apart on a screen."""


@dataclass(frozen=True, slots=True)
class InteractionRow:
    """One interaction (CH2). ``latency_ms`` is the time from the message to its committed answer."""

    id: UUID
    at: datetime
    contact_id: UUID
    contact_name: str | None
    channel: str
    account: str
    direction: str
    content: str | None
    outcome_kind: str | None
    outcome_ref: str | None
    latency_ms: float | None
    conversation_id: UUID | None
    trace_id: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact; ``name`` is ``None`` for a visitor who never told it."""

    id: UUID
    name: str | None
    locale: str
    created_at: datetime
    last_interaction_at: datetime | None
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityRow:
    id: UUID
    channel: str
    account: str
    external_id: str | None
    assurance: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactDetail:
    contact: ContactRow
    identities: tuple[IdentityRow, ...]


async def list_interactions(
    connection: AsyncConnection,
    keys: Keys,
    *,
    channel: str | None = None,
    direction: str | None = None,
    outcome: str | None = None,
    contact_id: UUID | None = None,
    among: Iterable[UUID] | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[InteractionRow]:
    """Interactions older than ``before``; with ``among`` only those of these ids."""
    name = _name_of(contacts.c.id)
    query = (
        select(
            interactions.c.id,
            interactions.c.occurred_at.label("at"),
            contacts.c.id.label("contact_id"),
            name.c.id.label("name_id"),
            name.c.sealed.label("sealed_name"),
            interactions.c.channel,
            interactions.c.account,
            interactions.c.direction,
            interactions.c.sealed_content,
            interactions.c.outcome_kind,
            interactions.c.outcome_ref,
            interactions.c.latency_ms,
            interactions.c.conversation_id,
            interactions.c.trace_id,
        )
        .select_from(
            interactions.join(identities, identities.c.id == interactions.c.identity_id)
            .join(contacts, contacts.c.id == identities.c.contact_id)
            .outerjoin(name, name.c.sealed.is_not(None))
        )
        .order_by(interactions.c.id.desc())
        .limit(limit)
    )
    wanted = {
        interactions.c.channel: channel,
        interactions.c.direction: direction,
        interactions.c.outcome_kind: outcome,
        contacts.c.id: contact_id,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if among is not None:
        query = query.where(interactions.c.id.in_(list(among)))
    if before is not None:
        query = query.where(interactions.c.id < before)
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (one for row in rows for one in (row.sealed_content, row.sealed_name)))
    return [
        InteractionRow(
            contact_name=opener.text("facts.value", row.name_id, row.sealed_name),
            content=opener.text("interactions.content", row.id, row.sealed_content),
            **{name: value for name, value in row._asdict().items() if name in InteractionRow.__slots__},
        )
        for row in rows
    ]


async def list_contacts(
    connection: AsyncConnection,
    keys: Keys,
    *,
    among: Iterable[UUID] | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[ContactRow]:
    """Contacts made before ``before``; with ``among`` only those of these ids."""
    query = _contacts().where(contacts.c.root_id == contacts.c.id).order_by(contacts.c.id.desc()).limit(limit)
    if among is not None:
        query = query.where(contacts.c.id.in_(list(among)))
    if before is not None:
        query = query.where(contacts.c.id < before)
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed_name for row in rows))
    return [_contact(row, opener) for row in rows]


async def find_contact(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> ContactDetail | None:
    """One contact with its identities, oldest first; ``None`` when there is none of that id."""
    row = (await connection.execute(_contacts().where(contacts.c.id == contact_id))).one_or_none()
    if row is None:
        return None
    query = (
        select(
            identities.c.id,
            identities.c.channel,
            identities.c.account,
            identities.c.sealed_external_id,
            identities.c.assurance,
            identities.c.created_at,
        )
        .where(identities.c.contact_id == contact_id)
        .order_by(identities.c.id)
    )
    known_as = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed_name, *(one.sealed_external_id for one in known_as)))
    return ContactDetail(
        _contact(row, opener),
        tuple(
            IdentityRow(
                id=one.id,
                channel=one.channel,
                account=one.account,
                external_id=opener.text("identities.external_id", one.id, one.sealed_external_id),
                assurance=one.assurance,
                created_at=one.created_at,
            )
            for one in known_as
        ),
    )


async def names_of(connection: AsyncConnection, keys: Keys, contact_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What these contacts are called, each by its own name before one of a contact merged into it; the nameless are
    left out."""
    member = contacts.alias("member")
    query = (
        select(contacts.c.id.label("contact_id"), facts.c.id, facts.c.sealed)
        .join(member, or_(member.c.id == contacts.c.id, member.c.root_id == contacts.c.id))
        .join(facts, facts.c.contact_id == member.c.id)
        .where(
            contacts.c.id.in_(list(contact_ids)),
            facts.c.field == "name",
            facts.c.sealed.is_not(None),
            facts.c.superseded_at.is_(None),
        )
        .order_by(contacts.c.id, case((member.c.id == contacts.c.id, 0), else_=1), facts.c.at.desc())
    )
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed for row in rows))
    names: dict[UUID, str] = {}
    for row in rows:
        if row.contact_id not in names and (name := opener.text("facts.value", row.id, row.sealed)):
            names[row.contact_id] = name
    return names


def _contacts() -> Select[Any]:
    of_contact = identities.c.contact_id == contacts.c.id
    # The newest row per identity first: each is one step into the index (identity_id, id).
    newest = (
        select(interactions.c.occurred_at)
        .where(interactions.c.identity_id == identities.c.id)
        .order_by(interactions.c.id.desc())
        .limit(1)
        .correlate(identities)
        .scalar_subquery()
    )
    last = select(func.max(newest)).where(of_contact).correlate(contacts).scalar_subquery()
    channels = (
        select(func.array_agg(identities.c.channel.distinct())).where(of_contact).correlate(contacts).scalar_subquery()
    )
    name = _name_of(contacts.c.id)
    return select(
        contacts.c.id,
        name.c.id.label("name_id"),
        name.c.sealed.label("sealed_name"),
        contacts.c.locale,
        contacts.c.created_at,
        last.label("last_interaction_at"),
        channels.label("channels"),
    ).select_from(contacts.outerjoin(name, name.c.sealed.is_not(None)))


def _name_of(contact: ColumnElement[UUID]) -> Any:
    """The name that stands: the root's own before one of a contact merged into it, then the newest."""
    member = contacts.alias("member")
    return (
        select(facts.c.id, facts.c.sealed)
        .join(member, member.c.id == facts.c.contact_id)
        .where(member.c.root_id == contact, facts.c.field == "name", facts.c.superseded_at.is_(None))
        .order_by(case((member.c.id == contact, 0), else_=1), facts.c.at.desc())
        .limit(1)
        .correlate(contacts)
        .lateral("name")
    )


def _contact(row: Row[Any], opener: Opener) -> ContactRow:
    return ContactRow(
        id=row.id,
        name=opener.text("facts.value", row.name_id, row.sealed_name),
        locale=row.locale,
        created_at=row.created_at,
        last_interaction_at=row.last_interaction_at,
        channels=tuple(sorted(row.channels or ())),
    )
