"""When people are there to answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain

Span = tuple[time, time]
_SATURDAY = 5
_LOOK_AHEAD_DAYS = 60
_PARTS = {"morning": time(12), "noon": time(14), "afternoon": time(18), "evening": time(21)}


def _every_weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """``week`` are the spans of each weekday from Monday on, a span's end not included.

    On a weekday that ``is_worked`` calls a day off nobody is there; a weekend's day that it calls a workday, and that
    has no hours of its own, has Monday's.
    """

    zone: tzinfo
    week: Sequence[Sequence[Span]]
    is_worked: Callable[[date], bool] = field(default=_every_weekday)

    def is_open(self, at: datetime) -> bool:
        """Whether somebody should be there at that moment."""
        here = at.astimezone(self.zone)
        return any(start <= here.time() < end for start, end in self._spans(here.date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """When somebody is there next, after ``at``; ``None`` when that is not foreseen within two months."""
        here = at.astimezone(self.zone)
        days = (here.date() + timedelta(days=ahead) for ahead in range(_LOOK_AHEAD_DAYS))
        starts = chain.from_iterable(self._starts(day) for day in days)
        return next((start for start in starts if start > here), None)

    def _starts(self, day: date) -> list[datetime]:
        return sorted(datetime.combine(day, start, self.zone) for start, _ in self._spans(day))

    def _spans(self, day: date) -> Sequence[Span]:
        own, worked = self.week[day.weekday()], self.is_worked(day)
        if day.weekday() < _SATURDAY:
            return own if worked else ()
        return self.week[0] if worked and not own else own


def end_of(wanted: str | None, now: datetime, zone: tzinfo) -> datetime | None:
    """By when to call somebody who wants to be called then: the next end of a part of the day (``morning`` …), of a
    span (``14:00-16:00``), or the next time by the clock (``15:30``). ``None`` for any time, and for what is none.
    """
    at = _PARTS.get(wanted or "") or _clock((wanted or "").rpartition("-")[2])
    if at is None:
        return None
    today = datetime.combine(now.astimezone(zone).date(), at, zone)
    return today if today > now else today + timedelta(days=1)


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
