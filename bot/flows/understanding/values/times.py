"""Times of the day, by the clock or by its parts."""

import re
from typing import Final

from bot.flows.understanding.values.numerals import CHINESE, chinese_number
from bot.flows.understanding.values.read import Read, length_of

PARTS: Final = {
    "morning": re.compile(r"凌晨|清晨|早上|早晨|早间|一早|上午|明早|今早|am\b|\bmornings?\b|\bbefore noon\b"),
    "noon": re.compile(r"中午|正午|午间|\bnoon\b|\bmid-?day\b|\blunch ?time\b"),
    "afternoon": re.compile(r"下午|午后|\bafternoons?\b|\bafter lunch\b"),
    "evening": re.compile(
        r"傍晚|晚上|晚间|夜里|夜间|今晚|明晚|下班后|\bevenings?\b|\bnight\b|\btonight\b|\bafter work\b"
    ),
}
_HOUR_ZH = rf"(\d{{1,2}}|[{CHINESE.replace('点', '').replace('半', '')}]{{1,3}})"
_CLOCK_ZH: Final = re.compile(
    rf"{_HOUR_ZH}\s?(?:点钟?|时)(?!间|候)(?:\s?(半|整|一刻|三刻|\d{{1,2}}|[{CHINESE}]{{1,3}})分?)?"
)
_CLOCK: Final = re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?!\d)\s?(a\.?m\b\.?|p\.?m\b\.?)?")
_CLOCK_EN: Final = re.compile(r"\b(1[0-2]|0?[1-9])(?:[.:]([0-5]\d))?\s?(a\.?m\b\.?|p\.?m\b\.?|o'?clock)")
_SAID_EN: Final = {
    word: hour for hour, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}  # fmt: skip
_HALF_EN: Final = re.compile(
    rf"\b(half past|quarter past|quarter to|at)? ?({'|'.join(_SAID_EN)}|1[0-2]|[1-9])(?: (thirty|fifteen|forty-five))?"
    r"(?: ?(o'?clock|am|pm|in the (?:morning|afternoon|evening)))?\b"
)
_BARE: Final = re.compile(r"(?<!\d)([01]?\d|2[0-3])(?!\d)")
_TO: Final = re.compile(r"\s?(?:到|至|-|~|–|—|\bto\b|\btill?\b|\buntil\b)\s?")
_ANY: Final = re.compile(r"全天|整天|都(?:可以|行)|随时|\ball day\b|\bany ?time\b|\bwhole day\b")


def read_time(words: str) -> Read:
    """``15:30``, a span ``14:00-16:00``, or a part of the day: ``morning``, ``noon``, ``afternoon``, ``evening`` or
    ``any``.

    Without 上午 or pm the hours from one to six are the afternoon's: nobody is visited at three in the night. Codes:
    ``time_missing``, ``time_impossible``.
    """
    clocks = _clocks(words)
    if clocks is None:
        return Read(code="time_impossible", tried=True)
    if clocks:
        first = clocks[0]
        if len(clocks) > 1 and _TO.fullmatch(words[first[2] : clocks[1][1]].strip() or "到"):
            return Read(f"{first[0]}-{clocks[1][0]}", rest=length_of(words) - length_of(words[first[1] : clocks[1][2]]))
        return Read(first[0], rest=length_of(words) - length_of(words[first[1] : first[2]]))
    for name, pattern in PARTS.items():
        if match := pattern.search(words):
            return Read(name, rest=length_of(words) - length_of(match[0]))
    if match := _ANY.search(words):
        return Read("any", rest=length_of(words) - length_of(match[0]))
    if length_of(words) <= 2 and (bare := _BARE.search(words)):
        return Read(_as_clock(int(bare[1]), 0, ""))
    return Read(code="time_missing", tried=length_of(words) <= 4 and any(sign.isdigit() for sign in words))


def _clocks(words: str) -> list[tuple[str, int, int]] | None:
    """Clock times with their places; ``None`` where one cannot be."""
    found: list[tuple[str, int, int]] = []
    for match in _CLOCK.finditer(words):
        part = _part_before(words, match.start()) or (match[3] or "")[:1].replace("a", "am").replace("p", "pm")
        found.append((_as_clock(int(match[1]), int(match[2]), part), match.start(), match.end()))
    for match in _CLOCK_ZH.finditer(words):
        hour, minute = _number(match[1]), _minute(match[2])
        if hour is None or minute is None or hour > 24 or minute > 59:
            return None
        found.append(
            (_as_clock(hour, minute, _part_before(words, match.start()), later=bool(found)), match.start(), match.end())
        )
    for match in _CLOCK_EN.finditer(words):
        if not any(start < match.end() and match.start() < end for _, start, end in found):
            part = _part_before(words, match.start()) if match[3].startswith("o") else f"{match[3][0]}m"
            found.append((_as_clock(int(match[1]), int(match[2] or 0), part), match.start(), match.end()))
    if not found and (said := _HALF_EN.search(words)) and (said[1] or said[3] or said[4]):
        found.append((_in_words(words, said), said.start(), said.end()))
    return sorted(found, key=lambda each: each[1])


def _in_words(words: str, said: re.Match[str]) -> str:
    hour = _SAID_EN.get(said[2]) or int(said[2])
    minute = {"thirty": 30, "fifteen": 15, "forty-five": 45}.get(said[3] or "", 0)
    minute += {"half past": 30, "quarter past": 15, "quarter to": -15}.get(said[1] or "", 0)
    if minute < 0:
        hour, minute = hour - 1 or 12, minute + 60
    half = said[4] or ""
    part = half if half in ("am", "pm") else "am" if "morning" in half else "pm" if half.startswith("in") else ""
    return _as_clock(hour, minute, part or _part_before(words, said.start()))


def _number(text: str) -> int | None:
    value = float(text) if text.isdecimal() else chinese_number(text)
    return None if value is None else int(value)


def _minute(text: str | None) -> int | None:
    fixed = {None: 0, "整": 0, "半": 30, "一刻": 15, "三刻": 45}
    return fixed[text] if text in fixed else _number(str(text).replace("零", "").replace("〇", "") or "0")


def _part_before(words: str, start: int) -> str:
    before = words[:start]
    last = max(
        ((match.start(), name) for name, pattern in PARTS.items() for match in pattern.finditer(before)),
        default=(0, ""),
    )[1]
    small_hours = "凌晨" in before
    return "am" if last == "morning" or small_hours else "pm" if last in ("afternoon", "evening", "noon") else ""


def _as_clock(hour: int, minute: int, part: str, later: bool = False) -> str:
    hour %= 24
    if part == "pm" and hour < 12 and not (hour == 11 and later):
        hour += 12
    elif part == "am" and hour == 12:
        hour = 0
    elif not part and 1 <= hour <= 6:
        hour += 12
    return f"{hour:02d}:{minute:02d}"
