"""What WeChat serves to anybody: pictures by their address."""

from io import BytesIO

import segno
from aiohttp import web

from emulators.wechat.api.damage import after, before
from emulators.wechat.errors import Refused
from emulators.wechat.world import World

MODULE_PX = 10
MARGIN = 4
"""The quiet zone that readers need, in modules."""


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
        """The QR code as a picture: the address that ``qrcode/create`` told."""
        ticket = request.query.get("ticket", "")
        for account in self._world.accounts.values():
            if scene := account.scenes.get(ticket):
                picture = BytesIO()
                segno.make_qr(scene.url, error="m").save(picture, kind="png", scale=MODULE_PX, border=MARGIN)
                return web.Response(body=picture.getvalue(), content_type="image/png")
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
