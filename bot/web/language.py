"""Which of our three languages a caller reads."""

from aiohttp import web

from bot.settings import LOCALES, Locale

LOCALE = web.RequestKey[Locale]("locale")
"""Set by who knows better than the headers: the locale of a visitor's session or of a signed-in person."""

_TRADITIONAL = ("hant", "tw", "hk", "mo")


def negotiate(header: str | None) -> Locale:
    """The best of our locales for an ``Accept-Language`` header; any text is taken.

    Without a wish it is the first of ``LOCALES``; who wishes only languages we lack gets English.
    """
    wishes = [_wish(part) for part in (header or "").split(",")[:32] if part.strip()]
    known = [(quality, locale) for quality, locale in wishes if quality > 0 and locale]
    if known:
        return max(known, key=lambda wish: wish[0])[1] or LOCALES[0]
    return "en" if wishes else LOCALES[0]


def _wish(part: str) -> tuple[float, Locale | None]:
    tag, _, rest = part.partition(";")
    name, _, value = rest.partition("=")
    try:
        quality = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        quality = 0.0
    subtags = tag.strip().lower().replace("_", "-").split("-")
    if subtags[0] == "zh":
        return quality, "zh-Hant" if any(one in _TRADITIONAL for one in subtags[1:]) else "zh-Hans"
    if subtags[0] == "*":
        return quality, LOCALES[0]
    return quality, "en" if subtags[0] == "en" else None


def locale_of(request: web.BaseRequest) -> Locale:
    """The caller's locale: what is known of them, else what their browser asks for."""
    return request.get(LOCALE) or negotiate(request.headers.get("Accept-Language"))


def wanted_locale(request: web.BaseRequest) -> Locale:
    """The locale of ``?lang``, for pages that people reach by a link; else the browser's."""
    wanted = request.query.get("lang")
    for locale in LOCALES:
        if locale == wanted:
            return locale
    return negotiate(request.headers.get("Accept-Language"))
