"""What a visitor reads when a log-in with WeChat did not work."""

from functools import cache
from importlib.resources import files
from typing import cast

import yaml
from aiohttp import web

from bot.settings import Locale
from bot.web.language import wanted_locale
from bot.web.plain_page import plain_page


def login_page(request: web.Request, code: str, status: int, back: str | None = None) -> web.Response:
    """The page in the visitor's language; ``back`` is an address of ours or of a page that may embed the chat."""
    locale, texts = wanted_locale(request), _texts()
    link = (back, texts["back"][locale]) if back else None
    return plain_page(request, locale, texts["title"][locale], texts[code][locale], status=status, link=link)


@cache
def _texts() -> dict[str, dict[Locale, str]]:
    source = (files("bot.web.wechat") / "login.yml").read_text(encoding="utf-8")
    return cast("dict[str, dict[Locale, str]]", yaml.safe_load(source))
