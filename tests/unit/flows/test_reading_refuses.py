"""What is not supported, or wrong, is told by file, line and name; all of it at once."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.flows.reading
from bot.flows.reading import FlowFaults, read_definitions
from bot.flows.reading.faults import known_codes
from tests.unit.flows.files import EVERYTHING, WHOLE, faults_in

# What is put in the place of what, the line of the fault, what it is about, and its code.
ASK, SAY, TYPE, STEPS = "- collect: colour", "- text: 什么颜色？", "type: text", "    steps:"
RED = "title: 红, translation: {zh-Hant: 紅, en: Red}"
LABELS = "{a: {zh-Hans: 甲, zh-Hant: 甲, en: a}}"
SPOILT = [
    ("flows:", "flow:", 1, "flow", "key_unknown"),
    ("slots:", "actions: []\nslots:", 7, "actions", "key_unsupported"),
    ("slots:", "session_config: {}\nslots:", 7, "session_config", "key_unsupported"),
    ("  order:", "  9order:", 2, "9order", "name_of_flow"),
    (STEPS, "    always_include_in_prompt: true\n" + STEPS, 5, "always_include_in_prompt", "key_unsupported"),
    (STEPS, "    step: 1\n" + STEPS, 5, "step", "key_unknown"),
    (STEPS, "    if: order > 5\n" + STEPS, 5, "order", "condition_word"),
    (STEPS, "    if: slots.nothing\n" + STEPS, 5, "nothing", "slot_undefined"),
    (STEPS, "    nlu_trigger: [{intent: other}]\n" + STEPS, 5, "other", "intent_undefined"),
    (STEPS, "    persisted_slots: [other]\n" + STEPS, 5, "other", "slot_undefined"),
    (STEPS, "    yingda: {offered: maybe}\n" + STEPS, 5, "offered", "expected_bool"),
    (STEPS, "    yingda: {keywords: []}\n" + STEPS, 5, "keywords", "key_unknown"),
    (STEPS, "    yingda: {moves: {old: {a: b}}}\n" + STEPS, 5, "old", "version"),
    (STEPS, "    yingda: {moves: {deadbeef: {a: b}}}\n" + STEPS, 5, "b", "step_undefined"),
    ("    name: 下单", "    name: ''", 3, "name", "language_missing"),
    (", en: Order}", "}", 3, "name", "language_missing"),
    (", en: Order}", ", en: Order, fr: Commande}", 4, "fr", "language_unknown"),
    (ASK, ASK + "\n        action: action_x", 6, "collect, action", "step_kind"),
    (ASK, "- colect: colour", 6, "colect", "step_kind"),
    (ASK, "- collect: color", 6, "color", "slot_undefined"),
    (ASK, ASK + "\n        utter: utter_x", 7, "utter_x", "response_undefined"),
    (ASK, ASK + "\n        ask_confirm_digressions: true", 7, "ask_confirm_digressions", "key_unsupported"),
    (ASK, ASK + "\n        force_slot_filling: true", 7, "force_slot_filling", "key_unsupported"),
    (ASK, ASK + "\n        rejections:\n          - if: slots.colour = red", 8, "utter", "key_missing"),
    (ASK, ASK + "\n        next: there", 7, "there", "step_undefined"),
    (ASK, ASK + "\n        next: []", 7, "next", "next"),
    (ASK, ASK + "\n        next: [{if: slots.colour, then: END}]", 7, "else", "else_missing"),
    (ASK, ASK + "\n        next: [{else: END}, {if: true, then: END}]", 7, "else", "else_not_last"),
    (ASK, ASK + "\n        next: [{else: [{action: action_x}]}]", 7, "1_action_x", "next_missing"),
    (ASK, ASK + "\n        id: END", 7, "END", "step_reserved"),
    (ASK, ASK + "\n        id: a\n      - noop: true\n        id: a", 9, "a", "defined_twice"),
    (ASK, "- link: order\n        next: END", 7, "next", "next_after_link"),
    (ASK, "- link: nothing", 6, "nothing", "flow_undefined"),
    (ASK, "- call: nothing", 6, "nothing", "flow_undefined"),
    (STEPS, "    yingda: {after: [nothing]}\n" + STEPS, 5, "nothing", "flow_undefined"),
    (ASK, "- call: order\n        mcp_server: x", 7, "mcp_server", "key_unsupported"),
    (ASK, "- action: utter_nothing", 6, "utter_nothing", "response_undefined"),
    (ASK, "- action: do it", 6, "do it", "name_of_action"),
    (ASK, "- set_slots: {colour: red}", 6, "set_slots", "expected_list"),
    (ASK, "- set_slots: [{color: red}]", 6, "color", "slot_undefined"),
    (ASK, "- noop: 1", 6, "noop", "expected_bool"),
    ("    steps:\n      - collect: colour", "    steps: []", 5, "steps", "steps_missing"),
    ("    steps:\n      - collect: colour\n", "", 2, "steps", "key_missing"),
    (TYPE, "type: string", 8, "string", "slot_type"),
    (TYPE, TYPE + ", mappings: [{type: from_llm}]", 8, "mappings", "key_unsupported"),
    (TYPE, TYPE + ", values: [a]", 8, "values", "values_of_categorical"),
    (TYPE, "type: categorical", 8, "values", "values_missing"),
    (TYPE, "type: categorical, values: [a], initial_value: b", 8, "colour", "slot_value"),
    (TYPE, "type: bool, initial_value: yes", 8, "colour", "slot_value"),
    (TYPE, TYPE + ", yingda: {kind: zip}", 8, "zip", "slot_kind"),
    (TYPE, TYPE + ", yingda: {past: true}", 8, "past", "of_kind"),
    (TYPE, TYPE + ", yingda: {year: true}", 8, "year", "of_kind"),
    (TYPE, TYPE + ", yingda: {takes: all}", 8, "all", "slot_takes"),
    (TYPE, TYPE + ", yingda: {kind: phone, takes: story}", 8, "takes", "of_kind"),
    (TYPE, "type: float, yingda: {kind: rating, scale: [5, 1]}", 8, "scale", "scale"),
    (TYPE, "type: categorical, values: [a, b], yingda: {labels: " + LABELS + "}", 8, "b", "label_missing"),
    (TYPE, "type: categorical, values: [a], yingda: {labels: " + LABELS[:-9] + "}}}", 8, "labels", "language_missing"),
    ("  colour: {", "  my-colour: {type: any}\n  colour: {", 8, "my-colour", "name_of_slot"),
    ("  utter_ask_colour:", "  ask_colour:", 10, "ask_colour", "name_of_response"),
    (SAY, SAY + "\n      metadata: {rephrase: true}", 12, "rephrase", "rephrase"),
    (SAY, SAY + "\n      metadata: {rephrase_prompt: x}", 12, "rephrase_prompt", "key_unsupported"),
    (SAY, SAY + "\n      image: x.png", 12, "image", "key_unsupported"),
    (SAY, SAY + "\n      channel: wechat", 10, "utter_ask_colour", "response_without_rest"),
    (SAY, SAY + "\n      condition: [{type: intent, name: a, value: b}]", 12, "intent", "condition_type"),
    (SAY, SAY + "\n      buttons: [{" + RED + ", payload: red}]", 12, "red", "payload"),
    (SAY, SAY + "\n      buttons: [{" + RED + ", url: 'javascript:x'}]", 12, "javascript:x", "link"),
    ("responses:", "nlu: [{synonym: x}]\nresponses:", 9, "synonym", "key_unsupported"),
    ("responses:", "nlu: [{intent: x, examples: [a]}, {intent: x}]\nresponses:", 9, "x", "defined_twice"),
    ("responses:", "nlu:\n  - intent: x\n    examples: 买\nresponses:", 11, "examples", "examples"),
    ("responses:", "nlu:\n  - intent: x\n    examples: ['a [b](c)']\nresponses:", 11, "a [b](c)", "example_entity"),
    (TYPE, TYPE + ", type: bool", 8, "type", "twice"),
    (TYPE, "type: &a text", 8, "a", "anchor"),
    (TYPE, "type: !!python/object:os.system text", 8, "tag:yaml.org,2002:python/object:os.system", "tag"),
    (TYPE, "initial_value: [" + "[" * 50 + "]" * 51 + ", type: list", 8, "a.yml", "too_deep"),
    ("{type: text}", "[", 10, "a.yml", "yaml"),
    ("什么颜色？", '"\\0"', 11, "a.yml", "character"),
    ("responses:", "---\nresponses:", 9, "a.yml", "several_documents"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "name", "code"), SPOILT)
def test_each_fault_by_line_name_and_code(old: str, new: str, line: int, name: str, code: str) -> None:
    assert WHOLE.count(old) >= 1
    assert ("a.yml", line, name, code) in faults_in(WHOLE.replace(old, new, 1))


def test_what_is_right_has_no_fault() -> None:
    assert faults_in(WHOLE) == []
    assert faults_in(EVERYTHING) == []


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    spoilt = WHOLE.replace("collect: colour", "collect: color").replace("type: text", "type: txt")
    spoilt = spoilt.replace("en: What", "fr: What")
    assert [(line, code) for _, line, _, code in faults_in(spoilt)] == [
        (6, "slot_undefined"),
        (8, "slot_type"),
        (11, "language_missing"),
        (12, "language_unknown"),
    ]


def test_a_name_is_defined_once_in_a_source(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(WHOLE, encoding="utf-8")
    with pytest.raises(FlowFaults) as caught:
        read_definitions(tmp_path)
    told = [(Path(fault.file).name, fault.line, fault.name, fault.code) for fault in caught.value.faults]
    assert told == [
        ("b.yml", 2, "order", "defined_twice"),
        ("b.yml", 8, "colour", "defined_twice"),
        ("b.yml", 10, "utter_ask_colour", "defined_twice"),
    ]


def test_a_file_that_cannot_be_read_is_not_blamed_on_what_it_defines() -> None:
    other = "flows:\n  second:\n    name: 二\n    translation: {zh-Hant: 二, en: Two}\n    steps: [{link: order}]\n"
    with pytest.raises(FlowFaults) as caught:
        read_definitions({"a.yml": WHOLE.replace("{type: text}", "["), "b.yml": other})
    assert [(fault.file, fault.code) for fault in caught.value.faults] == [("a.yml", "yaml")]


def test_two_flows_are_not_started_by_one_intent() -> None:
    trigger = "    nlu_trigger: [buy]\n    steps:"
    again = WHOLE[WHOLE.index("  order") : WHOLE.index("slots:")].replace("order", "again", 1)
    text = WHOLE.replace("slots:", f"{again}nlu: [{{intent: buy, examples: [买]}}]\nslots:").replace(
        "    steps:", trigger
    )
    assert faults_in(text) == [("a.yml", 11, "buy", "trigger_twice")]


def test_a_fault_says_where_and_what_in_three_languages() -> None:
    with pytest.raises(FlowFaults) as caught:
        read_definitions({"own/order.yml": WHOLE.replace("type: text", "type: txt")})
    (fault,) = caught.value.faults
    assert fault.line_in("en") == (
        'own/order.yml:8: there is no slot of type "txt"; there are text, bool, categorical, float, list, any'
    )
    assert fault.line_in("zh-Hans").startswith("own/order.yml:8: 没有")
    assert fault.line_in("zh-Hant").startswith("own/order.yml:8: 沒有")


def test_every_code_has_words_and_all_words_have_a_code() -> None:
    folder = Path(bot.flows.reading.__file__).parent
    texts: dict[str, dict[str, str]] = {}
    for name in ("faults.yml", "findings.yml"):
        texts |= yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    assert all(set(each) == {"zh-Hans", "zh-Hant", "en"} for each in texts.values())
    for each in texts.values():
        assert len({frozenset(re.findall(r"\{(\w+)\}", words)) for words in each.values()}) == 1
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.parents[1].rglob("*.py"))
    assert [code for code in known_codes() if f'"{code}"' not in sources and not code.endswith("_unused")] == []


LINES = st.lists(st.sampled_from(EVERYTHING.splitlines()), max_size=60).map("\n".join)
MANGLED = st.tuples(st.integers(0, len(EVERYTHING)), st.integers(0, 40), st.text(max_size=10)).map(
    lambda cut: EVERYTHING[: cut[0]] + cut[2] + EVERYTHING[cut[0] + cut[1] :]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), LINES, MANGLED))
def test_any_text_is_read_or_refused(text: str) -> None:
    known = known_codes()
    assert all(line >= 1 and code in known for _, line, _, code in faults_in(text))
