"""Which of the three languages a message is written in, from its script alone."""

import re
from functools import cache

from knowledge_base.locales import simplified_characters

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
"""Of a page: it says nothing of the language its sender speaks."""
_LOOKED_AT = 2000
"""So many characters tell the language of a message of any length."""
_HARDLY_TRADITIONAL = frozenset("么几听坏")
"""Big5 has these, as other and rare characters."""


@cache
def _told_apart() -> tuple[frozenset[str], frozenset[str]]:
    """The characters that only Traditional and only Simplified writing has.

    From the table that search has in memory anyway: the phrase dictionaries of a converter cost 27 MB in every process.
    """
    table = simplified_characters()
    traditional = frozenset(chr(code) for code in table)
    simplified = frozenset(sign for sign in table.values() if not _in_daily_big5(sign))
    return traditional, (simplified | _HARDLY_TRADITIONAL) - traditional


def _in_daily_big5(sign: str) -> bool:
    """Whether Traditional writing uses the character daily too (后, 里, 回): Big5 orders by that."""
    try:
        return sign.encode("big5") < b"\xc9\x40"
    except UnicodeEncodeError:
        return False


def language_of(text: str, fallback: str) -> str:
    """``zh-Hans``, ``zh-Hant`` or ``en``; ``fallback`` when the text does not tell.

    Chinese text that reads the same in both scripts keeps a Chinese fallback; a Latin word or two inside Chinese
    text (a product's name) does not make it English.
    """
    text = text[:_LOOKED_AT]
    if not _HAN.search(text):
        return "en" if _LATIN_WORD.search(_ADDRESS.sub(" ", text)) else fallback
    only_traditional, only_simplified = _told_apart()
    if not only_traditional.isdisjoint(text):
        traditional = sum(map(only_traditional.__contains__, text))
        simplified = sum(map(only_simplified.__contains__, text))
        return "zh-Hant" if traditional >= simplified else "zh-Hans"
    if not only_simplified.isdisjoint(text):
        return "zh-Hans"
    return fallback if fallback.startswith("zh") else "zh-Hans"
