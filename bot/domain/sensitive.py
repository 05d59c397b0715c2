"""Sensitive data in what people type (PR10, PIPL 28), found and masked by rules alone.

Found are Chinese resident ID numbers, bank cards, passports, health, whereabouts and words of or about children, in
any formatting that a keyboard makes: blanks, dashes, dots, full-width and other scripts' digits, invisible characters.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from bot.domain.sensitive_digits import find_numbers
from bot.domain.sensitive_words import (
    CHILD_CHINESE,
    CHILD_LATIN,
    HEALTH_CHINESE,
    HEALTH_LATIN,
    HEALTH_PHRASES,
)

Kind = Literal["id_number", "bank_card", "passport", "health", "location", "minor"]
MASK = "•"
ADULT = 14
"""PIPL 28 and 31: the data of children under 14 is sensitive."""
_SHOWN = 4


class Found(NamedTuple):
    """``text[start:end]`` is of this kind."""

    start: int
    end: int
    kind: Kind


_HEALTH = re.compile(
    "|".join(sorted(HEALTH_CHINESE, key=len, reverse=True))
    + r"|(?<![a-z])(?:"
    + "|".join([*sorted(map(re.escape, HEALTH_LATIN), key=len, reverse=True), *HEALTH_PHRASES])
    + r")(?![a-z])",
    re.IGNORECASE,
)
_CHILD = re.compile(f"{CHILD_CHINESE}|(?<![a-z]){CHILD_LATIN}(?![a-z])", re.IGNORECASE)
_AGE = re.compile(
    r"(?P<before>我|今年|才|刚满|剛滿|儿子|兒子|女儿|女兒|孩子|小孩|弟弟|妹妹|宝宝|寶寶|孙子|孫子|孙女|孫女)"
    r"(?:今年|才|刚满|剛滿|只有|已经|已經|还|還|不到|是|\s){0,3}"
    r"(?P<age>\d{1,2}|[零一二两兩三四五六七八九十]{1,3})\s*(?:周|週)?(?:岁|歲)"
    r"|(?<![a-z])(?:i'm|i am|is|she's|he's|aged?)\s+(?P<years>\d{1,2})(?:\s*years?[\s-]old)(?![a-z])",
    re.IGNORECASE,
)
_NUMERALS = {word: n for n, word in enumerate("零一二三四五六七八九十")} | {"两": 2, "兩": 2}

# China's own (E, G, D, S, P, K, M, H, then 8 digits; E with a letter, then 7) stand for themselves, unless the digits
# are a day as in an order's number; others only behind the word.
_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])(?:[EGDSPKMH](?!20\d\d[01]\d[0-3]\d)\d{8}|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9])", re.IGNORECASE
)
_PASSPORT_WORD = re.compile(
    r"(?:护照|護照|通行证|通行證|passport)[^\n]{0,20}?"
    r"(?<![A-Za-z0-9])(?P<number>[A-Z]{0,2}[ -]?(?:\d[ -]?){5,9}\d)(?![A-Za-z0-9])",
    re.IGNORECASE,
)

_DEGREES = r"[-+]?\d{1,3}\.\d{3,}°?\s*[NSEW]?"
_COORDINATES = re.compile(rf"(?<![\d.])({_DEGREES})\s*[,，;；/\s]\s*({_DEGREES})(?![\d.])", re.IGNORECASE)
_ANGLES = re.compile(r"\d{1,3}\s*°\s*\d{1,2}\s*['′]\s*(?:\d{1,2}(?:\.\d+)?\s*[\"″])?\s*[NSEW]?", re.IGNORECASE)
_GEO = re.compile(
    r"geo:[-+\d.,;=?a-z]+|https?://(?:maps\.|[\w.]*amap\.com|map\.|uri\.amap|goo\.gl/maps)\S*", re.IGNORECASE
)


def find(text: str) -> list[Found]:
    """Everything sensitive in ``text``, in order and without overlaps."""
    found = sorted(_all(text), key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:  # what sticks out behind is hidden with it
            kept[-1] = kept[-1]._replace(end=one.end)
    return kept


def kinds(text: str) -> frozenset[Kind]:
    """What kinds of sensitive data ``text`` holds."""
    return frozenset(one.kind for one in _all(text))


def mask(text: str) -> str:
    """``text`` with everything sensitive hidden, of the same length.

    Of numbers the last four characters stay, so that two people can tell whether they mean the same one; blanks and
    dashes stay where they were. Of all else nothing stays. Masking twice changes nothing more.
    """
    found = find(text)
    if not found:
        return text
    parts, at = [], 0
    for start, end, kind in found:
        parts.append(text[at:start])
        parts.append(
            _number(text[start:end]) if kind in ("id_number", "bank_card", "passport") else MASK * (end - start)
        )
        at = end
    return "".join((*parts, text[at:]))


def mask_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A message's body with every text in it masked; a location keeps nothing of where it is."""
    return {name: ({} if name == "location" else _masked(value)) for name, value in body.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return mask_body(value)
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def _number(shown: str) -> str:
    places = [at for at, character in enumerate(shown) if character.isalnum()]
    hidden = set(places[:-_SHOWN])
    return "".join(MASK if at in hidden else character for at, character in enumerate(shown))


def _all(text: str) -> Iterator[Found]:
    for start, end, kind in find_numbers(text):
        yield Found(start, end, kind)
    for match in _PASSPORT.finditer(text):
        yield Found(*match.span(), "passport")
    for match in _PASSPORT_WORD.finditer(text):
        yield Found(*match.span("number"), "passport")
    for match in _HEALTH.finditer(text):
        yield Found(*match.span(), "health")
    for match in _CHILD.finditer(text):
        yield Found(*match.span(), "minor")
    for match in _AGE.finditer(text):
        if _age(match["age"] or match["years"]) < ADULT:
            yield Found(*match.span(), "minor")
    for match in _COORDINATES.finditer(text):
        if _on_earth(match[1], match[2]):
            yield Found(*match.span(), "location")
    for pattern in (_ANGLES, _GEO):
        for match in pattern.finditer(text):
            yield Found(*match.span(), "location")


def _age(told: str) -> int:
    if told.isdecimal():
        return int(told)
    tens, ten, ones = told.partition("十")
    if not ten:
        return _NUMERALS[told[-1]]
    return (_NUMERALS.get(tens, 1) if tens else 1) * 10 + (_NUMERALS.get(ones, 0) if ones else 0)


def _on_earth(one: str, other: str) -> bool:
    first, second = (abs(float(re.sub(r"[^\d.]", "", part))) for part in (one, other))
    return min(first, second) <= 90 and max(first, second) <= 180
