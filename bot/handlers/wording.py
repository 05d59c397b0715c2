"""Words that an action puts together itself: names of states, lines of a list, labels of buttons."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LIST_GAP = {"en": ", "}


class Wording:
    """The words of one capability, from ``<name>.yml`` beside its module; all three languages of each."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, word: str, locale: str, **values: object) -> str:
        """The word in that language (English for one we lack) with ``values`` in their places."""
        texts = _read(self._name)[word]
        return str(texts.get(locale, texts["en"])).format_map(values)

    def has(self, word: str) -> bool:
        """Whether there is such a word."""
        return word in _read(self._name)


def joined(parts: list[str], locale: str) -> str:
    """Parts as a list within a sentence."""
    return LIST_GAP.get(locale, "、").join(parts)


@cache
def _read(name: str) -> dict[str, dict[str, Any]]:
    source = (files("bot.handlers") / f"{name}.yml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(source)
    return loaded
