"""Times of the day, by the clock or by its parts."""

import re
from typing import Final, NamedTuple

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
_HAN = f"[{CHINESE.replace('点', '').replace('半', '')}]{{1,3}}"
_HOUR_ZH = rf"(\d{{1,2}}|{_HAN})"
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
_PART = rf"(?:(?:in )?(?:the |this )?(?:{'|'.join(part.pattern for part in PARTS.values())})的?\s?)"
_TO = r"\s?(?:到|至|[-~–—]|\b(?:to|till?|until)\b)\s?"
_BETWEEN: Final = re.compile(rf"(?:{_TO}{_PART}?)?")
_BETWEEN_AND: Final = re.compile(r"\bbetween (.{1,12}?) and (?=\d|[a-z])")
_SAID = rf"(?<![\d:.月周期拜/-])(\b(?:{'|'.join(_SAID_EN)})\b|\d{{1,2}}"
_BEFORE_CLOCK: Final = re.compile(rf"{_SAID}|{_HAN}){_TO}{_PART}?$")
"""The first hour of "十到十二点" and "2-4pm"."""
_AFTER_CLOCK: Final = re.compile(rf"{_TO}{_PART}?(\b(?:{'|'.join(_SAID_EN)})\b|\d{{1,2}})(?![\d:./-])")
"""The last one of "10am to 12"."""
_BOTH_BARE: Final = re.compile(
    rf"{_SAID})(?:\s?(?:到|至|[~–—]|\b(?:to|till?|until)\b)\s?|(?:(?<=[午上]\d)|(?<=[午上]\d\d))-)"
    rf"({'|'.join(_SAID_EN)}|\d{{1,2}})(?![\d:./-]|\s?[年月日号天个人元块%]| (?:days?|people|weeks?|minutes?))"
)
"""Both hours of "10 to 12". A hyphen between them is a date's as well, unless a part of the day stands before."""
_PART_AFTER: Final = re.compile(rf"\s?{_PART}")
_ANY: Final = re.compile(r"全天|整天|都(?:可以|行)|随时|\ball day\b|\bany ?time\b|\bwhole day\b")


class _Clock(NamedTuple):
    """An hour as it was said, with the part of the day that was said right with it, and its place."""

    hour: int
    minute: int
    part: str
    start: int
    end: int


def read_time(words: str) -> Read:
    """``15:30``, a span ``14:00-16:00``, or a part of the day: ``morning``, ``noon``, ``afternoon``, ``evening`` or
    ``any``.

    Without 上午 or pm the hours from one to six are the afternoon's: nobody is visited at three in the night. The end
    of a span is the next such hour after its beginning: 12点 is noon after 上午10点, midnight after 晚上8点. Codes:
    ``time_missing``, ``time_impossible``.
    """
    words = _BETWEEN_AND.sub(r"\1 to ", words)
    clocks = _clocks(words)
    if clocks is None:
        return Read(code="time_impossible", tried=True)
    if clocks:
        first, *others = clocks
        if others and _BETWEEN.fullmatch(words, first.end, others[0].start):
            span = words[first.start : others[0].end]
            return Read(_as_span(words, first, others[0]), rest=length_of(words) - length_of(span))
        told = _told(first, _hour(first.hour, first.part))
        return Read(told, rest=length_of(words) - length_of(words[first.start : first.end]))
    for name, pattern in PARTS.items():
        if match := pattern.search(words):
            return Read(name, rest=length_of(words) - length_of(match[0]))
    if match := _ANY.search(words):
        return Read("any", rest=length_of(words) - length_of(match[0]))
    if length_of(words) <= 2 and (bare := _BARE.search(words)):
        return Read(f"{_hour(int(bare[1]), ''):02d}:00")
    return Read(code="time_missing", tried=length_of(words) <= 4 and any(sign.isdigit() for sign in words))


def _clocks(words: str) -> list[_Clock] | None:
    """Clock times from left to right; ``None`` where one cannot be."""
    found = [_Clock(int(one[1]), int(one[2]), _half(one[3]), *one.span()) for one in _CLOCK.finditer(words)]
    for match in _CLOCK_ZH.finditer(words):
        hour, minute = _number(match[1]), _minute(match[2])
        if hour is None or minute is None or hour > 24 or minute > 59:
            return None
        found.append(_Clock(hour, minute, "", *match.span()))
    for match in _CLOCK_EN.finditer(words):
        if not any(one.start < match.end() and match.start() < one.end for one in found):
            found.append(_Clock(int(match[1]), int(match[2] or 0), _half(match[3]), *match.span()))
    if not found and (both := _BOTH_BARE.search(words)):
        found = _bare(both, 1) + _bare(both, 2)
    elif not found and (said := _HALF_EN.search(words)) and (said[1] or said[3] or said[4]):
        found.append(_in_words(said))
    found.sort(key=lambda each: each.start)
    if len(found) == 1 and (before := _BEFORE_CLOCK.search(words[: found[0].start])):
        found = _bare(before, 1) + found
    elif len(found) == 1 and (after := _AFTER_CLOCK.match(words, found[0].end)):
        found += _bare(after, 1)
    begins = [0, *(one.end for one in found)]
    return [
        one._replace(part=one.part or _part_in(words[begin : one.start]))
        for one, begin in zip(found, begins, strict=False)
    ]


def _bare(match: re.Match[str], group: int) -> list[_Clock]:
    """An hour without a sign that it is one; none where it cannot be."""
    hour = _number(match[group])
    return [] if hour is None or hour > 24 else [_Clock(hour, 0, "", *match.span(group))]


def _in_words(said: re.Match[str]) -> _Clock:
    hour = _number(said[2]) or 0
    minute = {"thirty": 30, "fifteen": 15, "forty-five": 45}.get(said[3] or "", 0)
    minute += {"half past": 30, "quarter past": 15, "quarter to": -15}.get(said[1] or "", 0)
    if minute < 0:
        hour, minute = hour - 1 or 12, minute + 60
    return _Clock(hour, minute, _part_in(said[4] or "") if " " in (said[4] or "") else _half(said[4]), *said.span())


def _half(text: str | None) -> str:
    """``am`` or ``pm`` as a clock has it, however it is written; nothing for o'clock."""
    return f"{text[0]}m" if text and text[0] in "ap" else ""


def _number(text: str) -> int | None:
    value = _SAID_EN.get(text) or (float(text) if text.isdecimal() else chinese_number(text))
    return None if value is None else int(value)


def _minute(text: str | None) -> int | None:
    fixed = {None: 0, "整": 0, "半": 30, "一刻": 15, "三刻": 45}
    return fixed[text] if text in fixed else _number(str(text).replace("零", "").replace("〇", "") or "0")


def _part_in(words: str) -> str:
    """The part of the day that is named last; 凌晨 is no morning."""
    if "凌晨" in words:
        return "am"
    named = ((match.start(), name) for name, pattern in PARTS.items() for match in pattern.finditer(words))
    return max(named, default=(0, ""))[1]


def _as_span(words: str, first: _Clock, last: _Clock) -> str:
    """From one clock time to another. A part of the day that only one of them has is said for both, where it fits."""
    if not first.part and not last.part and (after := _PART_AFTER.match(words, last.end)):
        first = first._replace(part=_part_in(after[0]))
    begins = _hour(first.hour, first.part or (last.part if last.part in ("am", "pm") else ""))
    ends = _hour(last.hour, last.part) if last.part else _next(last, first, begins)
    if not first.part and (begins, first.minute) >= (ends, last.minute):
        begins = first.hour % 24  # "10-2pm", "5点到上午8点"
        ends = _next(last, first, begins) if begins > ends else ends  # "10-12am"
    return f"{_told(first, begins)}-{_told(last, ends)}"


def _next(last: _Clock, first: _Clock, begins: int) -> int:
    """The hour of a span's end that comes first after its beginning; past midnight where none is left of the day."""
    if not 0 < last.hour <= 12:
        return last.hour % 24
    hours = (last.hour % 12, last.hour % 12 + 12)
    return next((hour for hour in hours if (hour, last.minute) > (begins, first.minute)), hours[0])


def _hour(hour: int, part: str) -> int:
    """The hour of the day that an hour is in a part of it. Midnight is the evening's twelve, noon all others'."""
    if not 0 < hour <= 12:
        return hour % 24
    match part:
        case "am":
            return hour % 12
        case "pm" | "afternoon":
            return hour % 12 + 12
        case "noon":
            return hour if hour >= _LATE_MORNING else hour + 12
        case "evening":
            return (hour + 12) % 24 if hour >= _DAWN else hour
    return hour + 12 if not part and hour <= _NIGHT else hour


_LATE_MORNING: Final = 10
_DAWN: Final = 4
_NIGHT: Final = 6


def _told(clock: _Clock, hour: int) -> str:
    return f"{hour:02d}:{clock.minute:02d}"
