"""Order numbers, by the patterns the company has set."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from bot.flows.understanding.heard import ORDER_PATTERNS
from bot.flows.understanding.values.read import Read, length_of

_GROUPED: Final = re.compile(r"(?<=[a-z0-9])[ -](?=[a-z0-9])")
_DIGIT_GROUPS: Final = re.compile(r"(?<=\d)[ -](?=\d)")
_NAMED: Final = re.compile(r"(?:订单|单号|编号|运单|order|number|no\.?|#)\D{0,12}([a-z0-9][a-z0-9 -]*\d)")
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = re.compile(r"[a-z0-9-]*\d[a-z0-9-]*")
_PHONE: Final = re.compile(r"[+]\d[\d -]{7,17}|(?<![a-z0-9])(?:1[3-9]\d{9}|09\d{8}|0\d{9,10})(?![a-z0-9])")
"""What can only be a telephone number, unless the company's own patterns or the words beside it say otherwise."""
_CALLED: Final = re.compile(
    r"(?<!没有)(?<!没)(?<!\bno )(?<!没有订)(?<!没订)(?:订单|单号|运单|\border\b)"
    r"(?:(?!电话|手机|phone|mobile|call)\D){0,12}$"
)
_LOOKED_AT: Final = 400
_FEWEST_DIGITS: Final = 3


@lru_cache(maxsize=16)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", re.IGNORECASE) for pattern in patterns)


def read_order(words: str, patterns: Sequence[str]) -> Read:
    """An order number in upper case, without the spaces and hyphens it was typed with, if the patterns have none.

    Codes: ``order_missing``, ``order_impossible`` (something like a number is there, and it fits no pattern),
    ``order_phone`` (a telephone number is there).
    """
    looked_at = words[:_LOOKED_AT]
    ours = tuple(patterns) == ORDER_PATTERNS
    if ours and not _DIGIT.search(looked_at):
        return Read(code="order_missing")
    phone = _PHONE.search(_DIGIT_GROUPS.sub("", looked_at)) if ours else None
    if phone is None or _CALLED.search(phone.string[: phone.start()]):
        return _order(looked_at, words, patterns)
    beside = _order(_PHONE.sub(" ", phone.string), words, patterns)
    return beside if beside.code is None else Read(code="order_phone", tried=True)


def _order(looked_at: str, words: str, patterns: Sequence[str]) -> Read:
    for tried in dict.fromkeys((looked_at, _GROUPED.sub("", looked_at))):
        for pattern in _compiled(tuple(patterns)):
            if match := pattern.search(tried):
                return Read(match[0].upper(), rest=length_of(words) - length_of(match[0]))
    like = [each for each in _DIGITS.findall(looked_at) if sum(sign.isdigit() for sign in each) >= _FEWEST_DIGITS]
    if like or _NAMED.search(looked_at):
        return Read(code="order_impossible", tried=True)
    return Read(code="order_missing")
