"""What a visitor reads when a log-in with WeChat did not work: plain HTML, every word escaped."""

from functools import cache
from html import escape
from importlib.resources import files
from typing import cast

import yaml
from aiohttp import web

from bot.settings import Locale
from bot.web.language import wanted_locale

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def login_page(request: web.Request, code: str, status: int, back: str | None = None) -> web.Response:
    """The page in the visitor's language; ``back`` is an address of ours or of a page that may embed the chat."""
    locale = wanted_locale(request)
    texts = _texts()
    title, words = escape(texts["title"][locale]), escape(texts[code][locale])
    # A path of our own, however deep this page is: the address may have a prefix that only a proxy knows.
    style = "../../../privacy/page.css"
    link = f'<p><a href="{escape(back)}">{escape(texts["back"][locale])}</a></p>' if back else ""
    html = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="{style}"></head>'
        f'<body><main><h1>{title}</h1><p class="lead">{words}</p>{link}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "Content-Language": locale,
        "Vary": "Accept-Language",
    }
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


@cache
def _texts() -> dict[str, dict[Locale, str]]:
    source = (files("bot.web.wechat") / "login.yml").read_text(encoding="utf-8")
    return cast("dict[str, dict[Locale, str]]", yaml.safe_load(source))
