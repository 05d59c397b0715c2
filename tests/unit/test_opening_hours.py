"""When people are there, and by when somebody wants to be called."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bot.domain.hours import OpeningHours, end_of
from bot.handlers.person import moment, opening_hours
from bot.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = {day: ["09:00-12:00", "13:30-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def hours_of(tmp_path: Path, **hours: object) -> OpeningHours:
    settings = Settings(var_dir=tmp_path, service={"hours": {**WEEKDAYS, **hours}})
    found = opening_hours(settings)
    assert found is not None
    return found


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def test_without_hours_people_always_answer(tmp_path: Path) -> None:
    assert opening_hours(Settings(var_dir=tmp_path)) is None


@pytest.mark.parametrize(
    ("moment", "open_then"),
    [
        (at(11, 23, 9), True),
        (at(11, 23, 8, 59), False),
        (at(11, 23, 12), False),  # the end does not count
        (at(11, 23, 13, 30), True),
        (at(11, 23, 18), False),
        (at(11, 22, 10), False),  # Sunday
        (at(10, 1, 10), False),  # National Day, a Thursday
        (at(10, 10, 10), True),  # a Saturday on which the holiday is made up for: Monday's hours
    ],
)
def test_hours_holidays_and_make_up_workdays(tmp_path: Path, moment: datetime, open_then: bool) -> None:
    assert hours_of(tmp_path).is_open(moment) is open_then
    assert hours_of(tmp_path).is_open(moment.astimezone(UTC)) is open_then


def test_holidays_may_be_worked(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, holidays=False)
    assert hours.is_open(at(10, 1, 10))
    assert not hours.is_open(at(10, 10, 10))


def test_the_next_opening_passes_over_days_off(tmp_path: Path) -> None:
    hours = hours_of(tmp_path)
    assert hours.next_opening(at(11, 23, 12, 15)) == at(11, 23, 13, 30)
    assert hours.next_opening(at(11, 20, 18, 1)) == at(11, 23, 9)
    assert hours.next_opening(at(9, 30, 20)) == at(10, 8, 9)
    never = OpeningHours(SHANGHAI, [[]] * 7)
    assert never.next_opening(at(11, 23, 9)) is None


def test_a_day_may_last_until_midnight(tmp_path: Path) -> None:
    hours = hours_of(tmp_path, sunday=["00:00-24:00"])
    assert hours.is_open(at(11, 22, 23, 59))
    assert not hours.is_open(at(11, 23, 0))


@pytest.mark.parametrize(
    "wrong", [{"monday": ["9-18"]}, {"monday": ["18:00-09:00"]}, {"zone": "Mars/Olympus"}, {"montag": []}]
)
def test_hours_that_are_none_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(var_dir=tmp_path, service={"hours": wrong})


@pytest.mark.parametrize(
    ("wanted", "until"),
    [
        ("morning", at(11, 24, 12)),
        ("noon", at(11, 23, 14)),
        ("evening", at(11, 23, 21)),
        ("15:30", at(11, 23, 15, 30)),
        ("09:00-12:30", at(11, 24, 12, 30)),
        ("any", None),
        (None, None),
        ("whenever", None),
    ],
)
def test_by_when_somebody_is_called(wanted: str | None, until: datetime | None) -> None:
    assert end_of(wanted, at(11, 23, 13).astimezone(UTC), SHANGHAI) == until


def test_times_are_told_in_words() -> None:
    assert moment(at(11, 23, 9), "zh-Hans") == "11月23日 09:00"
    assert moment(at(11, 23, 9), "en") == "09:00 on 23 November"
    assert OpeningHours(SHANGHAI, [[(time(9), time(10))]] * 7, lambda day: day != date(2026, 11, 23)).next_opening(
        at(11, 22, 12)
    ) == at(11, 24, 9)
