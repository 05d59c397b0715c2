"""Every route names the permission it needs, or says that it is public; the app does not start otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import AbstractResource, AbstractRoute

from bot.staff.roles import Permission


class _Public(Enum):
    PUBLIC = "public"

    def __repr__(self) -> str:
        return "PUBLIC"


PUBLIC: Final = _Public.PUBLIC
"""For everybody: what guards such a route, if anything, is its own (a visitor's token, say)."""

Access = Permission | Literal[_Public.PUBLIC]


class UnnamedRoute(Exception):
    """A route was added to the app without saying who may use it."""


@dataclass(frozen=True, slots=True)
class Route:
    """``method`` GET serves HEAD too. ``permission`` has no default on purpose."""

    method: str
    path: str
    handler: Handler
    permission: Access


_ACCESS = web.AppKey[dict[AbstractRoute, Access]]("ROUTE_ACCESS")


def register(app: web.Application, routes: Iterable[Route]) -> None:
    """Add routes to the app's router, in this order."""
    for route in routes:
        resource = app.router.add_resource(route.path)
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            _accesses(app)[resource.add_route(method, route.handler)] = route.permission


def name_access(app: web.Application, resource: AbstractResource, permission: Access) -> None:
    """The same for a resource that aiohttp made itself, such as ``app.router.add_static(…)``."""
    for route in resource:
        _accesses(app)[route] = permission


def permission_of(app: web.Application, route: AbstractRoute) -> Access | None:
    """What the route needs; ``None`` when nobody said, which the guard refuses."""
    named = app.get(_ACCESS)
    return named.get(route) if named else None


def access_table(app: web.Application) -> Mapping[AbstractRoute, Access]:
    """Every route that has a named permission."""
    return dict(_accesses(app))


async def check_routes(app: web.Application) -> None:
    """A start-up hook. Raises :class:`UnnamedRoute` with the routes that nobody named a permission for."""
    unnamed = [str(route) for route in app.router.routes() if permission_of(app, route) is None]
    if unnamed:
        raise UnnamedRoute("; ".join(unnamed))


def _accesses(app: web.Application) -> dict[AbstractRoute, Access]:
    if _ACCESS not in app:
        app[_ACCESS] = {}
    return app[_ACCESS]
