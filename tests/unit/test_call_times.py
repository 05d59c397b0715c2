"""When somebody wants to be called: the day stays, and "after" is no deadline."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.flows.understanding.plain import plain
from bot.flows.understanding.values.times import read_time
from bot.handlers.call_times import call_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 14, 10, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("said", "locale", "shown", "due"),
    [
        ("明天晚上8点以后", "zh-Hans", "11月23日 20:00 以后", (23, 22, 0)),
        ("後天晚上8點後", "zh-Hant", "11月24日 20:00 以後", (24, 22, 0)),
        ("after 6pm tomorrow", "en", "after 18:00 on 23 November", (23, 20, 0)),
        ("周三 before 5pm", "en", "by 17:00 on 25 November", (25, 17, 0)),
        ("明晚", "zh-Hans", "11月23日晚上", (23, 21, 0)),
        ("下午", "zh-Hans", "11月22日下午", (22, 18, 0)),
        ("今晚8点", "zh-Hans", "11月22日 20:00 左右", (22, 20, 0)),
        ("明天下午2点到4点", "zh-Hans", "11月23日 14:00 到 16:00", (23, 16, 0)),
        ("tomorrow, any time", "en", "on 23 November", (23, 21, 0)),
        ("any time", "en", "by 14:10 on 23 November", (23, 14, 10)),
    ],
)
def test_a_call_is_promised_for_the_day_and_time_that_was_said(said, locale, shown, due):
    wanted = read_time(plain(said)).value
    call = call_time(wanted, said, NOW, SHANGHAI, locale, timedelta(hours=24))
    assert call.shown == shown
    assert (call.due.day, call.due.hour, call.due.minute) == due
