"""Days as people say them, relative to today."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from bot.flows.understanding.values.numerals import CHINESE, chinese_number
from bot.flows.understanding.values.read import Read, length_of

_N = rf"(?:\d{{1,4}}|[{CHINESE}]{{1,6}})"
_RELATIVE: Final = {
    word: days
    for days, said in {
        -3: "大前天",
        -2: "前天|前日|the day before yesterday|day before yesterday",
        -1: "昨天|昨日|昨晚|昨儿|琴日|寻日|yesterday|last night",
        0: "今天|今日|今晚|今早|当天|现在|刚才|刚刚|today|tonight|this morning|this afternoon|this evening|just now",
        1: "明天|明日|明儿|明早|明晚|听日|tomorrow|tmrw|tomorow|tommorrow|tommorow|tomorrrow",
        2: "后天|后日|the day after tomorrow|day after tomorrow",
        3: "大后天",
    }.items()
    for word in said.split("|")
}
_RELATIVE_RE: Final = re.compile(
    "|".join(rf"\b{word}\b" if word.isascii() else word for word in sorted(_RELATIVE, key=len, reverse=True))
)
_WEEKDAYS_ZH: Final = {
    sign: place for place, signs in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7末")) for sign in signs
}
_WEEKDAY_ZH: Final = re.compile(
    r"((?:上|下)+(?:个|一)?|这个?|本)?(?:周|星期|礼拜|拜)([一二三四五六日天末]|[1-7](?!\d))(?!个)"
)
_DAYS_EN: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_EN: Final = re.compile(
    r"\b(?:(next|this|last|coming|past|previous|following) )?(?:(?:mon|fri|sun)(?:day)?|tue(?:s(?:day)?)?"
    r"|wed(?:nesday|s)?|thu(?:rs?(?:day)?)?|sat(?:urday)?|weekend)\b"
    r"(?: (next|last|this) week)?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_EN = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR_EN = r"(?:,? ?(?P<year>(?:19|20)\d\d|'\d\d|(?:3[2-9]|[4-9]\d)(?![\d:.]| ?[ap]\.?m)))?"
"""Of two figures a year has an apostrophe, or can be no hour."""
_NAMED: Final = (
    re.compile(rf"\b(?:the )?(?<![:.])(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH_EN}{_YEAR_EN}"),
    re.compile(rf"\b{_MONTH_EN} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b{_YEAR_EN}"),
)
"""What stands behind "5 May" is a year or an hour, and no day of that month."""
_FULL: Final = re.compile(
    rf"(?P<year>(?:19|20)\d\d|\d{{4}}(?=年)|[一二][{CHINESE}]{{3}}|民国\s?(?P<republic>{_N})(?=\s?年)|(?<!\d)\d\d(?=年)"
    rf"|(?<![\d./-])(?:3[2-9]|[4-9]\d)(?=[./-]\d{{1,2}}[./-]\d{{1,2}}(?!\d))|今年|去年|明年|前年)"
    rf"\s?[年./-]?\s?(?P<month>{_N})\s?[月./-]\s?(?P<day>{_N})\s?[日号]?(?!\d)"
)
"""In figures alone ("90-3-5") a year of two digits comes first where it can be neither day nor month."""
_REPUBLIC: Final = 1911
"""The year before 民国 1, as years are counted in Taiwan."""
_COMPACT: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)(?!\d)")
_MONTH_DAY: Final = re.compile(
    rf"(?P<month>{_N}|上个?月|下个?月|这个?月|本月)(?:月(?:份)?)?的?\s?(?P<day>{_N})[日号](?!线)"
)
_MONTH_DAY_BARE: Final = re.compile(rf"(?P<month>{_N})月(?P<day>{_N})(?![\d个])")
_DAY_ONLY: Final = re.compile(
    rf"(?<![\d月])(?P<day>{_N})[日号](?![线楼店机院])|\bthe (?P<ordinal>\d{{1,2}})(?:st|nd|rd|th)\b"
)
_SLASH: Final = re.compile(
    r"(?<![\d/.午上-])(\d{1,2})[/.-](\d{1,2})(?:[/.-]((?:19|20)?\d\d))?"
    r"(?![\d/-]|\s?(?:[点时]|[ap]\.?m\b))"
)
"""Hours with a hyphen between them ("2-4pm") are no day."""
_MONTHS_A_YEAR = 12
_COUNT = rf"(\d{{1,3}}|[{CHINESE}]{{1,4}}|a|an|one|two|three|four|five|six|seven|ten)"
_DISTANCE: Final = re.compile(
    rf"{_COUNT}\s?个?(天|日|周|星期|礼拜|月|年)(?:之|以)?(前|后)"
    rf"|(?:(?P<in>in) )?\b{_COUNT} (day|week|month|year)s? ?(?P<way>ago|later|from now|from today)?"
)
_SMALL: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_END_OF_MONTH: Final = re.compile(r"(上个?月|下个?月|这个?月|本月)?月?底|\bend of (?:the|this) month\b")
_VAGUE: Final = re.compile(
    r"下个?(?:周|星期|礼拜|月|年)|上个?(?:周|星期|礼拜|月|年)|最近|前几天|前阵子|过几天|改天|这几天|过年|年底|随时"
    r"|尽快|\b(?:next|last|this) (?:week|month|year)\b|\b(?:soon|recently|a few (?:days|weeks)|some day|asap"
    r"|any ?time|sometime)\b"
)
_LIKE_A_DATE: Final = re.compile(r"\d{1,4}\s?[年月日号/.-]|月|周|星期|天")


def read_date(words: str, today: date, *, past: bool, locale: str, year: bool = False) -> Read:
    """A day in ISO form (``2026-12-03``).

    ``past`` settles what the words leave open: "周三" and "12月3号" are the last ones instead of the next. A date such
    as 3/12 is the third month in Chinese and the third day in English, unless only one of them is possible; with a year
    behind it (03/05/1990) nobody's habit settles it. A weekday after "next" or 下 belongs to next week. Codes:
    ``date_missing``, ``date_vague``, ``date_ambiguous``, ``date_impossible``; ``date_year`` where the ``year`` is
    wanted and only supposed: the same words would mean another day a year ago.
    """
    if (
        (two := _SLASH.search(words))
        and two[3]
        and two[1] != two[2]
        and max(int(two[1]), int(two[2])) <= _MONTHS_A_YEAR
    ):
        return Read(code="date_ambiguous", tried=True)
    for read in _READERS:
        outcome = read(words, today, past, locale)
        if outcome is not None:
            found, span = outcome
            if found is None:
                return Read(code="date_impossible", tried=True)
            if year and read(words, _moved(today, -1, "year") or today, past, locale) != outcome:
                return Read(code="date_year", tried=True)
            return Read(found.isoformat(), rest=length_of(words) - span)
    if _VAGUE.search(words):
        return Read(code="date_vague", tried=len(words) <= 12)
    return Read(code="date_missing", tried=len(words) <= 12 and _LIKE_A_DATE.search(words) is not None)


Outcome = tuple[date | None, int] | None
_Reader = Callable[[str, date, bool, str], Outcome]


def _span(match: re.Match[str]) -> int:
    return length_of(match[0])


def _relative(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _RELATIVE_RE.search(words)
    return (today + timedelta(days=_RELATIVE[match[0]]), _span(match)) if match else None


def _distance(words: str, today: date, past: bool, locale: str) -> Outcome:
    for match in _DISTANCE.finditer(words):
        chinese = match[1] is not None
        count = _count(match[1] if chinese else match[5])
        if count is None:
            continue
        if chinese:
            unit, sign = match[2], -1 if match[3] == "前" else 1
        elif match["in"] or match["way"]:
            unit, sign = match[6], -1 if match["way"] == "ago" else 1
        else:
            continue
        return _moved(today, sign * count, unit), _span(match)
    return None


def _moved(today: date, count: int, unit: str) -> date | None:
    try:
        if unit in ("月", "month"):
            place = today.year * 12 + today.month - 1 + count
            return _clipped(place // 12, place % 12 + 1, today.day)
        if unit in ("年", "year"):
            return _clipped(today.year + count, today.month, today.day)
        return today + timedelta(days=count * (7 if unit in ("周", "星期", "礼拜", "week") else 1))
    except (OverflowError, ValueError):
        return None


def _weekday_zh(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _WEEKDAY_ZH.search(words)
    if not match:
        return None
    weekday = 5 if match[2] == "末" else _WEEKDAYS_ZH[match[2]]
    which = match[1] or ""
    return _in_week(today, weekday, which.count("下") - which.count("上"), bool(which), past), _span(match)


def _weekday_en(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _WEEKDAY_EN.search(words)
    if not match:
        return None
    named = next((place for place, day in enumerate(_DAYS_EN) if re.search(rf"\b{day[:3]}", match[0])), 5)
    which = match[1] or match[2] or ""
    if which in ("coming", "past", "previous", "following"):
        return _in_week(today, named, 0, False, which in ("past", "previous")), _span(match)
    if which == "last" and not match[2]:
        found = today - timedelta(days=(today.weekday() - named) % 7 or 7)
        return found, _span(match)
    return _in_week(today, named, {"next": 1, "last": -1}.get(which, 0), which in ("next", "last"), past), _span(match)


def _in_week(today: date, weekday: int, weeks: int, fixed: bool, past: bool) -> date:
    found = today + timedelta(days=weekday - today.weekday() + 7 * weeks)
    if not fixed:
        if past and found > today:
            found -= timedelta(days=7)
        elif not past and found < today:
            found += timedelta(days=7)
    return found


def _full(words: str, today: date, past: bool, locale: str) -> Outcome:
    if match := _COMPACT.search(words):
        return _day(int(match[1]), int(match[2]), int(match[3])), _span(match)
    match = _FULL.search(words)
    if not match:
        return None
    year = {"今年": 0, "去年": -1, "明年": 1, "前年": -2}.get(match["year"])
    whole = today.year + year if year is not None else _count(match["republic"] or match["year"])
    month, day = _count(match["month"]), _count(match["day"])
    if whole is None or month is None or day is None:
        return None
    if match["republic"]:
        whole += _REPUBLIC
    return _day(_in_full(whole, today), month, day), _span(match)


def _in_full(year: int, today: date) -> int:
    """A year of two figures is one up to the next."""
    if year >= 100:
        return year
    return year + (2000 if year <= today.year % 100 + 1 else 1900)


def _named(words: str, today: date, past: bool, locale: str) -> Outcome:
    for pattern in _NAMED:
        if match := pattern.search(words):
            month = _MONTHS.index(match["month"][:3]) + 1
            if match["year"]:
                return _day(_in_full(int(match["year"].lstrip("'")), today), month, int(match["day"])), _span(match)
            return _nearest(today, month, int(match["day"]), past), _span(match)
    return None


def _month_day(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _MONTH_DAY.search(words) if "月" in words else None
    match = match or _MONTH_DAY_BARE.search(words)
    if not match:
        return None
    day = _count(match["day"])
    step = {"上": -1, "下": 1, "这": 0, "本": 0}.get(match["month"][0])
    if day is None:
        return None
    if step is not None and match["month"].endswith("月"):
        place = today.year * 12 + today.month - 1 + step
        return _day(place // 12, place % 12 + 1, day), _span(match)
    month = _count(match["month"])
    return (None if month is None else _nearest(today, month, day, past)), _span(match)


def _slash(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _SLASH.search(words)
    if not match:
        return None
    first, second = int(match[1]), int(match[2])
    day_first = locale == "en"
    month, day = (second, first) if (day_first and second <= 12) or first > 12 else (first, second)
    if match[3]:
        return _day(_in_full(int(match[3]), today), month, day), _span(match)
    return _nearest(today, month, day, past), _span(match)


def _end_of_month(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _END_OF_MONTH.search(words)
    if not match:
        return None
    step = {"上": -1, "下": 1}.get((match[1] or " ")[0], 0)
    place = today.year * 12 + today.month - 1 + step
    return _clipped(place // 12, place % 12 + 1, 31), _span(match)


def _day_only(words: str, today: date, past: bool, locale: str) -> Outcome:
    match = _DAY_ONLY.search(words)
    day = _count(match["day"] or match["ordinal"]) if match else None
    if match is None or day is None:
        return None
    if not 1 <= day <= 31:
        return None, _span(match)
    place = today.year * 12 + today.month - 1
    for step in (0, -1, -2) if past else (0, 1, 2):
        year, month = divmod(place + step, 12)
        found = _day(year, month + 1, day)
        if found and (found <= today if past else found >= today):
            return found, _span(match)
    return None, _span(match)


_READERS: Final[tuple[_Reader, ...]] = (
    _full, _named, _month_day, _distance, _end_of_month, _weekday_zh, _weekday_en, _relative, _slash, _day_only,
)  # fmt: skip


def _count(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    if text in _SMALL:
        return _SMALL[text]
    number = chinese_number(text)
    return int(number) if number is not None and number == int(number) else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clipped(year: int, month: int, day: int) -> date | None:
    return next((found for last in (day, 30, 29, 28) if last <= day and (found := _day(year, month, last))), None)


def _nearest(today: date, month: int, day: int, past: bool) -> date | None:
    """The day's last or next return; a 29 February may take up to eight years."""
    for step in range(9):
        found = _day(today.year - step if past else today.year + step, month, day)
        if found and (found <= today if past else found >= today):
            return found
    return None
