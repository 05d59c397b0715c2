"""Who is given customer data: third parties, what went to them, and the log of who read what (PR3, PR4)."""

from datetime import date, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, StrictBool

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, invalid, read_model
from bot.web.console.guard import actor_of
from bot.web.console.paging import id_in, identifier, page_of, page_reply, place_id, reply, text
from bot.web.keys import ENGINE, KEYS
from bot.web.routes import Route
from crm_adapter.port import UnknownRecord
from crm_adapter.sharing.access import Access, list_accesses
from crm_adapter.sharing.third_parties import (
    Agreement,
    Basis,
    ThirdParty,
    add_third_party,
    change_third_party,
    list_third_parties,
    versions,
)
from crm_adapter.sharing.transfers import Transfer, list_transfers

_Name = Annotated[Line, Field(min_length=1, max_length=200)]
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
Fields = Annotated[list[_Code], Field(min_length=1, max_length=32)]


class _Terms(Body):
    agreement: _Name
    agreement_until: Annotated[date, Field(strict=False)]
    purpose: _Code
    basis: Basis
    fields: Fields
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    contact: Annotated[Line, Field(max_length=500)]
    active: StrictBool = True

    def terms(self) -> Agreement:
        return Agreement(
            self.agreement,
            self.agreement_until,
            self.purpose,
            self.basis,
            tuple(self.fields),
            self.country,
            self.contact,
            self.active,
        )


class _New(_Terms):
    name: _Name


class _Change(_Terms):
    expected_version: Annotated[int, Field(ge=1)]


async def show_third_parties(request: web.Request) -> web.Response:
    async with request.app[ENGINE].begin() as connection:
        found = await list_third_parties(connection, request.app[KEYS])
    return reply({"items": [_party(one) for one in found], "next": None})


async def show_third_party(request: web.Request) -> web.Response:
    party_id = identifier(request.match_info["id"])
    async with request.app[ENGINE].begin() as connection:
        found = await versions(connection, request.app[KEYS], party_id) if party_id else []
    if not found:
        raise UnknownRecord
    return reply({**_party(found[0]), "versions": [_party(one) for one in found]})


async def add(request: web.Request) -> web.Response:
    wanted = await read_model(request, _New)
    async with request.app[ENGINE].begin() as connection:
        made = await add_third_party(connection, request.app[KEYS], wanted.name, wanted.terms(), actor_of(request))
    return reply(_party(made), 201)


async def change(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Change)
    party_id = id_in(request)
    async with request.app[ENGINE].begin() as connection:
        changed = await change_third_party(
            connection,
            request.app[KEYS],
            party_id,
            wanted.terms(),
            actor_of(request),
            expected_version=wanted.expected_version,
        )
    return reply(_party(changed))


async def show_transfers(request: web.Request) -> web.Response:
    page = page_of(request)
    outcome = text(request, "outcome", of=("allowed", "refused"))
    contact = text(request, "contact_id")
    contact_id = identifier(contact) if contact else None
    if contact and contact_id is None:
        raise invalid(("contact_id", "not_allowed"))
    async with request.app[ENGINE].connect() as connection:
        rows = await list_transfers(
            connection,
            recipient=text(request, "recipient"),
            contact_id=contact_id,
            refused=None if outcome is None else outcome == "refused",
            before=place_id(page.cursor),
            limit=page.asked,
        )
    return page_reply(page, rows, lambda row: str(row.id), _transfer)


async def show_access_log(request: web.Request) -> web.Response:
    page = page_of(request)
    ids = {}
    for name in ("staff_id", "contact_id"):
        given = text(request, name)
        ids[name] = identifier(given) if given else None
        if given and ids[name] is None:
            raise invalid((name, "not_allowed"))
    actor = f"staff:{ids['staff_id']}" if ids["staff_id"] else text(request, "actor")
    async with request.app[ENGINE].begin() as connection:
        rows = await list_accesses(
            connection,
            request.app[KEYS],
            actor=actor,
            contact_id=ids["contact_id"],
            since=moment(request, "since"),
            until=moment(request, "until"),
            before=place_id(page.cursor),
            limit=page.asked,
        )
    return page_reply(page, rows, lambda row: str(row.id), _access)


def moment(request: web.Request, name: str) -> datetime | None:
    """A time with its zone from the query string. Raises 422 when it is none."""
    given = text(request, name)
    if given is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a blank.
        found = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        raise invalid((name, "not_allowed")) from None
    if found.tzinfo is None:
        raise invalid((name, "not_allowed"))
    return found


def _party(one: ThirdParty) -> dict[str, Any]:
    terms = one.terms
    return {
        "id": one.id,
        "version": one.version,
        "name": one.name,
        "agreement": terms.agreement,
        "agreement_until": terms.until,
        "purpose": terms.purpose,
        "basis": terms.basis,
        "fields": list(terms.fields),
        "country": terms.country,
        "contact": terms.contact,
        "active": terms.active,
        "set_by": one.set_by,
        "at": one.at,
    }


def _transfer(one: Transfer) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at,
        "recipient": one.recipient,
        "purpose": one.purpose,
        "fields": list(one.fields),
        "contact_id": one.contact_id,
        "basis": one.basis,
        "refused": one.refused,
        "use_id": one.use_id,
        "by": one.by,
    }


def _access(one: Access) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at,
        "actor": one.actor,
        "action": one.action,
        "data_kind": one.data_kind,
        "contact_ids": list(one.contact_ids),
        "purpose": one.purpose,
        "reason": one.reason,
        "trace_id": one.trace_id,
    }


ROUTES = (
    Route("GET", "/api/third-parties", show_third_parties, Permission.SHARING_READ),
    Route("POST", "/api/third-parties", add, Permission.SHARING_MANAGE),
    Route("GET", "/api/third-parties/{id}", show_third_party, Permission.SHARING_READ),
    Route("PUT", "/api/third-parties/{id}", change, Permission.SHARING_MANAGE),
    Route("GET", "/api/transfers", show_transfers, Permission.SHARING_READ),
    Route("GET", "/api/access-log", show_access_log, Permission.ACCESS_LOG_READ),
)
