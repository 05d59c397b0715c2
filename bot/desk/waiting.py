"""Who waits for a person and who is being looked after, as the people at the desk see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.message import Body
from bot.staff.tables import staff
from bot.storage.bodies import open_body
from bot.storage.tables import conversations, messages
from crm_adapter.encryption import Keys
from crm_adapter.encryption.opening import Opener, opener_for
from crm_adapter.reading import names_of
from crm_adapter.sharing.access import contacts_behind

SHOWN = 200
"""Of each kind at most."""

_OPEN = conversations.c.closed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Visit:
    """One conversation at the desk. ``last`` is what the customer wrote last, ``theirs`` whether nobody has answered
    it; ``note`` goes along with the hand-over: ``reason``, ``asked`` and ``tried``."""

    conversation_id: UUID
    contact_id: UUID | None
    name: str | None
    channel: str
    account: str
    locale: str
    owner: str
    agent_id: UUID | None
    agent_name: str | None
    fence: int
    urgent: bool
    queued_at: datetime | None
    last_at: datetime
    closed_at: datetime | None
    last: Body | None
    theirs: bool
    note: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class News:
    """``cursor`` differs whenever the desk has changed; ids and counts only."""

    cursor: str
    waiting: int
    oldest: datetime | None


async def read_queue(connection: AsyncConnection, keys: Keys) -> tuple[list[Visit], int]:
    """Who waits (the urgent first, then by time) and then who is with a person (by time); and how many wait in all."""
    order = (conversations.c.urgent.desc(), conversations.c.queued_at, conversations.c.id)
    rows: list[Row[Any]] = []
    for owner in ("queue", "agent"):
        query = _visits().where(_OPEN, conversations.c.owner == owner).order_by(*order).limit(SHOWN)
        rows += (await connection.execute(query)).all()
    total = select(func.count()).select_from(conversations).where(_OPEN, conversations.c.owner == "queue")
    return await _opened(connection, keys, rows), int(await connection.scalar(total) or 0)


async def read_visit(connection: AsyncConnection, keys: Keys, conversation_id: UUID) -> Visit | None:
    """One conversation, whoever has it, also when it is closed."""
    rows = (await connection.execute(_visits().where(conversations.c.id == conversation_id))).all()
    found = await _opened(connection, keys, rows)
    return found[0] if found else None


async def read_news(connection: AsyncConnection) -> News:
    """Cheap, and shows nothing of any customer. What became of lines that we send ourselves is news as well."""
    parts = (conversations.c.id, conversations.c.owner, conversations.c.fence, conversations.c.last_seq)
    sending = case((func.bot.pushes(conversations.c.channel), func.bot.sending_mark(conversations.c.id)))
    each = func.concat_ws(" ", *parts, conversations.c.urgent, sending)
    waits = conversations.c.owner == "queue"
    query = select(
        func.md5(func.coalesce(func.string_agg(each, aggregate_order_by(literal(","), conversations.c.id)), "")),
        func.count().filter(waits),
        func.min(conversations.c.queued_at).filter(waits),
    ).where(_OPEN, conversations.c.owner != "bot")
    return News(*(await connection.execute(query)).one())


def _visits() -> Select[Any]:
    lines = messages.c.conversation_id == conversations.c.id
    newest = select(messages.c.direction).where(lines).order_by(messages.c.seq.desc()).limit(1).lateral("newest")
    said = (
        select(messages.c.id, messages.c.sealed_body)
        .where(lines, messages.c.direction == "in")
        .order_by(messages.c.seq.desc())
        .limit(1)
        .lateral("said")
    )
    return select(
        conversations,
        newest.c.direction,
        said.c.id.label("said_id"),
        said.c.sealed_body,
        staff.c.display_name.label("agent_name"),
    ).select_from(
        conversations.outerjoin(newest, true())
        .outerjoin(said, true())
        .outerjoin(staff, staff.c.id == conversations.c.agent_id)
    )


async def _opened(connection: AsyncConnection, keys: Keys, rows: Sequence[Row[Any]]) -> list[Visit]:
    if not rows:
        return []
    whose = await contacts_behind(connection, {row.identity_id for row in rows})
    names = await names_of(connection, keys, set(whose.values()))
    opener = await opener_for(connection, keys, (one for row in rows for one in (row.sealed_body, row.sealed_note)))
    return [_visit(row, whose.get(row.identity_id), names, opener) for row in rows]


def _visit(row: Row[Any], contact_id: UUID | None, names: dict[UUID, str], opener: Opener) -> Visit:
    sealed = row.sealed_body
    return Visit(
        conversation_id=row.id,
        contact_id=contact_id,
        name=None if contact_id is None else names.get(contact_id),
        channel=row.channel,
        account=row.account,
        locale=row.locale,
        owner=row.owner,
        agent_id=row.agent_id,
        agent_name=row.agent_name,
        fence=row.fence,
        urgent=row.urgent,
        queued_at=row.queued_at,
        last_at=row.last_at,
        closed_at=row.closed_at,
        last=None if sealed is None else open_body(opener.key(sealed), row.said_id, sealed),
        theirs=row.direction == "in",
        note=opener.value("conversations.note", row.id, row.sealed_note),
    )
