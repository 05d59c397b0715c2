"""Calls of Rasa's action-server protocol are read with care."""

from typing import Any

import pytest

from bot.web.actions.calls import BadCall, Call, read_call

FINE = {
    "next_action": "action_open_complaint",
    "sender_id": "someone",
    "tracker": {"slots": {"a": 1, "b": None}, "latest_message": {"text": "hi", "message_id": "m1"}},
}


def read(**changes: Any) -> Call:
    return read_call({**FINE, **changes}, "zh-Hans", 1000)


def tracker(**changes: Any) -> dict[str, Any]:
    return {**FINE["tracker"], **changes}  # type: ignore[dict-item]


def test_a_call_has_what_an_action_needs() -> None:
    call = read()
    assert (call.action, call.sender, call.text, call.message) == ("action_open_complaint", "someone", "hi", "m1")
    assert call.slots == {"a": 1}  # what is empty is not set
    assert call.locale == "zh-Hans"
    assert "someone" not in repr(call)
    assert "hi" not in repr(call)


@pytest.mark.parametrize(
    "change",
    [
        {"next_action": None},
        {"next_action": "x" * 200},
        {"next_action": ["action_open_complaint"]},
        {"tracker": None},
        {"tracker": []},
        {"sender_id": ""},
        {"sender_id": " "},
        {"sender_id": 7},
        {"sender_id": "x" * 300},
        {"sender_id": "nul\x00"},
        {"tracker": tracker(slots=[])},
        {"tracker": tracker(slots={"matter": "\ud800"})},
        {"tracker": tracker(slots={"deep": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]})},
        {"tracker": tracker(latest_message={"text": "字" * 334})},
        {"tracker": tracker(latest_message={"text": 5})},
        {"tracker": tracker(latest_message=[])},
        {"tracker": tracker(events={})},
    ],
)
def test_what_is_no_call_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadCall):
        read(**change)


USER = {"event": "user", "message_id": "m2", "timestamp": 17.5}
RUN = {"event": "action", "name": "action_open_complaint"}


@pytest.mark.parametrize(
    ("latest", "events", "message", "turn"),
    [
        ({"message_id": "m1"}, [USER], "m1", 0),
        ({"metadata": {"message_id": "m3"}}, [USER], "m3", 0),
        ({}, [USER], "m2", 0),
        ({}, [{**USER, "message_id": None}], "at:17.5", 0),
        ({}, [], None, 0),
        ({"message_id": 5}, [None, 7], None, 0),
        ({}, [RUN, RUN, USER, RUN, {"event": "slot"}], "m2", 1),
        ({}, [USER, RUN, USER], "m2", 0),
    ],
)
def test_a_call_is_known_by_its_message_and_how_often_it_ran(
    latest: dict[str, Any], events: list[Any], message: str | None, turn: int
) -> None:
    call = read(tracker=tracker(latest_message=latest, events=events))
    assert (call.message, call.turn) == (message, turn)
    assert (call.key is None) == (message is None)


@pytest.mark.parametrize(
    ("slots", "metadata", "locale"),
    [
        ({"language": "zh-TW"}, {}, "zh-Hant"),
        ({"language": "EN"}, {"language": "zh"}, "en"),
        ({"language": "fr"}, {"language": "zh-HK"}, "zh-Hant"),
        ({"language": 5}, None, "zh-Hans"),
        ({}, {}, "zh-Hans"),
    ],
)
def test_the_language_is_the_conversations(slots: dict[str, Any], metadata: Any, locale: str) -> None:
    assert read(tracker=tracker(slots=slots, latest_message={"metadata": metadata})).locale == locale


def test_the_place_is_the_top_of_the_callers_stack() -> None:
    stack = [{"flow_id": "below", "step_id": "x"}, {"flow_id": "top", "step_id": "y"}, {"type": "pattern"}]
    call = read(tracker=tracker(stack=stack))
    assert (call.flow, call.step) == ("top", "y")
    assert (read(tracker=tracker(stack="x")).flow, read().flow) == ("", "")
