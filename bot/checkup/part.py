"""One part's condition, and the words for it in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from bot.settings import Locale

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Part:
    """``code`` names the sentence in ``texts.yml``; ``values`` fill it in and never hold a secret; one that differs by
    language is a mapping of them. Of a name like ``wechat:shop`` the console has words for what is before the colon.
    """

    name: str
    state: State
    code: str
    values: dict[str, object] = field(default_factory=dict)

    def words(self, locale: Locale) -> tuple[str, str]:
        """What is so, and how to mend it (empty when nothing needs mending)."""
        detail, mend = _texts()[self.code][locale]
        values = {name: one[locale] if isinstance(one, Mapping) else one for name, one in self.values.items()}
        return detail.format(**values), mend.format(**values)


@cache
def _texts() -> dict[str, dict[Locale, tuple[str, str]]]:
    source = (files("bot.checkup") / "texts.yml").read_text(encoding="utf-8")
    document: dict[str, dict[Locale, list[str]]] = yaml.safe_load(source)
    return {
        code: {locale: (str(words[0]), str(words[1])) for locale, words in texts.items()}
        for code, texts in document.items()
    }
