"""The three locales, and the conversion between the two Chinese scripts."""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import opencc

LOCALES: Final = ("zh-Hans", "zh-Hant", "en")

_FALLBACKS: Final = {
    "zh-Hans": ("zh-Hans", "zh-Hant", "en"),
    "zh-Hant": ("zh-Hant", "zh-Hans", "en"),
    "en": ("en", "zh-Hans", "zh-Hant"),
}
_LINK_TARGET = re.compile(r"(\]\([^)\s]*\))")
_TRADITIONAL_TAGS = ("hant", "tw", "hk", "mo")


def resolve_locale(tag: str | None) -> str:
    """The locale of ours that a BCP 47 tag means (``zh-TW`` is ``zh-Hant``); what is not Chinese is ``en``."""
    parts = (tag or "").lower().replace("_", "-").split("-")
    if parts[0] not in {"zh", "cmn", "yue"}:
        return "en"
    return "zh-Hant" if any(part in _TRADITIONAL_TAGS for part in parts[1:]) else "zh-Hans"


def fallbacks(locale: str) -> tuple[str, ...]:
    """The locales to look in, best first, for text wanted in ``locale`` (any tag)."""
    return _FALLBACKS[locale] if locale in _FALLBACKS else _FALLBACKS[resolve_locale(locale)]


_TAIWANS: Final = {"稽核": "審核", "保修": "保固", "人工客服": "真人客服", "轉人工": "轉真人"}
"""What the phrase table gets wrong here (it takes every 审核 for an audit, while it is nearly always a review), and
what it does not know of a service desk's words."""


def to_traditional(text: str) -> str:
    """Taiwan's Traditional wording of Simplified text; the addresses of ``[label](url)`` links stay as they are."""
    text = _convert("s2twp", text)
    for told, meant in _TAIWANS.items():
        text = text.replace(told, meant)
    return text


def to_simplified(text: str) -> str:
    """Mainland wording of Traditional text; the addresses of ``[label](url)`` links stay as they are."""
    return _convert("tw2sp", text)


def _convert(config: str, text: str) -> str:
    if text.isascii():
        return text
    converter = _converter(config)
    return "".join(part if part.startswith("](") else converter.convert(part) for part in _LINK_TARGET.split(text))


@cache
def _converter(config: str) -> "opencc.OpenCC":
    import opencc  # only where texts are converted, not wherever a locale is named

    return opencc.OpenCC(config)


def release_converters() -> None:
    """Let go of the dictionaries of phrases: they take 45 MB and are used only while articles come in."""
    _converter.cache_clear()


@cache
def simplified_characters() -> dict[int, str]:
    """A table for ``str.translate`` from each Traditional character to its Simplified one.

    A table of characters instead of a phrase converter: a customer's message is normalised on the hot path, and the
    phrase dictionaries cost 45 MB in every serving process.
    """
    converter = _converter("t2s")
    blocks = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))
    pairs = ((code, converter.convert(chr(code))) for block in blocks for code in block)
    return {code: simple for code, simple in pairs if simple != chr(code) and len(simple) == 1}
