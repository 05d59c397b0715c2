"""The file of one's own data behind the link from the chat: a page with a button, then the file, once.

The page alone changes nothing: messengers open links before people do.
"""

from datetime import UTC, datetime

from aiohttp import hdrs, web

from bot.handlers.export_link import read_token
from bot.handlers.wording import Wording
from bot.settings import Locale
from bot.web.keys import CRM, EXPORTS, KEYS
from bot.web.language import wanted_locale
from bot.web.privacy.page import render_file_page
from bot.web.routes import PUBLIC, Route
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.rights import PrivacyRequest

BY = "system:chat"
_words = Wording("privacy")
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


async def show_file_page(request: web.Request) -> web.Response:
    """What the link leads to: 200 with a button while it is good, 410 when it is used up, over, or none of ours."""
    locale = wanted_locale(request)
    found = await _request_of(request)
    return _page(locale, "ready" if found is not None else "gone", 200 if found is not None else 410)


async def send_file(request: web.Request) -> web.StreamResponse:
    """The file, once: the request is answered with it, and the link is used up."""
    locale = wanted_locale(request)
    found = await _request_of(request)
    if found is None:
        return _page(locale, "gone", 410)
    exports, crm = request.app[EXPORTS], request.app[CRM]
    try:
        # Made before the request is answered: where that fails, the link is still good. Of two at once, one answers.
        await exports.file_of(found)
        words = _words("answered_export", locale)
        answered = await crm.answer_privacy_request(found.id, words, BY, datetime.now(UTC))
        path = await exports.file_of(answered)
    except (Refused, UnknownRecord):
        return _page(locale, "gone", 410)
    headers = {
        hdrs.CONTENT_TYPE: "application/zip",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{path.name}"',
        hdrs.CACHE_CONTROL: "no-store",
    }
    return web.FileResponse(path, headers=headers)


async def _request_of(request: web.Request) -> PrivacyRequest | None:
    number = read_token(request.app[KEYS], request.match_info["token"], datetime.now(UTC))
    if number is None:
        return None
    try:
        found = await request.app[CRM].privacy_request(number)
    except UnknownRecord:
        return None
    return found if found.kind == "export" and found.state == "in_progress" else None


def _page(locale: Locale, what: str, status: int) -> web.Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(
        text=render_file_page(locale, ready=what == "ready"),
        status=status,
        content_type="text/html",
        headers={**headers, "Content-Language": locale, "X-Robots-Tag": "noindex"},
    )


FILE_ROUTES = (
    Route("GET", "/privacy/file/{token}", show_file_page, PUBLIC),
    Route("POST", "/privacy/file/{token}", send_file, PUBLIC),
)
