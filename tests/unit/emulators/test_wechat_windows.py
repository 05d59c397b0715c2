"""Send windows: how many messages each interaction allows, how long, and how several combine."""

import pytest

from emulators.wechat.errors import Refused
from emulators.wechat.settings import Windows
from emulators.wechat.windows import SendWindow, Trigger

HOUR = 3600.0


def spent(window: SendWindow, now: float) -> int:
    """How many messages may be sent, a hundred at most."""
    for count in range(100):
        try:
            window.spend(now)
        except Refused:
            return count
    return 100


def refusal(window: SendWindow, now: float) -> int:
    with pytest.raises(Refused) as refused:
        window.spend(now)
    return refused.value.errcode


@pytest.mark.parametrize(
    ("trigger", "messages", "seconds"),
    [("message", 5, 48 * HOUR), ("tap", 3, 60), ("subscribe", 3, 60), ("scan", 3, 60)],
)
def test_each_interaction_allows_its_number_for_its_time(trigger: Trigger, messages: int, seconds: float) -> None:
    window = SendWindow(Windows())
    assert refusal(window, 0) == 45015
    window.open(trigger, 0)
    assert spent(window, seconds - 0.1) == messages
    window.open(trigger, 0)
    assert refusal(window, seconds) == 45015


def test_a_new_message_of_the_user_begins_anew() -> None:
    window = SendWindow(Windows())
    window.open("message", 0)
    assert spent(window, 1) == 5
    window.open("message", 2)
    assert spent(window, 3) == 5


def test_a_payment_allows_any_number_and_spares_the_others() -> None:
    window = SendWindow(Windows())
    window.open("message", 0)
    window.open("payment", 1)
    assert spent(window, 2) == 100
    assert {one["trigger"]: one["left"] for one in window.view(2)} == {"message": 5, "payment": None}
    assert refusal(window, 1 + 48 * HOUR) == 45015


@pytest.mark.parametrize(
    ("combine", "allowed", "after_a_minute"), [("each", 8, 5), ("largest", 5, 5), ("latest", 3, 0)]
)
def test_several_windows_combine_by_the_rule_that_was_chosen(combine: str, allowed: int, after_a_minute: int) -> None:
    window = SendWindow(Windows.model_validate({"combine": combine}))
    for now, expected in ((2, allowed), (62, after_a_minute)):
        window.open("message", 0)
        window.open("tap", 1)
        assert spent(window, now) == expected


def test_a_window_that_is_open_and_used_up_is_another_refusal_than_none() -> None:
    window = SendWindow(Windows())
    window.open("tap", 0)
    assert spent(window, 1) == 3
    assert refusal(window, 59) == 45047
    assert refusal(window, 60) == 45015


def test_what_ends_first_is_used_up_first() -> None:
    window = SendWindow(Windows())
    window.open("message", 0)
    window.open("tap", 1)
    assert [window.spend(2) for _ in range(4)] == ["tap", "tap", "tap", "message"]


def test_unfollowing_closes_everything() -> None:
    window = SendWindow(Windows())
    window.open("payment", 0)
    window.close()
    assert refusal(window, 1) == 45015
    assert window.view(1) == []
