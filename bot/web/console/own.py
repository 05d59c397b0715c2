"""One's own session: signing in and out, password, language, and where else one is signed in."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from bot.settings import Locale
from bot.staff.accounts import Staff, change_own
from bot.staff.names import NAME_LENGTH
from bot.staff.roles import Permission
from bot.staff.sessions import end_session, list_sessions
from bot.staff.sign_in import Caller, SignedIn, SignIn
from bot.staff.tokens import csrf_token
from bot.web.bodies import Body, Line, read_model
from bot.web.console.cookie import clear_cookie, session_token, set_cookie
from bot.web.console.guard import SESSION
from bot.web.console.paging import identifier, reply
from bot.web.keys import ENGINE, PASSWORDS, STAFF_RULES
from bot.web.language import locale_of
from bot.web.peer import client_address
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route

# Longer than any password we let anyone choose; hashing what is longer would be work for nothing.
Password = Annotated[str, Field(max_length=1000)]
DisplayName = Annotated[Line, Field(min_length=1, max_length=80)]


class _Credentials(Body):
    name: Annotated[Line, Field(max_length=4 * NAME_LENGTH)]
    password: Password


class _Welcome(Body):
    token: Annotated[str, Field(max_length=200)]
    password: Password


class _NewPassword(Body):
    current: Password
    new: Password


class _Changes(Body):
    locale: Locale | None = None
    display_name: DisplayName | None = None


def me(request: web.Request, staff: Staff, token: str) -> dict[str, Any]:
    """Who is signed in, what they may do, and the token that their changes need."""
    return {
        "staff": {
            "id": staff.id,
            "name": staff.name,
            "display_name": staff.display_name,
            "roles": list(staff.roles),
            "permissions": sorted(staff.permissions),
            "locale": staff.locale or locale_of(request),
        },
        "csrf": csrf_token(token),
    }


async def sign_in(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Credentials)
    return _let_in(request, await _door(request).by_password(wanted.name, wanted.password, _caller(request)))


async def welcome(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Welcome)
    return _let_in(request, await _door(request).by_link(wanted.token, wanted.password, _caller(request)))


async def show(request: web.Request) -> web.Response:
    return reply(me(request, request[SESSION].staff, session_token(request) or ""))


async def change(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Changes)
    async with request.app[ENGINE].begin() as connection:
        staff = await change_own(
            connection, request[SESSION].staff.id, display_name=wanted.display_name, locale=wanted.locale
        )
    return reply(me(request, staff, session_token(request) or ""))


async def sign_out(request: web.Request) -> web.Response:
    session = request[SESSION]
    async with request.app[ENGINE].begin() as connection:
        await end_session(connection, session.staff.id, session.id)
    response = web.Response(status=204)
    clear_cookie(request, response)
    return response


async def change_password(request: web.Request) -> web.Response:
    wanted = await read_model(request, _NewPassword)
    await _door(request).change_password(request[SESSION], wanted.current, wanted.new, client_address(request))
    return web.Response(status=204)


async def show_sessions(request: web.Request) -> web.Response:
    session = request[SESSION]
    async with request.app[ENGINE].connect() as connection:
        found = await list_sessions(connection, request.app[STAFF_RULES], session.staff.id)
    items = [
        {
            "id": one.id,
            "created_at": one.created_at,
            "last_seen_at": one.last_seen_at,
            "user_agent": one.user_agent,
            "current": one.id == session.id,
        }
        for one in found
    ]
    return reply({"items": items, "next": None})


async def end_one_session(request: web.Request) -> web.Response:
    session = request[SESSION]
    wanted = identifier(request.match_info["id"])
    async with request.app[ENGINE].begin() as connection:
        if wanted is None or not await end_session(connection, session.staff.id, wanted):
            raise Problem(404, "unknown_session")
    response = web.Response(status=204)
    if wanted == session.id:
        clear_cookie(request, response)
    return response


def _door(request: web.Request) -> SignIn:
    return SignIn(request.app[ENGINE], request.app[STAFF_RULES], request.app[PASSWORDS])


def _caller(request: web.Request) -> Caller:
    return Caller(client_address(request), request.headers.get("User-Agent", ""), session_token(request))


def _let_in(request: web.Request, signed_in: SignedIn) -> web.Response:
    response = reply(me(request, signed_in.session.staff, signed_in.token))
    set_cookie(request, response, signed_in.token)
    return response


ROUTES = (
    Route("POST", "/api/session", sign_in, PUBLIC),
    Route("POST", "/api/session/link", welcome, PUBLIC),
    Route("GET", "/api/session", show, Permission.SESSION_OWN),
    Route("PATCH", "/api/session", change, Permission.SESSION_OWN),
    Route("DELETE", "/api/session", sign_out, Permission.SESSION_OWN),
    Route("POST", "/api/session/password", change_password, Permission.SESSION_OWN),
    Route("GET", "/api/session/all", show_sessions, Permission.SESSION_OWN),
    Route("DELETE", "/api/session/all/{id}", end_one_session, Permission.SESSION_OWN),
)
