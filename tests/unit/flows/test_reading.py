"""What is read from flow files: CALM's constructs, with what it leaves to be filled in."""

import json
from pathlib import Path

import pytest

from bot.flows.model import END, Call, Collect, Flow, Link, Noop, Run, SetSlots
from bot.flows.reading import FlowFaults, UnreadableDocument, flow_from_document, read_definitions
from tests.unit.flows.files import EVERYTHING, WHOLE, read


def test_nested_steps_are_laid_flat_with_ids_and_followers() -> None:
    flow = read(EVERYTHING).flows["book_visit"]
    ways = [
        (step.id, [(branch.to, branch.when.source if branch.when else None) for branch in step.next])
        for step in flow.steps
    ]
    assert ways == [
        ("ask_day", [("1_collect_size", None)]),
        (
            "1_collect_size",
            [("2_action_measure", 'slots.size = "big"'), (END, "slots.size is null"), ("3_set_slots", None)],
        ),
        ("2_action_measure", [(END, "slots.blocked"), ("ask_day", None)]),
        ("3_set_slots", [("4_call_sub", None)]),
        ("4_call_sub", [(END, None)]),
    ]
    assert [step.line for step in flow.steps] == [16, 24, 28, 36, 40]
    assert [type(step.does) for step in flow.steps] == [Collect, Collect, Run, SetSlots, Call]


def test_what_a_step_does_is_read_whole() -> None:
    definitions = read(EVERYTHING)
    ask, size, _, change, _ = definitions.flows["book_visit"].steps
    assert isinstance(ask.does, Collect)
    assert (ask.does.utter, ask.does.ask) == ("utter_ask_visit_day", None)
    assert (ask.does.ask_before_filling, ask.does.reset_after_flow_ends) == (True, False)
    assert [(each.when.source, each.utter) for each in ask.does.rejections] == [
        ('slots.visit_day matches "^no"', "utter_no")
    ]
    assert size.does == Collect("size", "utter_ask_size", None)
    assert change.does == SetSlots({"blocked": True, "size": None, "note": "12"})
    assert [type(step.does) for step in definitions.flows["sub"].steps] == [Noop, Link]
    assert definitions.flows["sub"].steps[1].next == ()


def test_a_question_without_a_response_is_asked_by_an_action() -> None:
    text = WHOLE.replace("utter_ask_colour", "utter_other")
    assert read(text).flows["order"].steps[0].does == Collect("colour", None, "action_ask_colour")


def test_what_stands_around_the_steps() -> None:
    definitions = read(EVERYTHING)
    flow, sub, pattern = (definitions.flows[name] for name in ("book_visit", "sub", "pattern_search"))
    assert flow.name == {"zh-Hans": "预约上门", "zh-Hant": "預約到府", "en": "Book a visit"}
    assert sub.name["en"] == "Sub"
    assert flow.guard is not None
    assert flow.guard.source == "slots.blocked is null"
    assert flow.persisted_slots == {"visit_day"}
    assert flow.moves == {"deadbeef": {"old_step": "ask_day"}}
    assert [(each.offered, each.parks) for each in (flow, sub, pattern)] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert flow.source == "a.yml"


def test_intents_know_their_flow_and_how_sure_one_has_to_be() -> None:
    book, visit = read(EVERYTHING).intents
    assert (book.flow, book.threshold, book.examples["zh-Hans"]) == ("book_visit", None, ("预约上门", "我要预约"))
    assert (visit.flow, visit.threshold) == ("book_visit", 0.8)
    assert visit.examples == {"zh-Hans": ("有人来吗",), "zh-Hant": ("有人來嗎",), "en": ("a visit", "come to me")}


def test_the_examples_of_all_intents_of_a_flow_stand_together_in_their_plain_form() -> None:
    assert read(EVERYTHING).sentences == {
        "book_visit": {"预约上门", "我要预约", "book a visit", "有人来吗", "a visit", "come to me"}
    }


def test_slots_with_kinds_values_and_wordings() -> None:
    slots = read(EVERYTHING).slots
    assert (slots["visit_day"].type, slots["visit_day"].kind) == ("text", "date")
    assert (slots["visit_day"].past, slots["note"].past) == (True, False)
    assert (slots["stars"].scale, slots["note"].scale) == ((0, 10), (1, 5))
    assert (slots["note"].initial, slots["note"].persisted) == ("7", True)
    assert list(slots["size"].values) == ["big", "No"]
    assert slots["size"].values["big"]["zh-Hans"] == ("大", "很大")
    assert slots["size"].values["No"]["en"] == ("no",)


def test_responses_with_channels_conditions_buttons_and_links() -> None:
    responses = read(EVERYTHING).responses
    first, second, rest = responses["utter_no"].variants
    assert (first.channel, first.when and first.when.source) == ("wechat", "slots.blocked")
    assert second.when is not None
    assert second.when.source == 'slots.size = "big" and slots.blocked = true'
    assert rest.text["zh-Hans"] == "No"  # not what YAML 1.1 makes of it
    asked = responses["utter_ask_size"].variants[0]
    assert [button.payload for button in asked.buttons] == ["/SetSlots(size=big)", "/person"]
    assert asked.buttons[0].title["en"] == "Big"
    assert [link.payload for link in asked.links] == ["https://example.com/"]


def test_a_flow_holds_the_slots_and_responses_it_needs_and_no_others() -> None:
    flows = read(EVERYTHING).flows
    assert set(flows["book_visit"].slots) == {"visit_day", "blocked", "size", "note"}
    assert set(flows["book_visit"].responses) == {"utter_no", "utter_ask_visit_day", "utter_ask_size"}
    assert set(flows["sub"].slots) == {"blocked"}
    assert set(flows["sub"].responses) == set()


@pytest.mark.parametrize("name", ["book_visit", "sub", "pattern_search"])
def test_a_stored_document_gives_the_same_flow_back(name: str) -> None:
    flow = read(EVERYTHING).flows[name]
    stored = json.loads(json.dumps(flow.document, sort_keys=True))  # as jsonb has it: keys in another order
    again = flow_from_document(stored)
    assert again == flow
    assert again.content_hash == flow.content_hash
    assert [list(slot.values) for slot in again.slots.values()] == [list(slot.values) for slot in flow.slots.values()]
    assert ways_out(again, {"blocked": True}) == ways_out(flow, {"blocked": True})
    assert ways_out(again, {"size": "big"}) == ways_out(flow, {"size": "big"})


def ways_out(flow: Flow, slots: dict[str, object]) -> list[str | None]:
    return [next((way.to for way in step.next if not way.when or way.when.holds(slots)), None) for step in flow.steps]


@pytest.mark.parametrize("document", [{}, {"format": 2}, {"format": 1, "flow": {"id": "x"}}])
def test_a_document_of_something_else_is_told(document: dict[str, object]) -> None:
    with pytest.raises(UnreadableDocument):
        flow_from_document(document)


def test_the_hash_follows_the_content_and_nothing_else() -> None:
    before = read(EVERYTHING)
    moved = read("\n# a comment\n" + EVERYTHING)
    assert moved.content_hash == before.content_hash
    assert moved.flows == before.flows
    worded = read(EVERYTHING.replace("Which day?", "What day?"))
    assert worded.flows["book_visit"].content_hash != before.flows["book_visit"].content_hash
    assert worded.flows["sub"].content_hash == before.flows["sub"].content_hash
    assert worded.content_hash != before.content_hash


def test_what_is_said_outside_flows_is_part_of_the_whole() -> None:
    extra = WHOLE + "  utter_more:\n    - text: 好\n      translation: {zh-Hant: 好, en: Well}\n"
    assert read(extra).content_hash != read(WHOLE).content_hash
    assert read(extra).flows == read(WHOLE).flows


def test_a_later_source_overrides_by_name() -> None:
    own = WHOLE[WHOLE.index("responses:") :].replace("What", "Which")
    definitions = read(WHOLE, own)
    assert definitions.responses["utter_ask_colour"].variants[0].text["en"] == "Which colour?"
    assert definitions.flows["order"].responses["utter_ask_colour"].variants[0].text["en"] == "Which colour?"
    assert definitions.places["response:utter_ask_colour"] == (("b.yml", 2), ("a.yml", 10))


def test_an_overridden_flow_leaves_its_trigger_with_its_file() -> None:
    own = WHOLE.replace("order:", "book_visit:")
    assert [intent.flow for intent in read(EVERYTHING, own).intents] == ["", ""]


def test_folders_are_read_in_the_order_of_names_and_other_files_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(WHOLE, encoding="utf-8")
    (tmp_path / "empty.yaml").write_text("# nothing yet\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not: [a flow", encoding="utf-8")
    definitions = read_definitions(tmp_path)
    assert definitions.places["flow:order"] == ((str(tmp_path / "b.yml"), 2),)


def test_a_folder_that_is_not_there_and_a_file_in_another_encoding_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"flows: \xff")
    with pytest.raises(FlowFaults) as caught:
        read_definitions(tmp_path, tmp_path / "none")
    assert [fault.code for fault in caught.value.faults] == ["encoding", "folder"]
