"""What the check finds in flows that could be read."""

import pytest

from bot.flows.catalogue import OURS
from bot.flows.checking import Surroundings, check_definitions
from bot.flows.reading import read_definitions
from bot.handlers.surroundings import surroundings
from tests.unit.flows.files import EVERYTHING, WHOLE, read

AROUND = Surroundings(frozenset({"action_measure"}), "action_start_", frozenset({"hours"}))
ASK, STEPS = "- collect: colour", "    steps:"
BUTTON = '- text: 什么颜色？\n      buttons: [{title: 红, translation: {zh-Hant: 紅, en: Red}, payload: "%s"}]'


def found(text: str, around: Surroundings = AROUND) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
    """Line, name and code of faults and of warnings."""
    checked = check_definitions(read(text), around)
    for each in (*checked.faults, *checked.warnings):
        assert each.file == "a.yml"
        assert all("{}" not in each.text(locale) for locale in ("zh-Hans", "zh-Hant", "en"))
    first, second = (
        [(each.line, each.name, each.code) for each in some] for some in (checked.faults, checked.warnings)
    )
    return first, second


def test_the_flows_that_ship_have_no_fault_and_no_warning() -> None:
    checked = check_definitions(read_definitions(OURS), surroundings())
    assert list(map(str, checked.faults)) == []
    assert list(map(str, checked.warnings)) == []


def test_what_is_right_has_no_fault() -> None:
    assert found(EVERYTHING)[0] == []
    assert found(WHOLE) == ([], [(2, "order", "flow_unstarted")])


# What is put in the place of what, and the fault.
FAULTY = [
    (ASK, ASK + "\n        next: END\n      - action: action_measure", (8, "1_action_measure", "step_unreachable")),
    (ASK, "- noop: true\n        id: a\n      - noop: true\n        next: a", (8, "1_noop", "dead_end")),
    (ASK, "- noop: true\n        id: a\n      - noop: true\n        next: a", (6, "a", "loop_endless")),
    (ASK, "- link: order", (6, "0_link_order", "loop_endless")),
    (ASK, "- call: order", (6, "0_call_order", "loop_endless")),
    (ASK, "- action: action_none", (6, "action_none", "action_undefined")),
    ("utter_ask_colour", "utter_other", (6, "colour", "ask_missing")),
    (STEPS, "    if: slots.colour > 5\n" + STEPS, (2, "colour", "comparison_never")),
    (
        ASK,
        ASK + "\n        next: [{if: slots.colour = true, then: END}, {else: END}]",
        (6, "colour", "comparison_never"),
    ),
    ("type: text", "type: categorical, values: [red]", None),
    ("什么颜色？", "什么颜色，{name}？", (10, "name", "placeholder_unfilled")),
    ("什么颜色？", "请说 {hours}，{colour}？", None),
    ("- text: 什么颜色？", BUTTON % "/start(none)", (10, "none", "flow_undefined")),
    ("- text: 什么颜色？", BUTTON % "/start(order)", None),
    ("- text: 什么颜色？", BUTTON % "/SetSlots(size=1)", (10, "size", "slot_undefined")),
    ("- text: 什么颜色？", BUTTON % "/SetSlots(colour={hours})", None),
    ("- text: 什么颜色？", BUTTON % "/article(12)", None),
]


@pytest.mark.parametrize(("old", "new", "fault"), FAULTY)
def test_each_fault_by_line_and_name(old: str, new: str, fault: tuple[int, str, str] | None) -> None:
    faults, _ = found(WHOLE.replace(old, new, 1))
    assert fault in faults if fault else faults == []


def test_a_value_that_a_slot_never_has_is_told_in_conditions_and_on_buttons() -> None:
    text = WHOLE.replace("type: text", "type: categorical, values: [red, blue]")
    branch = ASK + '\n        next: [{if: slots.colour = "%s", then: END}, {else: END}]'
    assert found(text.replace(ASK, branch % "red"))[0] == []
    assert found(text.replace(ASK, branch % "green"))[0] == [(6, "colour", "comparison_never")]
    assert found(text.replace("- text: 什么颜色？", BUTTON % "/SetSlots(colour=blue)"))[0] == []
    assert found(text.replace("- text: 什么颜色？", BUTTON % "/SetSlots(colour=green)"))[0] == [
        (10, "colour", "slot_value")
    ]


def test_without_knowing_the_actions_any_is_taken() -> None:
    assert found(WHOLE.replace(ASK, "- action: action_none"), Surroundings())[0] == []


def test_an_action_may_start_a_flow_by_its_name() -> None:
    faults, warnings = found(WHOLE.replace(ASK, ASK + "\n      - action: action_start_order"))
    assert (faults, warnings) == ([], [])


def test_a_loop_with_a_way_out_is_a_warning_and_one_that_asks_is_nothing() -> None:
    loop = "- noop: true\n        id: a\n        next: [{if: slots.colour, then: END}, {else: b}]\n      - id: b\n"
    loop += "        %s\n        next: a"
    assert found(WHOLE.replace(ASK, loop % "collect: colour"))[1] == [(2, "order", "flow_unstarted")]
    faults, warnings = found(WHOLE.replace(ASK, loop % "action: action_measure"))
    assert faults == []
    assert [(line, name) for line, name, code in warnings if code == "loop_silent"] == [(6, "a"), (9, "b")]


def test_what_nobody_uses_or_understands_is_a_warning() -> None:
    text = WHOLE.replace("slots:", "nlu: [{intent: buy, examples: [买]}]\nslots:\n  spare: {type: any}")
    text += "  utter_spare:\n    - text: 好\n      translation: {zh-Hant: '好 {colour}', en: '{colour}'}\n"
    assert found(text)[1] == [
        (2, "order", "flow_unstarted"),
        (7, "buy", "examples_missing"),
        (7, "buy", "intent_unused"),
        (9, "spare", "slot_unused"),
        (15, "utter_spare", "placeholder_differs"),
        (15, "utter_spare", "response_unused"),
    ]
    used = Surroundings(None, None, frozenset({"spare", "utter_spare", "order"}))
    begun = Surroundings(None, None, frozenset({"spare", "order"}), ("utter_spa",))
    assert found(text, begun)[1] == found(text, used)[1]
    assert [code for _, _, code in found(text, used)[1]] == ["examples_missing", "intent_unused", "placeholder_differs"]


def test_what_overrides_is_told_with_what_it_overrides() -> None:
    checked = check_definitions(read(WHOLE, WHOLE[WHOLE.index("responses:") :]), AROUND)
    told = [each.line_in("en") for each in checked.warnings if each.code == "overrides"]
    assert told == ['b.yml:2: "utter_ask_colour" takes the place of a.yml, line 10']
