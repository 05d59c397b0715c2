"""What was written down: for the operator without its content, for the developer's page with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outgoing.delivery import open_letter
from bot.outgoing.result import Letter
from bot.outgoing.tables import outgoing_messages
from crm_adapter.encryption import Keys
from crm_adapter.tables import data_keys


@dataclass(frozen=True, slots=True)
class Noted:
    """One message without what it says and to whom."""

    id: UUID
    kind: str
    purpose: str
    state: str
    attempts: int
    reason: str | None
    provider_id: str | None
    queued_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One message that would have been sent."""

    noted: Noted
    letter: Letter


_NOTED = tuple(outgoing_messages.c[name] for name in Noted.__slots__)


async def list_messages(connection: AsyncConnection, *, limit: int = 50) -> Sequence[Noted]:
    """The newest ``limit`` messages, newest first."""
    query = select(*_NOTED).order_by(outgoing_messages.c.queued_at.desc(), outgoing_messages.c.id.desc()).limit(limit)
    return [Noted(*row) for row in await connection.execute(query)]


async def list_shown(connection: AsyncConnection, keys: Keys, *, limit: int = 50) -> Sequence[Shown]:
    """The newest messages that no provider was there for, in the clear; those of erased contacts are left out."""
    table = outgoing_messages
    query = (
        select(table, data_keys.c.kek, data_keys.c.wrapped)
        .join(data_keys, data_keys.c.id == table.c.key_id)
        .where(table.c.state == "shown")
        .order_by(table.c.queued_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    return [Shown(Noted(**{name: row[name] for name in Noted.__slots__}), open_letter(keys, row)) for row in rows]
