"""The sentences the bot says of itself, from ``responses.yml``, in three languages."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


class ResponseFault(Exception):
    """The responses file lacks a sentence or a language."""


@cache
def _responses() -> dict[str, dict[str, str]]:
    source = (files("bot.flows") / "responses.yml").read_text(encoding="utf-8")
    document: dict[str, dict[str, str]] = yaml.safe_load(source)
    for name, texts in document.items():
        missing = [language for language in LANGUAGES if not texts.get(language)]
        if missing:
            raise ResponseFault(f"responses.yml: {name} lacks {', '.join(missing)}")
    return document


def say(name: str, locale: str, **values: Any) -> str:
    """The sentence ``name`` in ``locale`` with ``{values}`` filled in.

    Raises :class:`ResponseFault` for a name that the file does not have.
    """
    texts = _responses().get(name)
    if texts is None:
        raise ResponseFault(f"responses.yml has no {name}")
    return texts.get(locale, texts["en"]).format(**values).strip()
