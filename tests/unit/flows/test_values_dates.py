"""Days and times of the day, as people say them on a Wednesday, 18 November 2026."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.flows.model import Slot
from bot.flows.understanding import Heard, understand
from tests.unit.flows.hearing import DEFINITIONS, Shelf
from tests.unit.flows.test_values import one, told

DAY, BEEN, BORN, TIME = (
    Slot("visit_on", "text", "date"),
    Slot("bought_on", "text", "date", past=True),
    Slot("born_on", "text", "date", past=True, year=True),
    Slot("visit_at", "text", "time"),
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天", "11-18"), ("明天", "11-19"), ("后天", "11-20"), ("後天", "11-20"), ("大后天", "11-21"),
        ("昨天", "11-17"), ("前天", "11-16"), ("大前天", "11-15"),
        ("周三", "11-18"), ("周五", "11-20"), ("星期一", "11-23"), ("禮拜六", "11-21"), ("这周日", "11-22"),
        ("本周一", "11-16"), ("下周三", "11-25"), ("下週三", "11-25"),
        ("下个星期天", "11-29"), ("下下周一", "11-30"), ("上周五", "11-13"), ("周末", "11-21"), ("三天后", "11-21"),
        ("3天後", "11-21"), ("两周后", "12-02"), ("一个月以后", "12-18"),
        ("12月3号", "12-03"), ("十二月三号", "12-03"), ("12月3日上午", "12-03"), ("3号", "12-03"),
        ("二十号", "11-20"), ("下个月5号", "12-05"), ("月底", "11-30"), ("12.3", "12-03"),
        ("tomorrow", "11-19"), ("tommorow", "11-19"), ("tomorrow afternoon", "11-19"),
        ("the day after tomorrow", "11-20"), ("yesterday", "11-17"), ("today", "11-18"),
        ("friday", "11-20"), ("this friday", "11-20"), ("next Friday", "11-27"), ("next tues", "11-24"),
        ("last monday", "11-16"), ("in 3 days", "11-21"), ("a week ago", "11-11"),
        ("in two weeks", "12-02"), ("Dec 3", "12-03"), ("3rd of December", "12-03"), ("december the 3rd", "12-03"),
        ("the 25th", "11-25"), ("coming monday", "11-23"),
        ("2026-12-03", "12-03"), ("2026年12月3日", "12-03"), ("２０２６／１２／３", "12-03"), ("20261203", "12-03"),
        ("就明天吧", "11-19"), ("听日", "11-19"),
        ("5 Dec 10:30", "12-05"), ("10:30 Dec 5", "12-05"), ("3 Dec 2 pm", "12-03"),
    ],
)  # fmt: skip
def test_days_to_come(text: str, day: str) -> None:
    assert one(text, DAY) == f"2026-{day}"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("周五", "2026-11-13"), ("周三", "2026-11-18"), ("12月3号", "2025-12-03"), ("20号", "2026-10-20"),
        ("上个月5号", "2026-10-05"), ("去年12月3号", "2025-12-03"),
        ("90年5月1日", "1990-05-01"), ("1801年5月3日", "1801-05-03"), ("1990/5/1", "1990-05-01"),
        ("2月29号", "2024-02-29"),
        ("May 1st, 1990", "1990-05-01"), ("三天前", "2026-11-15"),
        ("25/12/1990", "1990-12-25"), ("12/25/1990", "1990-12-25"), ("05/05/1990", "1990-05-05"),
        ("1990-05-03", "1990-05-03"), ("03/05/1990", "date_ambiguous"), ("3.5.90", "date_ambiguous"),
        ("90-3-5", "1990-03-05"), ("88/12/25", "1988-12-25"), ("生日95.3.5", "1995-03-05"),
        ("99-13-5", "date_impossible"), ("民國 79 年 3 月 5 日", "1990-03-05"),
        ("民國79年3月5日", "1990-03-05"), ("民国一百零四年三月五日", "2015-03-05"),
        ("May 3rd 90", "1990-05-03"), ("3 May 90", "1990-05-03"), ("3 May '05", "2005-05-03"),
        ("May 3 10am", "2026-05-03"),
        ("5 March 1990", "1990-03-05"), ("March 5th 1990", "1990-03-05"), ("5.3.90", "date_ambiguous"),
        ("two months ago", "2026-09-18"), ("friday", "2026-11-13"), ("一九九〇年五月一日", "1990-05-01"),
    ],
)  # fmt: skip
def test_days_that_have_been(text: str, day: str) -> None:
    assert one(text, BEEN) == day


@pytest.mark.parametrize("text", ["5月3日", "May 3rd", "3/5", "三号", "昨天", "上个月5号"])
def test_of_a_birthday_no_year_is_supposed(text: str) -> None:
    assert one(text, BORN) == "date_year"
    assert one("1990年5月3日", BORN) == one("May 3rd 90", BORN) == one("90-5-3", BORN) == "1990-05-03"


def test_three_twelve_depends_on_the_language_unless_one_reading_is_impossible() -> None:
    def day(text: str, locale: str) -> Any:
        (command,) = understand(
            Heard(text, locale, datetime(2026, 11, 18, tzinfo=UTC), asked=DAY), Shelf(), DEFINITIONS
        ).commands
        return told(command)

    assert day("3/12", "zh-Hans") == "2027-03-12"
    assert day("3/12", "en") == "2026-12-03"
    assert day("12/25", "en") == day("25/12", "zh-Hans") == "2026-12-25"


@pytest.mark.parametrize(
    ("text", "code"),
    [("2月30号", "date_impossible"), ("13月1号", "date_impossible"), ("32号", "date_impossible"),
    ("下周", "date_vague"), ("过几天", "date_vague"),
     ("next month", "date_vague"), ("蓝色的", "date_missing"), ("随时", "date_vague")],
)  # fmt: skip
def test_no_day_says_why(text: str, code: str) -> None:
    assert one(text, DAY) == code


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("下午三点半", "15:30"), ("下午3點半", "15:30"), ("3pm", "15:00"), ("3:15 p.m.", "15:15"), ("15:30", "15:30"),
        ("上午九点", "09:00"), ("九点", "09:00"), ("三点", "15:00"),
        ("晚上八点一刻", "20:15"), ("早上8点05分", "08:05"), ("half past three", "15:30"),
        ("quarter to five", "16:45"), ("at nine in the morning", "09:00"), ("noon", "noon"),
        ("中午", "noon"), ("上午", "morning"), ("下午", "afternoon"), ("晚上", "evening"),
        ("in the evening", "evening"), ("下班后", "evening"), ("随时", "any"), ("都可以", "any"),
        ("下午2点到4点", "14:00-16:00"), ("9:00-11:00", "09:00-11:00"), ("2pm to 4pm", "14:00-16:00"),
        ("明天下午三点", "15:00"), ("10", "10:00"), ("12am", "00:00"), ("12点", "12:00"),
        ("中午11点半", "11:30"), ("晚上12点", "00:00"), ("上午12点", "12:00"), ("凌晨1点", "01:00"),
    ],
)  # fmt: skip
def test_times(text: str, time: str) -> None:
    assert one(text, TIME) == time


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("下周一上午10点到12点", "10:00-12:00"), ("上午10点至12点", "10:00-12:00"), ("上午10点-12点", "10:00-12:00"),
        ("上午10到12点", "10:00-12:00"), ("上午10-12", "10:00-12:00"), ("上午十點到中午十二點", "10:00-12:00"),
        ("上午10点到下午2点", "10:00-14:00"), ("下午2点到5点", "14:00-17:00"), ("下午2点半到4点半", "14:30-16:30"),
        ("晚上8-10", "20:00-22:00"),
        ("晚上8点到12点", "20:00-00:00"), ("晚上7点到9点", "19:00-21:00"), ("中午12点到1点", "12:00-13:00"),
        ("9点到5点", "09:00-17:00"), ("三到五点", "15:00-17:00"), ("9:00-17:00", "09:00-17:00"),
        ("10 to 12", "10:00-12:00"), ("from ten to twelve", "10:00-12:00"), ("between 10 and 12", "10:00-12:00"),
        ("9am-12pm", "09:00-12:00"), ("tomorrow 10am to 12", "10:00-12:00"), ("2-5pm", "14:00-17:00"),
        ("10-2pm", "10:00-14:00"), ("10-12am", "10:00-12:00"), ("2 to 5 in the afternoon", "14:00-17:00"),
        ("上午10点和下午3点都行", "10:00"), ("周一到下午2点", "14:00"), ("2 to 4 days", "time_missing"),
    ],
)  # fmt: skip
def test_a_span_ends_with_the_next_such_hour(text: str, span: str) -> None:
    assert one(text, TIME) == span


@pytest.mark.parametrize("text", ["上午10-12点", "早上8-10", "2-4pm"])
def test_hours_with_a_hyphen_are_no_day(text: str) -> None:
    assert one(text, DAY) == "date_missing"


@pytest.mark.parametrize(("text", "code"), [("25点", "time_impossible"), ("蓝色", "time_missing")])
def test_no_time_says_why(text: str, code: str) -> None:
    assert one(text, TIME) == code
