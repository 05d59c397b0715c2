"""Appointments are the next working days times the slots of the settings."""

from datetime import UTC, date, datetime

import pytest

from bot.handlers.appointments import meant, name_of, offered, shown
from bot.settings.service import Cases
from crm_adapter.rights.working_days import WorkingDays

FRIDAY = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # half past midnight on Saturday in China
PLAIN = WorkingDays({date(2026, 11, 25): False})


def test_holidays_and_weekends_are_left_out_and_the_day_is_chinas():
    cases = Cases(slots=("09:00-12:00", "13:00-18:00"), slot_days=2, slot_after_days=1)
    names = [name_of(one) for one in offered(cases, PLAIN, FRIDAY)]
    assert names == [
        "2026-11-24T09:00/12:00",
        "2026-11-24T13:00/18:00",
        "2026-11-26T09:00/12:00",
        "2026-11-26T13:00/18:00",
    ]
    assert name_of(offered(Cases(slot_after_days=0), PLAIN, FRIDAY)[0]) == "2026-11-23T09:00/12:00"


@pytest.mark.parametrize(
    ("said", "locale", "name"),
    [
        ("2026-11-24T13:00/18:00", "en", "2026-11-24T13:00/18:00"),
        ("11月26日下午", "zh-Hans", "2026-11-26T13:00/18:00"),
        ("下周四上午", "zh-Hans", "2026-11-26T09:00/12:00"),
        ("11月24日", "zh-Hant", "2026-11-24T09:00/12:00"),
        ("下午", "zh-Hans", "2026-11-24T13:00/18:00"),
        ("24 November afternoon", "en", "2026-11-24T13:00/18:00"),
        ("下周二上午10点到12点", "zh-Hans", "2026-11-24T09:00/12:00"),
        ("下周四14:00", "zh-Hans", "2026-11-26T13:00/18:00"),
        ("next thursday 2 to 4", "en", "2026-11-26T13:00/18:00"),
        ("下周四晚上8点到10点", "zh-Hans", None),
        ("11月25日", "zh-Hans", None),
        ("随便说说", "zh-Hans", None),
    ],
)
def test_words_mean_one_of_them_or_none(said, locale, name):
    choices = offered(Cases(slot_days=2), PLAIN, FRIDAY)
    found = meant(said, choices, FRIDAY, locale)
    assert (name_of(found) if found else None) == name


def test_an_appointment_is_told_in_the_customers_language():
    assert shown("2026-11-24T09:00/12:00", "zh-Hans") == "11月24日（周二） 09:00–12:00"
    assert shown("2026-11-24T09:00/12:00", "zh-Hant") == "11月24日（週二） 09:00–12:00"
    assert shown("2026-11-24T09:00/12:00", "en") == "Tue 24 Nov 09:00–12:00"
