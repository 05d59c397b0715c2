"""The policy as HTML: plain elements, no script; every word is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, cast

import yaml

from bot.settings import LOCALES, Locale
from crm_adapter.consent.notices import Notice, Notices

NAMES: dict[Locale, str] = {"zh-Hans": "简体中文", "zh-Hant": "繁體中文", "en": "English"}
_TOLD = ("purpose", "method", "categories", "retention", "recipients")
_BETWEEN: dict[Locale, str] = {"zh-Hans": "、", "zh-Hant": "、", "en": "; "}
_COLON: dict[Locale, str] = {"zh-Hans": "：", "zh-Hant": "：", "en": ": "}


def storage_keys() -> Sequence[Mapping[str, Any]]:
    """PR11: what the chat keeps in a browser: ``key``, ``place``, and ``what`` and ``until`` by locale."""
    return cast(Sequence[Mapping[str, Any]], _read("storage.yml"))


def render_page(
    notices: Notices, versions: Mapping[tuple[str, str], int], locale: Locale, child_below_years: int
) -> str:
    """The whole page in one language."""
    said = _Words(locale, years=child_below_years)
    words = notices.all()[0].words(locale)
    parts = [
        "<!doctype html>",
        f'<html lang="{locale}">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{said('title')}{_COLON[locale]}{escape(notices.controller)}</title>",
        '<link rel="stylesheet" href="privacy/page.css"></head>',
        f'<body><nav aria-label="{said("languages")}"><ul>{"".join(_languages(locale))}</ul></nav>',
        f'<main><h1>{said("title")}</h1><p class="lead">{said("lead")}</p>',
        '<div class="who"><dl>',
        _pair(said("controller"), escape(notices.controller)),
        _pair(said("contact"), escape(words["contact"])),
        "</dl></div>",
        f"<h2>{said('purposes')}</h2>",
        *(_purpose(one, notices, versions, said) for one in notices.all()),
        f"<h2>{said('rights')}</h2><p>{escape(words['rights'])}</p>",
        f"<h2>{said('children')}</h2><p>{said('children_text')}</p>",
        f'<h2 id="storage">{said("storage")}</h2><p>{said("storage_text")}</p>',
        '<ul class="stored">',
        *(_stored(one, said) for one in storage_keys()),
        "</ul>",
        f'</main><footer><a href="privacy.json">{said("machine")}</a></footer></body></html>',
    ]
    return "".join(parts)


def render_file_page(locale: Locale, *, ready: bool) -> str:
    """The page that the link to one's own data leads to; the button sends a form to the page's own address."""
    said = _Words(locale)
    button = f'<form method="post"><button>{said("file_button")}</button></form>' if ready else ""
    return "".join(
        (
            "<!doctype html>",
            f'<html lang="{locale}">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{said('file_title')}</title>",
            '<link rel="stylesheet" href="../page.css"></head>',
            f"<body><main><h1>{said('file_title')}</h1>",
            f'<p class="lead">{said("file_ready" if ready else "file_gone")}</p>{button}</main></body></html>',
        )
    )


class _Words:
    def __init__(self, locale: Locale, **everywhere: object) -> None:
        self.locale = locale
        self._everywhere = everywhere

    def __call__(self, name: str, **values: object) -> str:
        texts = cast(dict[str, dict[Locale, str]], _read("texts.yml"))
        return escape(texts[name][self.locale].format(**self._everywhere, **values))


def _languages(current: Locale) -> Iterable[str]:
    for locale in LOCALES:
        mark = ' aria-current="page"' if locale == current else ""
        yield f'<li><a href="?lang={locale}" hreflang="{locale}" lang="{locale}"{mark}>{NAMES[locale]}</a></li>'


def _purpose(notice: Notice, notices: Notices, versions: Mapping[tuple[str, str], int], said: _Words) -> str:
    told, configured = notice.words(said.locale), notices.purposes[notice.purpose]
    marks = [f'<span class="basis">{said(configured.basis)}</span>']
    if notice.content["sensitive"]:
        marks.append(f"<span>{said('sensitive')}</span>")
    if configured.marketing:
        marks.append(f"<span>{said('adults')}</span>")
    marks.append(f"<span>{said('version', version=versions[notice.purpose, notice.recipient])}</span>")
    pairs = (_pair(said(name), _value(name, told[name], said.locale)) for name in _TOLD if told[name])
    title = escape(told["title"])
    return f'<article><h3>{title}</h3><p class="marks">{"".join(marks)}</p><dl>{"".join(pairs)}</dl></article>'


def _value(name: str, value: Any, locale: Locale) -> str:
    if name == "recipients":
        return "<br>".join(f"{escape(one['name'])}<br>{escape(one['contact'])}" for one in value)
    return escape(_BETWEEN[locale].join(value) if name == "categories" else value)


def _stored(one: Mapping[str, Any], said: _Words) -> str:
    places = ("local", "tab") if one["place"] == "both" else (one["place"],)
    place = " / ".join(said(name) for name in places)
    what, until = escape(one["what"][said.locale]), escape(one["until"][said.locale])
    kept = f"{place} · {said('until')} {until}" if said.locale == "en" else f"{place} · {said('until')}：{until}"
    return f'<li><p>{what}</p><p class="kept">{kept} · <code>{escape(one["key"])}</code></p></li>'


def _pair(name: str, value: str) -> str:
    return f"<dt>{name}</dt><dd>{value}</dd>"


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((files("bot.web.privacy") / name).read_text(encoding="utf-8"))
