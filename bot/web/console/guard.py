"""The gate before every route: the permission it names, held by a person with a live session.

Three things stop another site from using a signed-in browser: the cookie is SameSite=Strict, the browser's own
word on where a request comes from (``Origin``, ``Sec-Fetch-Site``) must be us, and whatever changes something needs
the session's CSRF token in a header.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bot.settings import LOCALES
from bot.staff.roles import CUSTOMER_DATA
from bot.staff.sessions import Session, find_session
from bot.staff.tokens import csrf_matches
from bot.web.console import seen
from bot.web.console.cookie import session_token
from bot.web.keys import ENGINE, PUBLIC_URL, STAFF_RULES
from bot.web.language import LOCALE
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, permission_of

log = structlog.get_logger(__name__)

SESSION = web.RequestKey[Session]("session")
"""The live session of the caller; there on every route that is not public."""

CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def actor_of(request: web.Request) -> str:
    """Who asks, as the store names them."""
    return f"staff:{request[SESSION].staff.id}"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses with 401 ``not_signed_in``, 403 ``forbidden``, ``csrf_failed`` or ``origin_refused``."""
    if request.match_info.http_exception is not None:
        return await handler(request)  # there is no such route: nothing to guard, and aiohttp says so
    permission = permission_of(request.app, request.match_info.route)
    if permission is None:
        log.error("route.unnamed", route=str(request.match_info.route))
        raise Problem(403, "forbidden")
    if permission is PUBLIC:
        if request.path.startswith("/api/"):
            _check_origin(request)
        return await handler(request)
    session = await _session(request)
    _check_origin(request)
    if request.method not in _SAFE and not csrf_matches(
        session_token(request) or "", request.headers.get(CSRF_HEADER, "")
    ):
        raise Problem(403, "csrf_failed")
    if permission not in session.staff.permissions:
        raise Problem(403, "forbidden")
    if permission not in CUSTOMER_DATA:
        return await handler(request)
    seen.begin(request)
    response = await handler(request)
    if response.status < HTTPStatus.BAD_REQUEST:
        await seen.record(request, actor_of(request), permission)
    return response


async def _session(request: web.Request) -> Session:
    token = session_token(request)
    session = None
    if token:
        async with request.app[ENGINE].begin() as connection:
            session = await find_session(connection, request.app[STAFF_RULES], token)
    if session is None:
        raise Problem(401, "not_signed_in")
    request[SESSION] = session
    for locale in LOCALES:
        if locale == session.staff.locale:
            request[LOCALE] = locale
    return session


def _check_origin(request: web.Request) -> None:
    if request.method in _SAFE and hdrs.UPGRADE not in request.headers:
        return
    # Programs send neither header; a browser cannot be made to leave them out.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "origin_refused")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and _place(origin) not in {
        request.host.lower(),
        _place(request.app.get(PUBLIC_URL, "")),
    }:
        raise Problem(403, "origin_refused")


def _place(url: str) -> str | None:
    # Without the scheme: a proxy that ends TLS leaves us with http where the browser says https.
    try:
        return urlsplit(url).netloc.lower() or None
    except ValueError:
        return None
