"""Staff accounts and roles, for who administers them."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import Field

from bot.staff.accounts import Staff, add_staff, change_staff, list_staff
from bot.staff.errors import UnknownStaff
from bot.staff.links import issue_link, link_url
from bot.staff.names import NAME_LENGTH
from bot.staff.roles import ROLES, Permission, permissions_of
from bot.web.bodies import Body, Line, invalid, read_model
from bot.web.console.guard import SESSION
from bot.web.console.own import DisplayName
from bot.web.console.paging import identifier, page_of, page_reply, reply
from bot.web.keys import ENGINE, OUTGOING, PUBLIC_URL, STAFF_RULES
from bot.web.language import locale_of
from bot.web.routes import Route

log = structlog.get_logger(__name__)

_AT_ONCE = 500
Roles = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=32)]


class _New(Body):
    name: Annotated[Line, Field(max_length=4 * NAME_LENGTH)]
    display_name: DisplayName
    roles: Roles
    email: Annotated[Line, Field(max_length=254)] | None = None
    """Where the link is mailed to; it is in the answer as well."""


class _Changes(Body):
    display_name: DisplayName | None = None
    roles: Roles | None = None
    active: bool | None = None


async def show_people(request: web.Request) -> web.Response:
    page = page_of(request)
    async with request.app[ENGINE].connect() as connection:
        rows = await list_staff(connection, after=page.cursor, limit=page.asked)
    return page_reply(page, rows, lambda one: one.name, _shape)


async def add(request: web.Request) -> web.Response:
    wanted = await read_model(request, _New)
    email = _address(wanted.email) if wanted.email else None
    async with request.app[ENGINE].begin() as connection:
        staff = await add_staff(connection, wanted.name, wanted.display_name, wanted.roles)
        token = await issue_link(connection, request.app[STAFF_RULES], staff.id)
        link = link_url(request.app[PUBLIC_URL], token)
        if email:
            names = {"name": staff.display_name, "login": staff.name}
            await request.app[OUTGOING].invite(connection, email, locale_of(request), **names, link=link)
    _note(request, "staff.added", staff)
    return reply({**_shape(staff), "link": link}, 201)


async def change(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Changes)
    async with request.app[ENGINE].begin() as connection:
        staff = await change_staff(
            connection,
            _id(request),
            by=request[SESSION].staff.id,
            display_name=wanted.display_name,
            roles=wanted.roles,
            active=wanted.active,
        )
    _note(request, "staff.changed", staff)
    return reply(_shape(staff))


async def link(request: web.Request) -> web.Response:
    staff_id = _id(request)
    async with request.app[ENGINE].begin() as connection:
        token = await issue_link(connection, request.app[STAFF_RULES], staff_id)
    log.info("staff.link_issued", by=str(request[SESSION].staff.id), staff=str(staff_id))
    return reply({"link": link_url(request.app[PUBLIC_URL], token)})


async def show_colleagues(request: web.Request) -> web.Response:
    """What everybody is called, for whoever works here: the screens name people by it. No sign-in name, no role."""
    items, after = [], None
    async with request.app[ENGINE].connect() as connection:
        while rows := await list_staff(connection, after=after, limit=_AT_ONCE):
            items += [{"id": one.id, "display_name": one.display_name, "active": one.active} for one in rows]
            after = rows[-1].name
    return reply({"items": items, "next": None})


async def show_roles(request: web.Request) -> web.Response:
    items = [{"id": role, "permissions": sorted(permissions_of([role]))} for role in ROLES]
    return reply({"items": items, "next": None})


def _address(email: str) -> str:
    from bot.outgoing.mail import normalise_address  # the only thing here that needs a mail client

    address = normalise_address(email)
    if address is None:
        raise invalid(("email", "not_allowed"))
    return address


def _id(request: web.Request) -> UUID:
    found = identifier(request.match_info["id"])
    if found is None:
        raise UnknownStaff
    return found


def _note(request: web.Request, event: str, staff: Staff) -> None:
    # Who gave whom which roles; accounts by id, names stay out of the log.
    log.info(
        event,
        by=str(request[SESSION].staff.id),
        staff=str(staff.id),
        roles=list(staff.roles),
        active=staff.active,
    )


def _shape(staff: Staff) -> dict[str, Any]:
    return {
        "id": staff.id,
        "name": staff.name,
        "display_name": staff.display_name,
        "roles": list(staff.roles),
        "active": staff.active,
        "created_at": staff.created_at,
        "last_sign_in_at": staff.last_sign_in_at,
        "pending": staff.pending,
    }


ROUTES = (
    Route("GET", "/api/staff", show_people, Permission.STAFF_MANAGE),
    Route("POST", "/api/staff", add, Permission.STAFF_MANAGE),
    Route("PATCH", "/api/staff/{id}", change, Permission.STAFF_MANAGE),
    Route("POST", "/api/staff/{id}/link", link, Permission.STAFF_MANAGE),
    Route("GET", "/api/colleagues", show_colleagues, Permission.SESSION_OWN),
    Route("GET", "/api/roles", show_roles, Permission.STAFF_MANAGE),
)
