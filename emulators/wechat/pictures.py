"""What WeChat serves to anybody: pictures by their address."""

from aiohttp import web

from emulators.wechat.errors import Refused
from emulators.wechat.world import World


class Pictures:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [web.get("/mmbiz/{media_id}", self.medium)]

    async def medium(self, request: web.Request) -> web.Response:
        """A picture, a voice or a video that a user or an account has sent."""
        for account in self._world.accounts.values():
            try:
                found = account.media.get(request.match_info["media_id"], self._world.clock.now())
            except Refused:
                continue
            headers = {"Content-Type": found.content_type, "X-Content-Type-Options": "nosniff"}
            return web.Response(body=found.data, headers=headers)
        raise web.HTTPNotFound
