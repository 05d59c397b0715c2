"""What the desk itself says to customers, in three languages."""

from functools import cache
from importlib.resources import files

import yaml

from bot.domain.message import Body

_LANGUAGES = ("zh-Hans", "zh-Hant", "en")


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = (files("bot.desk") / "texts.yml").read_text(encoding="utf-8")
    texts: dict[str, dict[str, str]] = yaml.safe_load(source)
    return texts


def back_with_the_bot(locale: str) -> Body:
    """The person has handed the conversation back; with a way to a person again."""
    language = locale if locale in _LANGUAGES else "en"
    words = _texts()
    return {
        "text": words["back_with_the_bot"][language],
        "choices": [{"id": "person", "label": words["button_person"][language]}],
    }
