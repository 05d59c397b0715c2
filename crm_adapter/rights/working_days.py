"""Working days: China's calendar with its make-up workdays, plain weekdays where it ends, a file that overrides both.

    holidays: [2027-02-08, 2027-02-09]     # days off, whatever their weekday
    workdays: [2027-02-14]                 # make-up workdays

A year the calendar does not know, and of which the file says nothing, makes a deadline provisional.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

ZONE = ZoneInfo("Asia/Shanghai")
_KINDS = {"holidays": False, "workdays": True}
_SATURDAY = 5


class HolidaysFault(ValueError):
    """The file of holidays cannot be used; the message names the place and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """``at`` is the end of the last day, in Asia/Shanghai; ``provisional`` when a year's holidays are not known yet."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked. ``overrides`` win over the calendar."""

    overrides: Mapping[date, bool] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> "WorkingDays":
        """With the overrides of a file. Raises :class:`HolidaysFault`."""
        if path is None:
            return cls()
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as fault:
            raise HolidaysFault(f"{path}: cannot be read ({fault.strerror})") from None
        except (UnicodeDecodeError, yaml.YAMLError):
            raise HolidaysFault(f"{path}: is not YAML") from None
        return cls(_overrides(path, content))

    def is_worked(self, day: date) -> bool:
        """Whether people work on that day."""
        if day in self.overrides:
            return self.overrides[day]
        worked = _published(day)
        return day.weekday() < _SATURDAY if worked is None else worked

    def is_known(self, day: date) -> bool:
        """Whether the holidays of that day's year are published, here or in the file."""
        if any(known.year == day.year for known in self.overrides):
            return True
        return _published(day) is not None

    def deadline(self, start: datetime, days: int) -> Deadline:
        """The end of the ``days``-th working day after the day of ``start``, which does not count itself."""
        day, provisional, left = start.astimezone(ZONE).date(), False, days
        while left > 0:
            day += timedelta(days=1)
            provisional = provisional or not self.is_known(day)
            left -= self.is_worked(day)
        end = datetime.combine(day + timedelta(days=1), time(), ZONE)
        return Deadline(end, provisional)


def _published(day: date) -> bool | None:
    """Whether it is a workday by the published calendar; ``None`` for a year that its data does not reach."""
    import chinese_calendar  # 3 MB that a server needs once a day

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _overrides(path: Path, content: Any) -> dict[date, bool]:
    if not isinstance(content, dict):
        raise HolidaysFault(f"{path}: needs the lists holidays and workdays")
    strange = sorted(str(name) for name in content if name not in _KINDS)
    if strange:
        raise HolidaysFault(f"{path}: {strange[0]}: only holidays and workdays are known")
    overrides: dict[date, bool] = {}
    for kind, worked in _KINDS.items():
        days = content.get(kind) or []
        if not isinstance(days, list):
            raise HolidaysFault(f"{path}: {kind}: a list of days is needed")
        for number, day in enumerate(days, 1):
            if not isinstance(day, date) or isinstance(day, datetime):
                raise HolidaysFault(f"{path}: {kind}, entry {number}: is no day such as 2027-02-08")
            if overrides.get(day, worked) != worked:
                raise HolidaysFault(f"{path}: {day} is both a holiday and a workday")
            overrides[day] = worked
    return overrides
