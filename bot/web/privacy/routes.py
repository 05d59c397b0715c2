"""``/privacy`` for people, ``/privacy.json`` for programs; both public and the same for everybody."""

import json
from importlib.resources import files

from aiohttp import web

from bot.web.keys import CRM
from bot.web.language import wanted_locale
from bot.web.privacy.file import FILE_ROUTES
from bot.web.privacy.page import render_page, storage_keys
from bot.web.routes import PUBLIC, Route
from crm_adapter.consent.notices import Notices

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", "Vary": "Accept-Language"}


async def show_page(request: web.Request) -> web.Response:
    """In the language of ``?lang``, else the browser's."""
    notices, versions = await _in_force(request)
    locale = wanted_locale(request)
    body = render_page(notices, versions, locale, request.app[CRM].child_below_years)
    return web.Response(text=body, content_type="text/html", headers={**_HEADERS, "Content-Language": locale})


async def show_json(request: web.Request) -> web.Response:
    """Every notice in force with its hash (SHA-256 of the canonical JSON of ``content``) and version."""
    notices, versions = await _in_force(request)
    content = {
        "controller": notices.controller,
        "jurisdiction": notices.jurisdiction,
        "policy": notices.policy_url,
        "notices": [
            {
                "purpose": one.purpose,
                "recipient": one.recipient or None,
                "version": versions[one.purpose, one.recipient],
                "hash": one.hash,
                "content": one.content,
            }
            for one in notices.all()
        ],
        "storage": list(storage_keys()),
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=_HEADERS)


async def show_style(request: web.Request) -> web.Response:
    """The page's style sheet."""
    style = (files("bot.web.privacy") / "page.css").read_text(encoding="utf-8")
    return web.Response(text=style, content_type="text/css", headers={"Cache-Control": "no-cache"})


async def _in_force(request: web.Request) -> tuple[Notices, dict[tuple[str, str], int]]:
    crm = request.app[CRM]
    return crm.notices, await crm.keep_notices()


ROUTES = (
    Route("GET", "/privacy", show_page, PUBLIC),
    Route("GET", "/privacy.json", show_json, PUBLIC),
    Route("GET", "/privacy/page.css", show_style, PUBLIC),
    *FILE_ROUTES,
)
