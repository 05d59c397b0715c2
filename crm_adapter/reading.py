"""What people read from the CRM store: interactions and contacts, newest first, in pages.

Keys are UUIDv7: they grow with the time of recording, so the id is both the order and the place where the next
page begins, and the primary key serves both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.tables import contacts, identities, interactions

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
    content: str
    outcome_kind: str | None
    outcome_ref: str | None
    latency_ms: float | None
    conversation_id: UUID
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
    external_id: str
    assurance: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactDetail:
    contact: ContactRow
    identities: tuple[IdentityRow, ...]


async def list_interactions(
    connection: AsyncConnection,
    *,
    text: str | None = None,
    channel: str | None = None,
    direction: str | None = None,
    outcome: str | None = None,
    contact_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[InteractionRow]:
    """Interactions older than ``before``; ``text`` is looked for in the content and in the contact's name."""
    query = (
        select(
            interactions.c.id,
            interactions.c.occurred_at.label("at"),
            contacts.c.id.label("contact_id"),
            contacts.c.display_name.label("contact_name"),
            interactions.c.channel,
            interactions.c.account,
            interactions.c.direction,
            interactions.c.content,
            interactions.c.outcome_kind,
            interactions.c.outcome_ref,
            interactions.c.latency_ms,
            interactions.c.conversation_id,
            interactions.c.trace_id,
        )
        .select_from(
            interactions.join(identities, identities.c.id == interactions.c.identity_id).join(
                contacts, contacts.c.id == identities.c.contact_id
            )
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
    if text is not None:
        query = query.where(
            or_(
                interactions.c.content.icontains(text, autoescape=True),
                contacts.c.display_name.icontains(text, autoescape=True),
                _nameless_with(text),
            )
        )
    if before is not None:
        query = query.where(interactions.c.id < before)
    return [InteractionRow(**row._asdict()) for row in await connection.execute(query)]


async def list_contacts(
    connection: AsyncConnection, *, text: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[ContactRow]:
    """Contacts made before ``before``; ``text`` is looked for in names and in the ids that channels know them by."""
    query = select(*_contact_columns()).order_by(contacts.c.id.desc()).limit(limit)
    if text is not None:
        known_as = exists().where(
            identities.c.contact_id == contacts.c.id, identities.c.external_id.icontains(text, autoescape=True)
        )
        query = query.where(
            or_(contacts.c.display_name.icontains(text, autoescape=True), known_as, _nameless_with(text))
        )
    if before is not None:
        query = query.where(contacts.c.id < before)
    return [_contact(row) for row in await connection.execute(query)]


async def find_contact(connection: AsyncConnection, contact_id: UUID) -> ContactDetail | None:
    """One contact with its identities, oldest first; ``None`` when there is none of that id."""
    row = (await connection.execute(select(*_contact_columns()).where(contacts.c.id == contact_id))).one_or_none()
    if row is None:
        return None
    query = (
        select(
            identities.c.id,
            identities.c.channel,
            identities.c.account,
            identities.c.external_id,
            identities.c.assurance,
            identities.c.created_at,
        )
        .where(identities.c.contact_id == contact_id)
        .order_by(identities.c.id)
    )
    found = tuple(IdentityRow(**identity._asdict()) for identity in await connection.execute(query))
    return ContactDetail(_contact(row), found)


def _contact_columns() -> Sequence[ColumnElement[Any]]:
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
    return (
        contacts.c.id,
        contacts.c.display_name.label("name"),
        contacts.c.locale,
        contacts.c.created_at,
        last.label("last_interaction_at"),
        channels.label("channels"),
    )


def _contact(row: Row[Any]) -> ContactRow:
    values = row._asdict()
    return ContactRow(**{**values, "channels": tuple(sorted(values["channels"] or ()))})


def _nameless_with(text: str) -> ColumnElement[bool]:
    """Contacts without a name are called by the end of their id; what a screen shows can be searched for."""
    ending = text[-ENDING:].lower()
    return contacts.c.display_name.is_(None) & (func.right(cast(contacts.c.id, String), ENDING) == ending)
