"""What a remote action server answers is taken over as far as it is harmless, and refused by name otherwise."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.handlers.action import ActionFault
from bot.handlers.executing import result_of
from bot.handlers.remote_answers import read_answer, slots_of

FILE = """
flows:
  ask_outside:
    name: 问外面
    translation: {zh-Hant: 問外面, en: Ask outside}
    description: Asks another server.
    steps:
      - action: action_ask_outside
      - set_slots:
          - outside_word: null
          - outside_number: null
          - outside_flag: null
          - outside_list: null
          - outside_kind: null
slots:
  outside_word: {type: text}
  outside_number: {type: float}
  outside_flag: {type: bool}
  outside_list: {type: list}
  outside_kind:
    type: categorical
    values: [one, two]
    yingda:
      labels:
        one: {zh-Hans: 一, zh-Hant: 一, en: One}
        two: {zh-Hans: 二, zh-Hant: 二, en: Two}
responses:
  utter_outside:
    - text: "{what}"
      translation: {zh-Hant: "{what}", en: "{what}"}
"""
DEFINITIONS = read_definitions(OURS, {"outside.yml": FILE})
FLOW = DEFINITIONS.flows["ask_outside"]


def read(*, events: Any = (), responses: Any = ()) -> Any:
    return read_answer({"events": list(events), "responses": list(responses)}, FLOW, DEFINITIONS)


def slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("outside_word", "words", None),
        ("outside_word", None, None),
        ("outside_word", 5, "unsupported_value"),
        ("outside_word", "x" * 20_000, "unsupported_value"),
        ("outside_number", 1.5, None),
        ("outside_number", True, "unsupported_value"),
        ("outside_number", float("nan"), "unsupported_value"),
        ("outside_number", "1", "unsupported_value"),
        ("outside_flag", False, None),
        ("outside_flag", 0, "unsupported_value"),
        ("outside_kind", "two", None),
        ("outside_kind", "three", "unsupported_value"),
        ("outside_list", ["a", {"b": 1}], None),
        ("outside_list", "a", "unsupported_value"),
        ("outside_list", [object()], "unsupported_value"),
        ("phone", "13800138000", "unsupported_slot"),
    ],
)
def test_slots_are_the_flows_own_and_their_values_fit(name: str, value: Any, code: str | None) -> None:
    if code is None:
        assert result_of(*read(events=[slot(name, value)])).slots == {name: value}
        return
    with pytest.raises(ActionFault) as refused:
        read(events=[slot(name, value)])
    assert (refused.value.code, refused.value.final) == (code, True)
    assert name in str(refused.value)


@pytest.mark.parametrize("name", ["flow:suggestion", "flow_suggestion"])
def test_a_flow_to_go_on_with_is_one_that_customers_may_start(name: str) -> None:
    assert result_of(*read(events=[{"event": "followup", "name": name}])).follow_up == "suggestion"


@pytest.mark.parametrize(
    "event",
    [
        {"event": "followup", "name": "action_withdraw_all"},
        {"event": "followup", "name": "flow_pattern_human_handoff"},
        {"event": "followup", "name": "flow_of_nobody"},
        {"event": "restart"},
        {"event": "bot", "text": "x"},
        {"event": "slot", "name": 5, "value": 1},
        {"name": "outside_word"},
        "slot",
        None,
    ],
)
def test_other_events_are_refused_by_name(event: Any) -> None:
    with pytest.raises(ActionFault) as refused:
        read(events=[event])
    assert refused.value.code in ("unsupported_event", "unsupported_slot")


def test_words_buttons_links_and_responses_are_said() -> None:
    answer = read(
        responses=[
            {"text": "a\x00b\x1b[31m\n", "buttons": [{"title": "Two", "payload": "/SetSlots(outside_kind=two)"}]},
            {"response": "utter_outside", "what": "seven", "buttons": [], "elements": [], "custom": {}, "text": None},
            {"text": "picture", "image": "https://pictures.example.com/1.png"},
        ]
    )
    words, response, picture = result_of(*answer).said
    assert words.body == {"text": "ab[31m\n", "choices": [{"id": "SetSlots(outside_kind=two)", "label": "Two"}]}
    assert (response.response, response.values) == ("utter_outside", {"what": "seven"})
    assert picture.body is not None
    assert picture.body["links"][0]["url"] == "https://pictures.example.com/1.png"


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"response": "utter_of_nobody"}, "unknown_response"),
        ({"response": ["utter_outside"]}, "unknown_response"),
        ({"response": "utter_outside", "what": {"a": 1}}, "unsupported_response"),
        ({"text": "x" * 5000}, "unsupported_response"),
        ({"text": ["x"]}, "unsupported_response"),
        ({}, "unsupported_response"),
        ("words", "unsupported_response"),
        ({"custom": {"body": {"text": "x", "attachments": [{"id": "1"}]}}}, "unsupported_response"),
        ({"text": "x", "elements": [{"title": "x"}]}, "unsupported_response"),
        ({"text": "x", "image": "http://pictures.example.com/1.png"}, "unsupported_response"),
        ({"text": "x", "attachment": "javascript:alert(1)"}, "unsupported_response"),
        ({"text": "x", "image": "https://user@evil.example/"}, "unsupported_response"),
        ({"text": "x", "image": "https://[evil"}, "unsupported_response"),
        ({"text": "x", "image": {"url": "https://a.example"}}, "unsupported_response"),
        ({"text": "x", "buttons": [{"title": "x", "payload": "/SetSlots(phone=1)"}]}, "unsupported_button"),
        ({"text": "x", "buttons": [{"title": "x", "payload": "/start(pattern_withdraw)"}]}, "unsupported_button"),
        ({"text": "x", "buttons": [{"title": "x", "payload": "/greet"}]}, "unsupported_button"),
        ({"text": "x", "buttons": [{"title": " ", "payload": "/person"}]}, "unsupported_button"),
        ({"text": "x", "buttons": [{"title": "x"}]}, "unsupported_button"),
        ({"text": "x", "buttons": {"title": "x"}}, "unsupported_button"),
        ({"text": "x", "buttons": [{"title": "x", "payload": "/person"}] * 21}, "unsupported_button"),
    ],
)
def test_what_could_do_harm_is_refused(response: Any, code: str) -> None:
    with pytest.raises(ActionFault) as refused:
        read(responses=[response])
    assert (refused.value.code, refused.value.final) == (code, True)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "unreadable_answer"),
        ([], "unreadable_answer"),
        ({"events": {}}, "unreadable_answer"),
        ({"responses": "x"}, "unreadable_answer"),
        ({"events": [slot("outside_word", "x")] * 101}, "answer_too_large"),
        ({"responses": [{"text": "x"}] * 21}, "answer_too_large"),
    ],
)
def test_what_is_no_answer_is_refused(document: Any, code: str) -> None:
    with pytest.raises(ActionFault) as refused:
        read_answer(document, FLOW, DEFINITIONS)
    assert refused.value.code == code


_WORDS = st.sampled_from(
    ["event", "slot", "name", "value", "outside_word", "followup", "flow_suggestion", "text", "buttons", "title",
     "payload", "/person", "/SetSlots(a=b)", "response", "utter_outside", "image", "custom", "https://a.example/b"]
)  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=20,
)


@given(st.fixed_dictionaries({"events": st.lists(_JSON, max_size=3), "responses": st.lists(_JSON, max_size=3)}) | _JSON)
def test_whatever_is_answered_is_followed_or_refused(document: Any) -> None:
    with suppress(ActionFault):
        result = result_of(*read_answer(document, FLOW, DEFINITIONS))
        assert set(result.slots) <= set(FLOW.slots), "only what the flow knows is set"
        assert result.failed is None


def test_the_least_that_is_needed_is_what_the_flow_uses_and_what_is_set() -> None:
    known = {"outside_word": "w", "outside_flag": False, "outside_number": None, "phone": "13800138000"}
    assert slots_of(FLOW, known, None) == {"outside_word": "w", "outside_flag": False}
    assert slots_of(FLOW, known, ["outside_flag", "phone"]) == {"outside_flag": False}
