"""The emulator as one aiohttp application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from emulators.wechat.acts import Acts
from emulators.wechat.api import account, custom, followers, mass, media, notices, sessions, tokens
from emulators.wechat.api.call import Endpoint
from emulators.wechat.api.edge import Edge
from emulators.wechat.control.bodies import tell_faults
from emulators.wechat.control.crowd import Crowd
from emulators.wechat.control.house import House
from emulators.wechat.control.users import Users
from emulators.wechat.errors import Refused
from emulators.wechat.oauth import Login
from emulators.wechat.page.served import Page
from emulators.wechat.pictures import Pictures
from emulators.wechat.push.delivery import Deliverer
from emulators.wechat.settings import Settings
from emulators.wechat.world import World

WORLD = web.AppKey("world", World)
MAX_BODY = 20 * 1024 * 1024
ENDPOINTS: dict[str, Endpoint] = {
    path: endpoint
    for room in (tokens, custom, media, account, followers, sessions, notices, mass)
    for path, endpoint in room.ENDPOINTS.items()
}


def build_app(settings: Settings) -> web.Application:
    """An emulator ready to be served; its state lives and dies with it."""
    world = World(settings)
    deliverer = Deliverer(world)
    acts = Acts(world, deliverer)
    edge = Edge(world, acts)
    app = web.Application(middlewares=[_address_learner(world), tell_faults], client_max_size=MAX_BODY)
    app[WORLD] = world
    for path, endpoint in ENDPOINTS.items():
        app.router.add_route("*", path, edge.route(endpoint))
    app.add_routes(Pictures(world).routes())
    app.add_routes(Login(world).routes())
    app.add_routes(House(world, deliverer).routes())
    app.add_routes(Users(world, acts).routes())
    app.add_routes(Crowd(world, acts).routes())
    app.add_routes(Page().routes())

    async def unknown(request: web.Request) -> web.Response:
        return web.json_response(Refused(40066).body(world.rid()))

    app.router.add_route("*", "/cgi-bin/{tail:.*}", unknown)

    async def running(_: web.Application) -> AsyncIterator[None]:
        await deliverer.open()
        alarms = asyncio.get_running_loop().create_task(world.clock.run())
        yield
        alarms.cancel()
        with suppress(asyncio.CancelledError):
            await alarms
        await deliverer.close()

    async def farewell(_: web.Application) -> None:
        world.stop()

    app.cleanup_ctx.append(running)
    app.on_shutdown.append(farewell)
    return app


def _address_learner(world: World) -> Middleware:
    """Without a ``public_url`` in the settings, pictures lie where the first caller found the emulator."""

    @web.middleware
    async def learn(request: web.Request, handler: Handler) -> web.StreamResponse:
        world.public_url = world.public_url or str(request.url.origin())
        return await handler(request)

    return learn
