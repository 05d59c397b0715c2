"""The built pages: the demo shop, the widget and its frame, the console. Files only, no templates."""

from importlib.resources import files
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.faults import StartFault
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route, name_access, register

STATIC = Path(str(files("bot.web"))) / "static"
PARTS = ("widget/frame.html", "widget/loader.js", "console/index.html", "demo/index.html")
_YEAR = "public, max-age=31536000, immutable"
_ALWAYS_ASK = "no-cache"


class FrontEndMissing(StartFault):
    """The front end has not been built: ``make front`` builds it, a wheel contains it."""


def add_pages(app: web.Application, accounts: frozenset[str]) -> None:
    """Serves the built front end; raises :class:`FrontEndMissing` where it has not been built."""
    for part in PARTS:
        if not (STATIC / part).is_file():
            raise FrontEndMissing(f"{STATIC / part} is missing: run `make front`")

    async def frame(request: web.Request) -> web.StreamResponse:
        if request.match_info["account"] not in accounts:
            raise Problem(404, "unknown_account")
        return _file("widget/frame.html")

    register(
        app,
        (
            Route("GET", "/", _to_demo, PUBLIC),
            Route("GET", "/demo", _to_demo, PUBLIC),
            Route("GET", "/demo/", _page("demo/index.html"), PUBLIC),
            Route("GET", "/console", _to_console, PUBLIC),
            Route("GET", "/console/", _page("console/index.html"), PUBLIC),
            Route("GET", "/widget/loader.js", _page("widget/loader.js"), PUBLIC),
            Route("GET", "/widget/frame/{account}", frame, PUBLIC),
        ),
    )
    for folder in ("widget/assets", "console/assets", "demo/assets"):
        if (STATIC / folder).is_dir():
            name_access(app, app.router.add_static(f"/{folder}/", STATIC / folder), PUBLIC)
    app.on_response_prepare.append(_cache)


async def _cache(request: web.Request, response: web.StreamResponse) -> None:
    """Files under assets carry their content's hash in their name."""
    if "/assets/" in request.path and response.status == 200:
        response.headers["Cache-Control"] = _YEAR


def _file(name: str) -> web.FileResponse:
    return web.FileResponse(STATIC / name, headers={"Cache-Control": _ALWAYS_ASK})


def _page(name: str) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        return _file(name)

    return serve


async def _to_demo(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/demo/")


async def _to_console(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/console/")
