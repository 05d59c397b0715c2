"""What customers did beside talking, in words (CH3)."""

from functools import cache
from importlib.resources import files

import yaml

from bot.settings import Locale


def deed_name(ref: str | None, locale: Locale) -> str | None:
    """What the deed of an interaction is called in the reader's language; ``None`` for one without a name."""
    words = deeds().get(ref) if ref else None
    return None if words is None else words[locale]


@cache
def deeds() -> dict[str, dict[Locale, str]]:
    """Every deed that has a name, in every language."""
    source = (files("bot.web.console") / "deeds.yml").read_text(encoding="utf-8")
    texts: dict[str, dict[Locale, str]] = yaml.safe_load(source)
    return texts
