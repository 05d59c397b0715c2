"""When somebody wants to be called back: the day they said, and whether a time is the earliest one."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from bot.domain.hours import end_of
from bot.flows.understanding.plain import plain
from bot.flows.understanding.values.dates import read_date
from bot.handlers.wording import Wording

AFTER_H = 2
"""Who wants a call "after eight" is called within so many hours from then."""
_LAST: Final = time(21)
"""By when somebody is called who named a day only."""
_AFTER: Final = re.compile(r"以后|之后|过后|往后|后$|\b(?:after|from|not before|later than)\b|\bonwards?\b")
_BEFORE: Final = re.compile(r"以前|之前|前$|\b(?:before|by|until|no later than)\b")

words = Wording("call_times")


@dataclass(frozen=True, slots=True)
class CallTime:
    """``due``: by when staff has to have called. ``shown``: how the customer is told, such as "11月23日 20:00 以后"."""

    due: datetime
    shown: str


def call_time(wanted: str | None, said: str, now: datetime, zone: tzinfo, locale: str, within: timedelta) -> CallTime:
    """``wanted`` is a time as forms have it (``evening``, ``20:00``, ``14:00-16:00``, ``any``); ``said`` are the words
    it came in, which may name a day and say "after". Without a time and a day the call is due ``within`` that long.
    """
    text = plain(said)
    day = _day(text, now.astimezone(zone).date(), locale)
    since = now if day is None else datetime.combine(day, time.min, zone) - timedelta(microseconds=1)
    end = end_of(wanted, since, zone)
    if end is None and day is not None:
        end, wanted = datetime.combine(day, _LAST, zone), "day"
    if end is None:
        due = (now + within).astimezone(zone)
        return CallTime(due, words("by", locale, day=_shown(due.date(), locale), time=f"{due:%H:%M}"))
    return _told(str(wanted), text, end, locale)


def _told(wanted: str, text: str, end: datetime, locale: str) -> CallTime:
    start, _, until = wanted.partition("-")
    kind, due = "about", end
    if until:
        kind = "between"
    elif not start[:1].isdigit():
        kind = start
    elif _AFTER.search(text):
        kind, due = "after", end + timedelta(hours=AFTER_H)
    elif _BEFORE.search(text):
        kind = "by"
    return CallTime(due, words(kind, locale, day=_shown(end.date(), locale), time=start, until=until))


def _day(text: str, today: date, locale: str) -> date | None:
    """A day to come that the words name; today is none, as the next such time is meant then anyway."""
    read = read_date(text, today, past=False, locale=locale)
    try:
        day = date.fromisoformat(str(read.value)[:10])
    except ValueError:
        return None
    return day if day > today else None


def _shown(day: date, locale: str) -> str:
    return f"{day.day} {day:%B}" if locale == "en" else f"{day.month}月{day.day}日"
