"""What became of the lines that we send ourselves, as the history shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.desk.outcomes import explain
from bot.desk.reach import messages_of
from bot.domain.message import Body
from bot.web.keys import PUBLIC_URL
from bot.web.language import locale_of

_READ = text(
    "SELECT o.message_id, o.state, coalesce(o.due_at = 'infinity' AND o.state = 'queued', false) AS held, o.route,"
    " o.reason, o.error_code, o.rid, o.parts, o.settled_at, s.kind AS settled_as,"
    " p.display_name AS settled_by"
    " FROM bot.outbox o"
    " LEFT JOIN LATERAL (SELECT s.agent_id, s.kind FROM bot.desk_steps s WHERE s.conversation_id = o.conversation_id"
    "     AND s.message_id = o.message_id AND s.kind IN ('arrived', 'again') ORDER BY s.at DESC LIMIT 1) s ON true"
    " LEFT JOIN bot.staff p ON p.id = s.agent_id"
    " WHERE o.conversation_id = :conversation AND o.message_id = ANY(:messages) AND o.due_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """``held``: it goes out with the customer's next message. ``parts`` of its messages were sent so far.
    ``settled_by`` is the person who said that it has ``arrived``, or had it sent ``again``."""

    message_id: UUID
    state: str
    held: bool
    route: str | None
    reason: str | None
    error_code: str | None
    rid: str | None
    parts: int
    settled_at: datetime | None
    settled_as: str | None
    settled_by: str | None


async def read_deliveries(
    connection: AsyncConnection, conversation_id: UUID | None, message_ids: Sequence[UUID]
) -> Mapping[UUID, Delivery]:
    """Those of these messages that go out by themselves; others are fetched, and known by their receipts."""
    values = {"conversation": conversation_id, "messages": list(message_ids)}
    return {row.message_id: Delivery(*row) for row in await connection.execute(_READ, values)}


def delivery_json(request: web.Request, told: Delivery, channel: str, locale: str, body: Body) -> dict[str, Any]:
    """``why`` is in the reader's language, ``rid`` for WeChat's support; ``messages`` says it in all, ``parts`` were
    sent one by one."""
    words = explain(channel, told.state, told.reason, told.error_code, locale_of(request))
    # Files may have gone as links in the text: what was sent was counted then.
    known = told.held or told.route == "passive" or (told.state == "sent" and told.settled_at is None)
    count = len(messages_of(body, channel, locale, request.app[PUBLIC_URL], files=not known))
    return {
        "route": told.route,
        "reason": told.reason,
        "why": words,
        "code": told.error_code,
        "rid": told.rid,
        "messages": max(count, told.parts),
        "parts": told.parts,
        "settled_at": told.settled_at,
        "settled_as": told.settled_as,
        "settled_by": told.settled_by,
    }
