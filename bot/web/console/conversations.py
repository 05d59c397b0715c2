"""Conversations and their messages, as staff read them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.roles import Permission
from bot.storage.bodies import open_body
from bot.storage.tables import conversations, messages, outbox
from bot.web.console.deliveries import Delivery, delivery_json, read_deliveries
from bot.web.console.paging import LIMIT, identifier, number, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import ENGINE, KEYS
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.encryption.opening import Opener, opener_for
from crm_adapter.sharing.access import contact_behind

_LAST_SEQ = 2**31 - 1


async def conversations_of(connection: AsyncConnection, identities: Sequence[UUID]) -> list[dict[str, Any]]:
    """The conversations of these identities, newest first, 200 at most."""
    query = (
        select(
            conversations.c.id,
            conversations.c.account,
            conversations.c.opened_at,
            conversations.c.closed_at,
            conversations.c.owner,
            conversations.c.last_seq,
        )
        .where(conversations.c.identity_id.in_(identities))
        .order_by(conversations.c.opened_at.desc(), conversations.c.id.desc())
        .limit(LIMIT)
    )
    return [row._asdict() for row in await connection.execute(query)]


async def show_messages(request: web.Request) -> web.Response:
    """``next`` is the ``after`` of the following page; ``null`` at the conversation's end."""
    conversation_id = identifier(request.match_info["id"])
    after = number(request, "after", default=0, low=0, high=_LAST_SEQ)
    limit = number(request, "limit", default=50, low=1, high=LIMIT)
    veil = veil_of(request)
    async with request.app[ENGINE].connect() as connection:
        found = (
            await connection.execute(
                select(
                    conversations.c.identity_id,
                    conversations.c.channel,
                    conversations.c.locale,
                    conversations.c.received_seq,
                    conversations.c.read_seq,
                ).where(conversations.c.id == conversation_id)
            )
        ).one_or_none()
        if found is None:
            raise Problem(404, "unknown_conversation")
        rows = await _messages(connection, conversation_id, after, limit + 1)
        told = await read_deliveries(connection, conversation_id, [row.id for row in rows[:limit]])
        opener = await opener_for(connection, request.app[KEYS], (row.sealed_body for row in rows))
        contact_id = await contact_behind(connection, found.identity_id)
    if contact_id is not None:
        request[SEEN].add(contact_id)
    items = [_shape(request, row, opener, veil, found, told.get(row.id)) for row in rows[:limit]]
    following = str(items[-1]["seq"]) if len(rows) > limit else None
    return reply({"items": items, "next": following})


async def _messages(
    connection: AsyncConnection, conversation_id: UUID | None, after: int, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    query = (
        select(
            messages.c.seq,
            messages.c.id,
            messages.c.direction,
            messages.c.author,
            messages.c.sealed_body,
            messages.c.at,
            outbox.c.state,
            outbox.c.reason,
        )
        .outerjoin(outbox, outbox.c.message_id == messages.c.id)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


def _shape(
    request: web.Request,
    row: Row[*tuple[Any, ...]],
    opener: Opener,
    veil: Veil,
    talk: Row[*tuple[Any, ...]],
    told: Delivery | None,
) -> dict[str, Any]:
    body = open_body(opener.key(row.sealed_body), row.id, row.sealed_body)
    return {
        "seq": row.seq,
        "id": row.id,
        "direction": row.direction,
        "author": row.author,
        "body": veil.body(body),
        "at": row.at,
        "state": "held" if told is not None and told.held else _state(row, talk.received_seq, talk.read_seq),
        "delivery": None if told is None else delivery_json(request, told, talk.channel, talk.locale, body),
    }


def _state(row: Row[*tuple[Any, ...]], received_seq: int, read_seq: int) -> str:
    """How far a message got: ours up to the customer's own receipts, else what the outbox knows of it."""
    if row.direction == "in":
        return "received"
    if row.seq <= read_seq:
        return "read"
    if row.seq <= received_seq:
        return "received"
    if row.reason == "taken_over":
        return "cancelled"  # by us, when a person took over: nothing has gone wrong
    return row.state or "sent"


ROUTES = (Route("GET", "/api/conversations/{id}/messages", show_messages, Permission.CONVERSATIONS_READ),)
