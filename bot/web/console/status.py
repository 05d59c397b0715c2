"""How the system does."""

from aiohttp import web

from bot.staff.roles import Permission
from bot.web.console.paging import reply
from bot.web.keys import STATUS
from bot.web.language import locale_of
from bot.web.routes import Route


async def show_status(request: web.Request) -> web.Response:
    return reply(await request.app[STATUS](locale_of(request)))


ROUTES = (Route("GET", "/api/status", show_status, Permission.SYSTEM_READ),)
