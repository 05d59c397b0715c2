"""``GET /dev/outgoing``: what would be sent, as long as nothing is sent because no provider is configured.

It shows confirmation codes, so it is there for a browser on this machine alone, and never behind a proxy.
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import cast

import yaml
from aiohttp import web
from yarl import URL

from bot.outgoing.gateway import Outgoing
from bot.outgoing.listing import Shown, list_shown
from bot.settings import LOCALES, Locale
from bot.web.keys import ENGINE, OUTGOING
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route

PATH = "/dev/outgoing"
REFRESH_S = 5
_PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_NAMES: dict[Locale, str] = {"zh-Hans": "简体", "zh-Hant": "繁體", "en": "English"}


def can_show(outgoing: Outgoing) -> bool:
    """Whether the page is there at all: nothing is configured, and this server is for this machine only."""
    return not outgoing.configured and _is_loopback(URL(outgoing.settings.base_url).host)


async def show(request: web.Request) -> web.Response:
    outgoing = request.app[OUTGOING]
    if not can_show(outgoing) or not _is_from_here(request):
        raise Problem(404, "not_found")
    async with request.app[ENGINE].connect() as connection:
        shown = await list_shown(connection, outgoing.keys)
    wanted = request.query.get("lang")
    locale = next((one for one in LOCALES if one == wanted), locale_of(request))
    style = _asset("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return web.Response(
        text=_page(shown, locale, style),
        content_type="text/html",
        headers={
            "Content-Security-Policy": f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Content-Language": locale,
        },
    )


def _is_from_here(request: web.Request) -> bool:
    # The host's name too: a page elsewhere could have its own name resolved to this machine and read along.
    return (
        _is_loopback(request.remote)
        and not any(name in request.headers for name in _PROXIED)
        and _is_loopback(URL(f"http://{request.host}").host)
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _page(shown: Sequence[Shown], locale: Locale, style: str) -> str:
    words = _words()[locale]
    cards = "".join(_card(one, words) for one in shown)
    languages = "".join(
        f'<a href="{PATH}?lang={one}" lang="{one}"{" aria-current=true" if one == locale else ""}>{_NAMES[one]}</a>'
        for one in LOCALES
    )
    values = {
        "locale": locale,
        "style": style,
        "refresh": str(REFRESH_S),
        "languages": languages,
        "cards": cards or f'<p class="empty">{escape(words["empty"])}</p>',
        **{name: escape(text.format(seconds=REFRESH_S)) for name, text in words.items()},
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], _asset("page.html"))


def _card(one: Shown, words: dict[str, str]) -> str:
    noted, letter = one.noted, one.letter
    moment = noted.queued_at.isoformat(timespec="seconds")
    time = noted.queued_at.astimezone().strftime("%H:%M:%S")
    code = f'<p class="code">{escape(letter.code)}</p>' if letter.code else ""
    subject = f"<h2>{escape(letter.written.subject)}</h2>" if letter.written.subject else ""
    return (
        f'<article class="{noted.kind}"><header><span class="kind">{escape(words[noted.kind])}</span>'
        f'<span class="purpose">{escape(words[noted.purpose])}</span><time datetime="{moment}">{time}</time></header>'
        f'<p class="to"><span>{escape(words["to"])}</span> {escape(letter.recipient)}</p>{subject}'
        f'<p class="text">{_linked(letter.written.text.strip())}</p>{code}</article>'
    )


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = escape(found[0])
        parts += [escape(text[end : found.start()]), f'<a href="{link}" rel="noreferrer">{link}</a>']
        end = found.end()
    return "".join((*parts, escape(text[end:])))


@cache
def _words() -> dict[Locale, dict[str, str]]:
    return cast(dict[Locale, dict[str, str]], yaml.safe_load(_asset("page.yml")))


@cache
def _asset(name: str) -> str:
    return (files("bot.web.dev") / name).read_text(encoding="utf-8")


ROUTES = (Route("GET", PATH, show, PUBLIC),)
