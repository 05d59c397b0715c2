"""Interactions and contacts: what the CRM store holds, as the console lists it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import psycopg.errors
from aiohttp import web
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.decision import BEHAVIOUR, OutcomeKind
from bot.domain.message import Direction
from bot.settings import Locale
from bot.staff.roles import Permission
from bot.web.bodies import invalid
from bot.web.console.conversations import conversations_of
from bot.web.console.deeds import deed_name
from bot.web.console.naming import contact_name, plain_query
from bot.web.console.paging import identifier, page_of, page_reply, place_id, reply, text
from bot.web.console.seen import SEEN
from bot.web.console.unmask import veil_of
from bot.web.keys import ACCOUNTS, ENGINE, KEYS, LABEL_OF
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.reading import (
    ContactRow,
    InteractionRow,
    find_contact,
    list_contacts,
    list_interactions,
)
from crm_adapter.search.people import find_people
from crm_adapter.search.transcripts import search_interactions

# A word that is nowhere makes the search read everything; better to say so than to hold a connection for minutes.
_SEARCH_WITHIN_MS = 5000


@asynccontextmanager
async def _searching(request: web.Request) -> AsyncIterator[AsyncConnection]:
    try:
        async with request.app[ENGINE].begin() as connection:
            await connection.execute(
                sql("SELECT set_config('statement_timeout', :limit, true)"), {"limit": str(_SEARCH_WITHIN_MS)}
            )
            yield connection
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise Problem(503, "search_too_slow") from None
        raise


async def show_interactions(request: web.Request) -> web.Response:
    page, locale = page_of(request), locale_of(request)
    contact = text(request, "contact_id")
    contact_id = identifier(contact) if contact else None
    if contact and contact_id is None:
        raise invalid(("contact_id", "not_allowed"))
    async with _searching(request) as connection:
        rows = await interactions_of(
            request,
            connection,
            channel=text(request, "channel"),
            direction=text(request, "direction", of=get_args(Direction)),
            outcome=text(request, "outcome", of=(*get_args(OutcomeKind), BEHAVIOUR)),
            contact_id=contact_id,
            before=place_id(page.cursor),
            limit=page.asked,
        )
    label_of, veil = request.app[LABEL_OF], veil_of(request)
    request[SEEN].update(row.contact_id for row in rows[: page.limit])

    def shape(row: InteractionRow) -> dict[str, Any]:
        kind = row.outcome_kind
        label = None if kind is None else label_of(kind, row.outcome_ref, locale)
        if kind == BEHAVIOUR:
            label = deed_name(row.outcome_ref, locale)
        return {
            "id": row.id,
            "at": row.at,
            "contact": {
                "id": row.contact_id,
                "name": contact_name(row.contact_id, row.contact_name, locale),
            },
            "channel": row.channel,
            "account": row.account,
            "direction": row.direction,
            "content": veil.text(row.content),
            "outcome": {"kind": kind, "ref": row.outcome_ref, "label": label},
            "latency_ms": row.latency_ms,
            "conversation_id": row.conversation_id,
            "trace_id": row.trace_id,
        }

    return page_reply(page, rows, lambda row: str(row.id), shape)


async def interactions_of(request: web.Request, connection: AsyncConnection, **filters: Any) -> list[InteractionRow]:
    """Those that the query string asks for: all, or those in which a text or whose sender's name it is."""
    keys, query = request.app[KEYS], plain_query(text(request, "q"))
    if query is None:
        return await list_interactions(connection, keys, **filters)
    return await search_interactions(connection, keys, query, accounts=request.app[ACCOUNTS], **filters)


async def show_contacts(request: web.Request) -> web.Response:
    page, locale = page_of(request), locale_of(request)
    keys, query = request.app[KEYS], plain_query(text(request, "q"))
    async with _searching(request) as connection:
        among = None if query is None else await find_people(connection, keys, query, request.app[ACCOUNTS])
        rows = await list_contacts(
            connection,
            keys,
            among=among,
            before=place_id(page.cursor),
            limit=page.asked,
        )
    request[SEEN].update(row.id for row in rows[: page.limit])
    return page_reply(page, rows, lambda row: str(row.id), lambda row: _shape(row, locale))


async def show_contact(request: web.Request) -> web.Response:
    contact_id = identifier(request.match_info["id"])
    async with request.app[ENGINE].connect() as connection:
        found = await find_contact(connection, request.app[KEYS], contact_id) if contact_id else None
        if found is None:
            raise Problem(404, "unknown_contact")
        conversations = await conversations_of(connection, [one.id for one in found.identities])
    request[SEEN].add(found.contact.id)
    identities = [
        {
            "id": one.id,
            "channel": one.channel,
            "account": one.account,
            "external_id": one.external_id,
            "assurance": one.assurance,
            "created_at": one.created_at,
        }
        for one in found.identities
    ]
    return reply(
        {
            **_shape(found.contact, locale_of(request)),
            "identities": identities,
            "conversations": conversations,
        }
    )


def _shape(row: ContactRow, locale: Locale) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": contact_name(row.id, row.name, locale),
        "locale": row.locale,
        "created_at": row.created_at,
        "last_interaction_at": row.last_interaction_at,
        "channels": list(row.channels),
    }


ROUTES = (
    Route("GET", "/api/interactions", show_interactions, Permission.INTERACTIONS_READ),
    Route("GET", "/api/contacts", show_contacts, Permission.CONTACTS_READ),
    Route("GET", "/api/contacts/{id}", show_contact, Permission.CONTACTS_READ),
)
