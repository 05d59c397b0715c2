"""A page of one heading and a few words, for people who followed a link: plain HTML, every word escaped."""

from html import escape

from aiohttp import web

from bot.settings import Locale

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def plain_page(
    request: web.Request, locale: Locale, title: str, words: str, *, status: int, link: tuple[str, str] | None = None
) -> web.Response:
    """The page; ``link`` is an address and what it is called."""
    # A path of our own, however deep this page is: the address may have a prefix that only a proxy knows.
    style = "../" * (request.rel_url.raw_path.count("/") - 1) + "privacy/page.css"
    further = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    html = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{style}"></head>'
        f'<body><main><h1>{escape(title)}</h1><p class="lead">{escape(words)}</p>{further}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "Content-Language": locale,
        "Vary": "Accept, Accept-Language",
    }
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)
