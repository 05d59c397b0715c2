"""The texts of mail and text messages, from ``texts.yml``."""

from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, cast

import yaml

from bot.settings import Locale

Kind = Literal["mail", "sms"]


class Written(NamedTuple):
    """``subject`` is empty for text messages."""

    subject: str
    text: str


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Every text by what it is for and its language."""
    source = (files("bot.outgoing") / "texts.yml").read_text(encoding="utf-8")
    return cast(dict[str, dict[str, Any]], yaml.safe_load(source))


def write(what: str, kind: Kind, locale: Locale, **values: object) -> Written:
    """The text ``what`` in that language, with ``values`` in their places."""
    texts = catalogue()[what][locale]
    subject = texts["subject"].format_map(values) if kind == "mail" else ""
    return Written(subject, texts[kind].format_map(values))


def fault_text(code: str, locale: Locale, **values: object) -> str:
    """What a person reads who gave a wrong code, or asked too often."""
    return str(catalogue()["faults"][code][locale]).format_map(values)
