"""Serves the phone page: the control API refuses pages of other origins, so the emulator brings its own."""

from pathlib import Path

from aiohttp import web

ASSETS = Path(__file__).parent / "assets"
START = "phone.html"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Pictures of news cards lie wherever the account says; everything else is the page's own.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' http: https:",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Page:
    """The handlers; the files are read once."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in ASSETS.iterdir() if path.suffix in KINDS}

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [web.get("/phone", self.start), web.get("/phone/{file}", self.file)]

    async def start(self, request: web.Request) -> web.Response:
        """The page itself."""
        return self._answer(START)

    async def file(self, request: web.Request) -> web.Response:
        """Its scripts and its looks; 404 for whatever is none of them."""
        return self._answer(request.match_info["file"])

    def _answer(self, name: str) -> web.Response:
        body = self._files.get(name)
        if body is None:
            raise web.HTTPNotFound
        return web.Response(body=body, headers=HEADERS | {"Content-Type": KINDS[Path(name).suffix]})
