"""Which of the three languages a message is written in, from its script alone."""

import re
from functools import lru_cache

import opencc

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@lru_cache(maxsize=2)
def _converter(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


def language_of(text: str, fallback: str) -> str:
    """``zh-Hans``, ``zh-Hant`` or ``en``; ``fallback`` when the text does not tell.

    Chinese text that reads the same in both scripts keeps a Chinese fallback; a Latin word or two inside Chinese
    text (a product's name) does not make it English.
    """
    han = len(_HAN.findall(text))
    if not han:
        return "en" if _LATIN_WORD.search(text) else fallback
    simplified = _converter("t2s").convert(text)
    traditional = _converter("s2t").convert(text)
    if simplified != text and traditional == text:
        return "zh-Hant"
    if traditional != text and simplified == text:
        return "zh-Hans"
    if simplified != text:
        return "zh-Hant" if _differing(simplified, text) >= _differing(traditional, text) else "zh-Hans"
    return fallback if fallback.startswith("zh") else "zh-Hans"


def _differing(left: str, right: str) -> int:
    return sum(a != b for a, b in zip(left, right, strict=False))
