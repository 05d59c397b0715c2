"""How many messages may be sent, until when, and thanks to what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.parse import parse
from bot.channels.wechat.reading import read_tree
from bot.channels.wechat.window import ALLOWANCES, Act, Rule, Trigger, Window, may_show_typing, trigger_of, window
from tests.unit.channels.wechat.pushing import SOON
from tests.unit.channels.wechat.samples import SAMPLES, Sample

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
EXACT = Rule(margin=timedelta(0))
DAYS = timedelta(hours=48)


def ago(seconds: float = 0, sent: int = 0) -> Act:
    return Act(NOW - timedelta(seconds=seconds), sent)


@pytest.mark.parametrize(
    ("acts", "left"),
    [
        ({}, Window(0, why="closed")),
        ({"message": ago()}, Window(5, NOW + DAYS, "message")),
        ({"message": ago(3600, 2)}, Window(3, NOW + DAYS - timedelta(hours=1), "message")),
        ({"message": ago(3600, 5)}, Window(0, why="used_up")),
        ({"message": ago(3600, 7)}, Window(0, why="used_up")),
        ({"message": ago(48 * 3600)}, Window(0, why="closed")),
        ({"message": ago(48 * 3600 - 1)}, Window(5, NOW + timedelta(seconds=1), "message")),
        ({"tap": ago(30, 1)}, Window(2, NOW + timedelta(seconds=30), "tap")),
        ({"scan": ago(60)}, Window(0, why="closed")),
        ({"follow": ago(1, 3)}, Window(0, why="used_up")),
        ({"payment": ago(3600, 99)}, Window(None, NOW + DAYS - timedelta(hours=1), "payment")),
        ({"message": ago(3600, 4), "tap": ago(1, 0)}, Window(3, NOW + timedelta(seconds=59), "tap")),
        ({"message": ago(3600, 1), "tap": ago(1, 0)}, Window(4, NOW + timedelta(hours=47), "message")),
        ({"message": ago(3600, 3), "tap": ago(1, 1)}, Window(2, NOW + timedelta(hours=47), "message")),
        ({"message": ago(3600, 9), "payment": ago(7200, 9)}, Window(None, NOW + timedelta(hours=46), "payment")),
        ({"message": ago(3600, 5), "tap": ago(61)}, Window(0, why="used_up")),
    ],
)
def test_what_is_left(acts: dict[Trigger, Act], left: Window):
    assert window(acts, NOW, EXACT) == left


def test_where_only_the_last_act_counts():
    acts: dict[Trigger, Act] = {"message": ago(3600), "tap": ago(1, 1)}
    assert window(acts, NOW, replace(EXACT, combining="latest")) == Window(2, NOW + timedelta(seconds=59), "tap")


def test_a_little_is_kept_at_a_window_s_end():
    assert window({"tap": ago(57)}, NOW).left == 3
    assert window({"tap": ago(58)}, NOW) == Window(0, why="closed")
    assert window({"message": ago()}, NOW).until == NOW + DAYS - timedelta(seconds=2)


def test_how_many_of_several_may_go():
    assert Window(3, NOW).room_for(5) == 3
    assert Window(3, NOW).room_for(2) == 2
    assert Window(None, NOW).room_for(99) == 99
    assert Window(0).room_for(1) == 0


ACTS = st.dictionaries(
    st.sampled_from(list(ALLOWANCES)), st.builds(ago, st.floats(0, 50 * 3600), st.integers(0, 8)), max_size=5
)


@SOON
@given(ACTS)
def test_what_is_promised_is_never_more_than_one_allowance_gives(acts: dict[Trigger, Act]):
    said = window(acts, NOW)
    if said.trigger is None:
        assert (said.left, said.until) == (0, None)
        assert said.why is not None
        return
    allowance, act = ALLOWANCES[said.trigger], acts[said.trigger]
    assert said.until is not None
    assert NOW < said.until < act.at + allowance.window
    assert (said.left is None) == (allowance.count is None)
    assert said.left is None or said.left == (allowance.count or 0) - act.sent > 0


@SOON
@given(ACTS)
def test_another_message_sent_leaves_one_less(acts: dict[Trigger, Act]):
    after: dict[Trigger, Act] = {trigger: replace(act, sent=act.sent + 1) for trigger, act in acts.items()}
    before, then = window(acts, NOW), window(after, NOW)
    if before.left is None:
        assert then.left is None
    else:
        assert then.left == max(0, before.left - 1)


TRIGGERS: dict[str, Trigger] = {
    **dict.fromkeys(("text", "sticker", "text from an article", "image", "voice", "voice without words", "video",
                     "shortvideo", "location", "location without a label", "link", "hologram", "image without its id",
                     "a place beyond the pole"), "message"),
    **dict.fromkeys(("menu tap", "tap on another's menu", "CLICK", "scancode_push", "scancode_waitmsg"), "tap"),
    **dict.fromkeys(("subscribe", "subscribe by a code", "subscribe after a payment"), "follow"),
    "SCAN": "scan",
    "merchant_order": "payment",
    "user_pay_from_pay_cell": "payment",
}  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_what_a_push_allows(sample: Sample):
    assert trigger_of(parse(read_tree(sample.xml)[0], sample.xml)) == TRIGGERS.get(sample.name)


def test_typing_is_shown_for_half_a_minute_after_an_act():
    assert may_show_typing(NOW, NOW + timedelta(seconds=29))
    assert not may_show_typing(NOW, NOW + timedelta(seconds=30))
