"""Which contacts are one customer: what is suggested to staff, what staff decides and takes back."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.guard import actor_of
from bot.web.console.naming import names_in
from bot.web.console.paging import LIMIT, contact_in, id_in, number, reply
from bot.web.console.seen import SEEN
from bot.web.keys import CRM
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.port import UnknownRecord
from crm_adapter.records.customers import MergeSuggestion


class _Decision(Body):
    decision: Literal["merged", "different"]


class _Merge(Body):
    """``source_id`` becomes part of the contact in the path."""

    source_id: Annotated[UUID, Field(strict=False)]
    reason: Annotated[Line, Field(min_length=1, max_length=200)]


async def show_suggestions(request: web.Request) -> web.Response:
    limit = number(request, "limit", default=50, low=1, high=LIMIT)
    found = await request.app[CRM].merge_suggestions(limit=limit)
    sides = {side for one in found for side in (one.one_id, one.other_id)}
    request[SEEN].update(sides)
    names = await names_in(request, sides)
    return reply({"items": [suggestion_shape(one, names) for one in found], "next": None})


async def decide(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Decision)
    both = await request.app[CRM].decide_suggestion(id_in(request), wanted.decision, actor_of(request))
    request[SEEN].update(both)
    return web.Response(status=204)


async def merge(request: web.Request) -> web.Response:
    target_id, wanted = contact_in(request), await read_model(request, _Merge)
    crm = request.app[CRM]
    try:
        merge_id = await crm.merge(wanted.source_id, target_id, actor_of(request), wanted.reason)
        contact = await crm.contact(target_id)
    except UnknownRecord:
        raise Problem(404, "unknown_contact") from None
    request[SEEN].update((contact.id, *contact.merged))
    return reply({"merge_id": merge_id, "contact_id": contact.id, "version": contact.version}, 201)


async def undo(request: web.Request) -> web.Response:
    request[SEEN].update(await request.app[CRM].unmerge(id_in(request), actor_of(request)))
    return web.Response(status=204)


def suggestion_shape(one: MergeSuggestion, names: Mapping[UUID, str]) -> dict[str, Any]:
    """A question to staff; ``reason`` is a code such as ``same_phone``."""
    return {
        "id": one.id,
        "one_id": one.one_id,
        "one_name": names[one.one_id],
        "other_id": one.other_id,
        "other_name": names[one.other_id],
        "reason": one.reason,
        "at": one.at,
    }


ROUTES = (
    Route("GET", "/api/merge-suggestions", show_suggestions, Permission.CONTACTS_READ),
    Route("POST", "/api/merge-suggestions/{id}", decide, Permission.CONTACTS_MERGE),
    Route("POST", "/api/contacts/{id}/merge", merge, Permission.CONTACTS_MERGE),
    Route("POST", "/api/merges/{id}/undo", undo, Permission.CONTACTS_MERGE),
)
