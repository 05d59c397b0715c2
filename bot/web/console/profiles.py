"""One customer's profile: what is known from where, who keeps it, and what staff changes or adds (CP1-CP3, CH5)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field, StrictBool

from bot.staff.accounts import find_staff
from bot.staff.errors import UnknownStaff
from bot.staff.roles import Permission
from bot.web.bodies import Body, invalid, is_storable, read_model
from bot.web.console.guard import actor_of
from bot.web.console.merges import suggestion_shape
from bot.web.console.naming import names_in
from bot.web.console.paging import contact_in, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM, ENGINE
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.customers import fault_text, field_name
from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.customers import Contact, Fact, NewInteraction, PastMerge, Provenance
from crm_adapter.sql_store import SqlStore

_AHEAD = timedelta(minutes=5)
"""How far a clock of staff's may be ahead of ours."""


class _Changes(Body):
    """``owner_id`` absent leaves the owner, ``null`` takes the owner away; ``reviewed``: all of it is right."""

    expected_version: Annotated[int, Field(ge=1)]
    fields: Annotated[dict[str, str | None], Field(max_length=50, default_factory=dict)]
    owner_id: Annotated[UUID | None, Field(strict=False)] = None
    reviewed: StrictBool = False


class _Logged(Body):
    """A call or a visit. ``idempotency_key`` is made by the page, so that pressing twice logs once."""

    idempotency_key: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[\w-]+$")]
    channel: Literal["phone", "visit"]
    direction: Literal["in", "out"]
    occurred_at: Annotated[AwareDatetime, Field(strict=False)]
    content: Annotated[str, Field(min_length=1, max_length=4000)]
    result: Annotated[str, Field(max_length=1000)] = ""


async def show_profile(request: web.Request) -> web.Response:
    return await _profile(request, request.app[CRM], contact_in(request))


async def change_profile(request: web.Request) -> web.Response:
    contact_id, wanted = contact_in(request), await read_model(request, _Changes)
    by, at = actor_of(request), datetime.now(UTC)
    async with request.app[ENGINE].begin() as connection:
        crm = request.app[CRM].within(connection)
        owner = "owner_id" in wanted.model_fields_set
        if owner and wanted.owner_id is not None:
            try:
                await find_staff(connection, wanted.owner_id)
            except UnknownStaff:
                raise invalid(("owner_id", "not_allowed")) from None
        try:
            await crm.set_fields(
                contact_id, wanted.fields, Provenance("staff", by, at), expected_version=wanted.expected_version
            )
        except BadField as bad:
            locale = locale_of(request)
            raise Problem(
                422,
                "bad_field",
                field=bad.field[:64],
                reason=bad.code,
                name=field_name(bad.field, locale),
                text=fault_text(bad.code, locale),
            ) from None
        if owner:
            await crm.set_owner(contact_id, wanted.owner_id, by)
        if wanted.reviewed:
            await crm.mark_reviewed(contact_id, by, at)
    return await _profile(request, request.app[CRM], contact_id)


async def log_interaction(request: web.Request) -> web.Response:
    contact_id, logged = contact_in(request), await read_model(request, _Logged)
    if not is_storable(logged.content + logged.result):
        raise invalid(("content", "not_allowed"))
    if logged.occurred_at > datetime.now(UTC) + _AHEAD:
        raise invalid(("occurred_at", "not_allowed"))
    new = NewInteraction(
        contact_id=contact_id,
        channel=logged.channel,
        account="staff",
        direction=logged.direction,
        occurred_at=logged.occurred_at,
        content=f"{logged.content}\n→ {logged.result}" if logged.result else logged.content,
    )
    interaction_id = await request.app[CRM].append_interaction(f"{actor_of(request)}:{logged.idempotency_key}", new)
    request[SEEN].add(contact_id)
    return reply({"id": interaction_id}, 201)


async def _profile(request: web.Request, crm: SqlStore, contact_id: UUID) -> web.Response:
    veil = veil_of(request)
    try:
        contact = await crm.contact(contact_id)
    except UnknownRecord:
        raise Problem(404, "unknown_contact") from None
    request[SEEN].update((contact.id, *contact.merged))
    history = await crm.history(contact.id)
    merges = await crm.merges(contact.id)
    suggestions = await crm.merge_suggestions(contact_id=contact.id)
    sides = {other for one in suggestions for other in (one.one_id, one.other_id)}
    request[SEEN].update(sides)
    names = await names_in(request, {contact.id, *sides, *(one.source_id for one in merges)})
    locale = locale_of(request)

    def shown(fact: Fact) -> dict[str, Any]:
        return _fact(fact, veil, field_name(fact.field, locale))

    return reply(
        {
            **_contact(contact),
            "facts": [shown(fact) for fact in contact.facts.values()],
            "history": [shown(fact) for fact in history],
            "name": names[contact.id],
            "merges": [_merge(one, names) for one in merges],
            "suggestions": [suggestion_shape(one, names) for one in suggestions],
        }
    )


def _contact(contact: Contact) -> dict[str, Any]:
    identities = [
        {
            "id": one.id,
            "channel": one.channel,
            "account": one.account,
            "external_id": one.external_id,
            "assurance": one.assurance,
            "reachable": one.reachable,
            "created_at": one.created_at,
        }
        for one in contact.identities
    ]
    return {
        "id": contact.id,
        "kind": contact.kind,
        "version": contact.version,
        "locale": contact.locale,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
        "owner_id": contact.owner_id,
        "lawful_basis": contact.lawful_basis,
        "quarantined": contact.quarantined,
        "restricted_at": contact.restricted_at,
        "completeness": contact.completeness,
        "fresh_at": contact.fresh_at,
        "identities": identities,
        "merged": list(contact.merged),
    }


def _fact(fact: Fact, veil: Veil, label: str) -> dict[str, Any]:
    return {
        "field": fact.field,
        "label": label,
        "value": veil.text(fact.value),
        "assurance": fact.assurance,
        "source": fact.source,
        "set_by": fact.set_by,
        "at": fact.at,
        "superseded_at": fact.superseded_at,
    }


def _merge(one: PastMerge, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "source_id": one.source_id,
        "source_name": names[one.source_id],
        "target_id": one.target_id,
        "by": one.by,
        "reason": one.reason,
        "at": one.at,
        "undone_at": one.undone_at,
        "undone_by": one.undone_by,
    }


ROUTES = (
    Route("GET", "/api/contacts/{id}/profile", show_profile, Permission.CONTACTS_READ),
    Route("PATCH", "/api/contacts/{id}/profile", change_profile, Permission.CONTACTS_WRITE),
    Route("POST", "/api/contacts/{id}/interactions", log_interaction, Permission.CONTACTS_WRITE),
)
