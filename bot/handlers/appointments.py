"""When something can be picked up, or a technician can come: the next working days times the slots of the settings."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.flows.understanding.plain import plain
from bot.flows.understanding.values.dates import read_date
from bot.flows.understanding.values.times import read_time
from bot.handlers.case_words import slot_of
from bot.settings.service import Cases
from crm_adapter.rights.working_days import ZONE, HolidaysFault, WorkingDays

Appointment = tuple[datetime, datetime]
NOON_H = 12
_CLOCK = re.compile(r"\d\d:\d\d")
_MORNING = ("上午", "早上", "早晨", "morning", "am")
_AFTERNOON = ("下午", "傍晚", "晚上", "afternoon", "evening", "pm")


def calendar_of(holidays_file: Path | None) -> WorkingDays:
    """The working days; without the company's own where its file cannot be used, which the check-up tells."""
    try:
        return WorkingDays.read(holidays_file)
    except HolidaysFault:
        return WorkingDays()


def offered(cases: Cases, days: WorkingDays, now: datetime) -> list[Appointment]:
    """What can be chosen, the earliest first."""
    day, skipped = now.astimezone(ZONE).date(), 0
    found: list[date] = []
    while len(found) < cases.slot_days:
        day += timedelta(days=1)
        if not days.is_worked(day):
            continue
        if skipped < cases.slot_after_days:
            skipped += 1
        else:
            found.append(day)
    return [
        (datetime.combine(day, start, ZONE), datetime.combine(day, end, ZONE))
        for day in found
        for start, end in cases.times
    ]


def name_of(appointment: Appointment) -> str:
    """How a slot names it, whatever the language."""
    start, end = appointment
    return f"{start:%Y-%m-%dT%H:%M}/{end:%H:%M}"


def shown(name: str, locale: str) -> str:
    """How a customer reads a named appointment."""
    start, _, end = name.partition("/")
    begins = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    ends = datetime.combine(begins.date(), datetime.strptime(end, "%H:%M").time(), ZONE)  # noqa: DTZ007 - a time of day
    return slot_of(begins, ends, locale)


def meant(said: str, choices: Sequence[Appointment], now: datetime, locale: str) -> Appointment | None:
    """The appointment that words mean: its name, or a day, a part of it or hours ("周三下午", "2pm to 4pm"); of several
    the first.
    """
    named = next((one for one in choices if name_of(one) == said), None)
    if named is not None:
        return named
    words = plain(said)
    read = read_date(words, now.astimezone(ZONE).date(), past=False, locale=locale)
    begins = _CLOCK.match(str(read_time(words).value))
    early, late = (any(one in words for one in part) for part in (_MORNING, _AFTERNOON))
    fitting = [
        one
        for one in choices
        if (read.value is None or one[0].date().isoformat() == str(read.value)[:10])
        and (not early or one[0].hour < NOON_H)
        and (not late or one[0].hour >= NOON_H)
        and (not begins or f"{one[0]:%H:%M}" <= begins[0] < f"{one[1]:%H:%M}")
    ]
    return fitting[0] if fitting and (read.value is not None or begins or early != late) else None
