"""What WeChat serves to anybody: pictures by their address."""

from html import escape

from aiohttp import web

from emulators.wechat.api.damage import after, before
from emulators.wechat.errors import Refused
from emulators.wechat.world import World

CODE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><rect width="200" height="200" fill="#fff"/>'
    '<rect x="8" y="8" width="184" height="184" fill="none" stroke="#000" stroke-width="8"/>'
    '<text x="100" y="106" font-size="16" text-anchor="middle">{}</text></svg>'
)


class Pictures:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get("/mmbiz/{media_id}", self.medium),
            web.get("/cgi-bin/showqrcode", self.code),
        ]

    async def code(self, request: web.Request) -> web.Response:
        """A picture in place of a QR code: it says what scanning it means."""
        ticket = request.query.get("ticket", "")
        for account in self._world.accounts.values():
            if scene := account.scenes.get(ticket):
                return web.Response(text=CODE.format(escape(scene.value)), content_type="image/svg+xml")
        raise web.HTTPNotFound

    async def medium(self, request: web.Request) -> web.StreamResponse:
        """A picture, a voice or a video that a user or an account has sent; may be made slow or to fail."""
        for account in self._world.accounts.values():
            try:
                found = account.media.get(request.match_info["media_id"], self._world.clock.now())
            except Refused:
                continue
            struck = self._world.faults.strike("api", account=account.settings.name, path=request.path)
            headers = {"Content-Type": found.content_type, "X-Content-Type-Options": "nosniff"}
            spoilt = await before(request, struck)
            return spoilt or await after(request, web.Response(body=found.data, headers=headers), struck)
        raise web.HTTPNotFound
