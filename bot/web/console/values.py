"""What a customer is worth and where they stand: class, stage, tags, figures, orders; organisations (CP5-CP7, CP10)."""

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from bot.settings import Locale
from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.cases import Id, Prose
from bot.web.console.guard import actor_of
from bot.web.console.naming import names_in
from bot.web.console.paging import id_in, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM
from bot.web.language import locale_of
from bot.web.routes import Route
from crm_adapter.records.value import Membership, Order, Organisation, Standing, StandingChange, Tag
from crm_adapter.value.rules import Rules

ORDERS_SHOWN = 50
CHANGES_SHOWN = 100
_Reason = Annotated[Prose, Field(max_length=1000)]


class _Tag(Body):
    name: Annotated[Line, Field(max_length=100)]
    reason: _Reason = ""


class _Organisation(Body):
    industry: Annotated[Line, Field(max_length=64)] | None = None
    size: Literal["micro", "small", "medium", "large"] | None = None
    region: Annotated[Line, Field(max_length=64)] | None = None


class _Member(Body):
    person_id: Id
    role: Annotated[Line, Field(min_length=1, max_length=64)]


async def show_value(request: web.Request) -> web.Response:
    contact_id, crm = id_in(request), request.app[CRM]
    locale, veil, rules = locale_of(request), veil_of(request), crm.rules
    standing, figures = await crm.standing(contact_id), await crm.figures(contact_id)
    tags, orders = await crm.tags(contact_id), await crm.orders(contact_id, limit=ORDERS_SHOWN)
    changes = await crm.standing_changes(contact_id, limit=CHANGES_SHOWN)
    request[SEEN].add(contact_id)
    return reply(
        {
            **_standing(standing, rules, locale),
            "tags": [_tag(tag, rules, locale, veil) for tag in tags],
            "figures": None if figures is None else {**asdict(figures), "currency": rules.currency},
            "orders": [order_shape(order) for order in orders],
            "changes": [_change(change, rules, locale, veil) for change in changes],
        }
    )


async def assess(request: web.Request) -> web.Response:
    contact_id, crm = id_in(request), request.app[CRM]
    standing = await crm.assess(contact_id)
    request[SEEN].add(contact_id)
    return reply(_standing(standing, crm.rules, locale_of(request)))


async def add_tag(request: web.Request) -> web.Response:
    contact_id = id_in(request)
    wanted = await read_model(request, _Tag)
    await request.app[CRM].tag(contact_id, wanted.name, actor_of(request), wanted.reason)
    return await _tags(request, contact_id)


async def remove_tag(request: web.Request) -> web.Response:
    contact_id = id_in(request)
    wanted = await read_model(request, _Tag)
    await request.app[CRM].untag(contact_id, wanted.name, actor_of(request), wanted.reason)
    return await _tags(request, contact_id)


async def show_organisation(request: web.Request) -> web.Response:
    contact_id, crm = id_in(request), request.app[CRM]
    known = await crm.organisation(contact_id)
    members, belongs_to = await crm.members(contact_id), await crm.organisations_of(contact_id)
    people = {one.person_id for one in members}
    houses = {one.organisation_id for one in belongs_to}
    request[SEEN].update({contact_id, *people, *houses})
    names = await names_in(request, people | houses)
    return reply(
        {
            "industry": known.industry if known else None,
            "size": known.size if known else None,
            "region": known.region if known else None,
            "members": [_membership(one, names[one.person_id]) for one in members],
            "member_of": [_membership(one, names[one.organisation_id]) for one in belongs_to],
        }
    )


async def change_organisation(request: web.Request) -> web.Response:
    contact_id = id_in(request)
    wanted = await read_model(request, _Organisation)
    await request.app[CRM].set_organisation(Organisation(contact_id, wanted.industry, wanted.size, wanted.region))
    return await show_organisation(request)


async def add_member(request: web.Request) -> web.Response:
    contact_id = id_in(request)
    wanted = await read_model(request, _Member)
    await request.app[CRM].add_member(contact_id, UUID(wanted.person_id), wanted.role)
    return await show_organisation(request)


async def remove_member(request: web.Request) -> web.Response:
    contact_id, person_id = id_in(request), id_in(request, "person")
    await request.app[CRM].remove_member(contact_id, person_id)
    return await show_organisation(request)


async def _tags(request: web.Request, contact_id: UUID) -> web.Response:
    crm = request.app[CRM]
    tags = await crm.tags(contact_id)
    request[SEEN].add(contact_id)
    rules, locale, veil = crm.rules, locale_of(request), veil_of(request)
    return reply({"items": [_tag(tag, rules, locale, veil) for tag in tags], "next": None})


def _standing(standing: Standing | None, rules: Rules, locale: Locale) -> dict[str, Any]:
    if standing is None:  # too new: the next assessment is minutes, at most a night away
        return {"value_class": None, "stage": None}
    said = standing.assessment
    return {
        "value_class": {
            "is": said.value_class,
            "reason": rules.reason("value_class", said.value_rule, locale),
            "since": standing.value_since,
        },
        "stage": {
            "is": said.stage,
            "reason": rules.reason("stage", said.stage_rule, locale),
            "since": standing.stage_since,
        },
    }


def _tag(tag: Tag, rules: Rules, locale: Locale, veil: Veil) -> dict[str, Any]:
    reason = veil.text(tag.reason) if tag.rule is None else rules.reason("tag", tag.rule, locale)
    return {"name": tag.name, "by": tag.by, "reason": reason, "at": tag.at}


def _change(change: StandingChange, rules: Rules, locale: Locale, veil: Veil) -> dict[str, Any]:
    reason = veil.text(change.reason) if change.rule is None else rules.reason(change.what, change.rule, locale)
    return {
        "what": change.what,
        "from": change.from_value,
        "to": change.to_value,
        "by": change.by,
        "reason": reason,
        "at": change.at,
    }


def order_shape(order: Order) -> dict[str, Any]:
    """An order as the API shows it; amounts in minor units."""
    return {
        "id": order.id,
        "source": order.source,
        "reference": order.reference,
        "placed_at": order.placed_at,
        "amount": order.amount,
        "currency": order.currency,
        "status": order.status,
        "lines": [asdict(line) for line in order.lines],
    }


def _membership(one: Membership, name: str) -> dict[str, Any]:
    """With the name of the other side."""
    return {
        "id": one.id,
        "organisation_id": one.organisation_id,
        "person_id": one.person_id,
        "name": name,
        "role": one.role,
        "since": one.since,
    }


ROUTES = (
    Route("GET", "/api/contacts/{id}/value", show_value, Permission.CONTACTS_READ),
    Route("POST", "/api/contacts/{id}/value", assess, Permission.CONTACTS_WRITE),
    Route("POST", "/api/contacts/{id}/tags", add_tag, Permission.CONTACTS_WRITE),
    Route("DELETE", "/api/contacts/{id}/tags", remove_tag, Permission.CONTACTS_WRITE),
    Route("GET", "/api/contacts/{id}/organisation", show_organisation, Permission.CONTACTS_READ),
    Route("PUT", "/api/contacts/{id}/organisation", change_organisation, Permission.CONTACTS_WRITE),
    Route("POST", "/api/contacts/{id}/members", add_member, Permission.CONTACTS_WRITE),
    Route("DELETE", "/api/contacts/{id}/members/{person}", remove_member, Permission.CONTACTS_WRITE),
)
