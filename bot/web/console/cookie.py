"""The session cookie: out of reach of scripts, other sites and, but on this machine itself, plain HTTP."""

import ipaddress

from aiohttp import web

from bot.web.keys import INSECURE_COOKIE_HOSTS, STAFF_RULES
from bot.web.peer import is_secure

COOKIE = "yingda_staff"


def session_token(request: web.Request) -> str | None:
    """What the browser holds, live or not."""
    return request.cookies.get(COOKIE)


def set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the browser its session; it forgets it when the session ends at the latest."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(request.app[STAFF_RULES].session_whole.total_seconds()),
        path="/",
        httponly=True,
        secure=_needs_https(request),
        samesite="Strict",
    )


def clear_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take the session from the browser."""
    response.del_cookie(COOKIE, path="/", httponly=True, secure=_needs_https(request), samesite="Strict")


def _needs_https(request: web.Request) -> bool:
    if is_secure(request):
        return True
    host = request.url.host or ""
    return not (_is_loopback(host) or host in request.app.get(INSECURE_COOKIE_HOSTS, ()))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
