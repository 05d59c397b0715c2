"""Numbers in digits and in words, Chinese and English."""

import re
from collections.abc import Iterator
from typing import Final

_DIGITS: Final = {sign: value for value, signs in enumerate(
    ("零〇", "一壹幺", "二两贰俩", "三叁仨", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
) for sign in signs}  # fmt: skip
_UNITS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS: Final = {"万": 10_000, "亿": 100_000_000}
_SHORT: Final = {"廿": "二十", "卅": "三十"}
CHINESE: Final = "零〇一壹幺二两贰俩三叁仨四肆五伍六陆七柒八捌九玖十拾百佰千仟万亿廿卅半点"

_ONES: Final = {
    word: value
    for value, word in enumerate(
        re.split(
            r"\|",
            "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
            "|seventeen|eighteen|nineteen",
        )
    )
}
_TENS: Final = {
    word: value * 10
    for value, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
}
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12}
_WORDS: Final = _ONES | _TENS | _SCALES | {"a": 1, "an": 1, "couple": 2}
_ENGLISH: Final = re.compile(
    rf"\b(?:(?:{'|'.join(_ONES | _TENS)}|an?(?= (?:hundred|thousand|million|dozen)))"
    rf"(?:(?: |-| and )(?:{'|'.join(_ONES | _TENS | _SCALES)}))*|(?:a )?couple)\b"
)
_ARABIC: Final = re.compile(
    r"(?<![\w.])[-+]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?(?![\d])|(?<=[\u4e00-\u9fff])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)"
    r"|[-+]?\d+(?:\.\d+)?"
)
_HAN: Final = re.compile(rf"[{CHINESE}]+")
_TAIL: Final = re.compile(r"[一二两三四五六七八九1-9](?![\d十百千万亿])")
_MULTIPLIER: Final = re.compile(r"\s?(万|亿|千|百|k\b|m\b|million\b|thousand\b|hundred\b)")
_FACTORS: Final = {
    "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000, "k": 1000, "m": 1_000_000,
    "hundred": 100, "thousand": 1000, "million": 1_000_000,
}  # fmt: skip
_NO_NUMBER: Final = re.compile(r"^[万千亿点半]+$|^一点$")
_MOST_SIGNS: Final = 24


def numbers_in(words: str) -> Iterator[tuple[float, int, int]]:
    """The numbers of a plain text from left to right, each with where it stands (end exclusive)."""
    found: list[tuple[float, int, int]] = []
    for match in _ARABIC.finditer(words):
        end = match.end()
        if match.end() - match.start() > _MOST_SIGNS or (found and match.start() < found[-1][2]):
            continue
        value = float(re.sub(r"[,' ]", "", match[0]))
        if more := _MULTIPLIER.match(words, end):
            value *= _FACTORS[more[1]]
            end = more.end()
            if (tail := _TAIL.match(words, end)) and more[1] in "万千百":  # 2万5, 1千三
                value += (chinese_number(tail[0]) or 0) * _FACTORS[more[1]] / 10
                end = tail.end()
        elif words[end : end + 1] == "半":
            value, end = value + 0.5, end + 1
        found.append((value, match.start(), end))
    taken = [(start, end) for _, start, end in found]
    for match in _HAN.finditer(words):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        if len(match[0]) <= _MOST_SIGNS and not _NO_NUMBER.match(match[0]):
            number = chinese_number(match[0])
            if number is not None:
                found.append((number, match.start(), match.end()))
    found += [
        (float(_english(match[0])), match.start(), match.end())
        for match in _ENGLISH.finditer(words)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
    yield from sorted(found, key=lambda each: each[1])


def chinese_number(numeral: str) -> float | None:
    """三百二十 is 320, 两万五 25000, 一点五 1.5, 二〇二六 2026; ``None`` for what is none."""
    for sign, full in _SHORT.items():
        numeral = numeral.replace(sign, full)
    whole, point, fraction = numeral.partition("点")
    half = 0.0
    if whole.endswith("半"):
        whole, half = whole[:-1], 0.5
        if whole and whole[-1] in _MYRIADS:  # 一万半 is no number anyone means
            return None
    if whole.isdecimal():
        return float(whole)
    value: float | None = _chinese_whole(whole) if whole else 0.0
    if value is None or (not whole and not half):
        return None
    if point and fraction and all(sign in _DIGITS for sign in fraction):
        value += float("0." + "".join(str(_DIGITS[sign]) for sign in fraction))
    elif point:
        return None
    return value + half


def _chinese_whole(numeral: str) -> float | None:
    if all(sign in _DIGITS for sign in numeral):
        return float("".join(str(_DIGITS[sign]) for sign in numeral))
    total = section = digit = 0
    last_unit, after_zero = 1, False
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
            after_zero = after_zero or digit == 0
        elif sign in _UNITS:
            section += (digit or 1) * _UNITS[sign]
            digit, last_unit, after_zero = 0, _UNITS[sign], False
        elif sign in _MYRIADS:
            total = (total + section + digit) * _MYRIADS[sign] if sign == "亿" else total + (section + digit) * 10_000
            section = digit = 0
            last_unit, after_zero = _MYRIADS[sign], False
        else:
            return None
    # 两百五 is 250 and 三万二 is 32000, but 一百零五 is 105.
    return float(total + section + (digit if after_zero or last_unit <= 10 else digit * last_unit // 10))


def _english(words: str) -> int:
    if words.endswith("couple"):
        return _WORDS["couple"]
    total = current = 0
    for word in re.split(r"[ -]", words):
        if word == "and" or word not in _WORDS:
            continue
        if word in ("thousand", "million"):
            total += max(current, 1) * _SCALES[word]
            current = 0
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
        else:
            current += _WORDS[word]
    return total + current
