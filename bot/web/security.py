"""Security headers, per class of page: what may run there, what may frame it, what may be kept.

They are set as each response goes out, so that errors, files and sockets carry them too. A handler that set a
header itself keeps it.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web
from multidict import istr

from bot.web.keys import FRAME_ANCESTORS, PUBLIC_URL
from bot.web.peer import is_secure

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_OWN_PARTS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'"
)
_TOP_LEVEL = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _headers(own: Mapping[str, str]) -> Mapping[str, str]:
    """A class's own and those of every class, their names as a response keeps them: looked up as they are."""
    return {istr(name): value for name, value in {**_EVERYWHERE, **own}.items()}


_API = _headers(
    {
        "Content-Security-Policy": _NOTHING,
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)
_CONSOLE = _headers({"Content-Security-Policy": f"{_OWN_PARTS}; frame-ancestors 'none'", **_TOP_LEVEL})
_DEMO = _headers({"Content-Security-Policy": f"{_OWN_PARTS}; frame-src 'self'; frame-ancestors 'none'", **_TOP_LEVEL})
# Shops load these from their own origin; alone they may do nothing.
_EMBEDDED = _headers({"Content-Security-Policy": _NOTHING, "Cross-Origin-Resource-Policy": "cross-origin"})
# Customers upload these: even one that passes for a page runs nothing.
_UPLOADED = _headers(
    {
        "Content-Security-Policy": f"{_NOTHING}; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
)
_OTHER = _headers({"Content-Security-Policy": _NOTHING, "X-Frame-Options": "DENY"})

_FRAME = "/widget/frame/"
_CLASSES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/api/", _API),
    ("/console/", _CONSOLE),
    ("/demo/", _DEMO),
    ("/widget/", _EMBEDDED),
    ("/channels/", _UPLOADED),
)
_YEAR_S = 365 * 24 * 3600


def secure(app: web.Application) -> None:
    """Make every response of the app carry its headers; ``app[FRAME_ANCESTORS]`` says who may frame a widget."""
    app.on_response_prepare.append(_set_headers)


async def _set_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    for name, value in headers_for(request).items():
        headers.setdefault(name, value)
    if request.app.get(PUBLIC_URL, "").startswith("https://") and is_secure(request):
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")


def headers_for(request: web.Request) -> Mapping[str, str]:
    """The headers of the class that the request's path belongs to, those that are set everywhere among them."""
    if request.path.startswith(_FRAME):
        ancestors_of = request.app.get(FRAME_ANCESTORS)
        account = request.match_info.get("account", "")
        return _frame(ancestors_of(account) if ancestors_of else ())
    for prefix, headers in _CLASSES:
        if request.path.startswith(prefix):
            return headers
    return _OTHER


def _frame(ancestors: Sequence[str]) -> Mapping[str, str]:
    # No X-Frame-Options here: it cannot name origins, and browsers that know frame-ancestors ignore it.
    allowed = " ".join(ancestors) or "'none'"
    return _headers(
        {
            "Content-Security-Policy": f"{_OWN_PARTS}; frame-ancestors {allowed}",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    )
