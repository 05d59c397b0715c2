"""The patterns that ship: each is there, in three languages, and a company may put its own in place of one."""

import pytest

from bot.domain.decision import ActionCall, ActionResult
from bot.flows.engine.builtin import BUILTIN, START
from bot.flows.model import Run
from bot.flows.rendering import fill, render
from bot.flows.understanding.values import CODES
from tests.unit.flows.dialogs import Talk, definitions
from tests.unit.flows.test_dialog import FORMS

NAMES = (
    "session_start collect_information continue_interrupted correction cancel_flow clarification cannot_handle search"
    " chitchat human_handoff skip_question completed internal_error"
    " withdraw silence resolved change_language"
)
"""Those that CALM names, and ours."""


@pytest.mark.parametrize("name", NAMES.split())
def test_every_pattern_ships_and_is_neither_offered_nor_parked(name: str) -> None:
    flow = definitions().flows[f"pattern_{name}"]
    assert flow.steps
    assert not flow.offered
    assert not flow.parks
    actions = [step.does.action for step in flow.steps if isinstance(step.does, Run)]
    assert all(action in BUILTIN or action.startswith((START, "utter_")) for action in actions)


def test_every_sentence_is_in_three_languages_of_its_own() -> None:
    for response in definitions().responses.values():
        for variant in response.variants:
            assert variant.text["en"] not in (variant.text["zh-Hans"], variant.text["zh-Hant"])
    body = render(definitions().responses["utter_hand_over"], {"hours": "24"}, "zh-Hant")
    assert "24 小時" in body["text"]
    assert body["choices"] == [{"id": "bot", "label": "繼續問智慧助手"}]
    assert fill("{hours}", {}, "en") == "…"


def test_a_company_puts_its_own_pattern_in_place() -> None:
    own = """
responses:
  utter_bye: [{text: 再会, translation: {zh-Hant: 再會, en: That was it.}}]
flows:
  pattern_completed:
    description: own
    steps:
      - action: utter_bye
"""
    customer = Talk(definitions(FORMS, own))
    assert customer.say("/rating; stars=5") == ["5 stars.", "That was it."]


def test_a_company_s_pattern_that_fails_itself_still_leads_to_a_person() -> None:
    own = """
flows:
  pattern_internal_error:
    description: own
    steps:
      - id: again
        action: action_check_matter
        next: again
"""

    def fails(_call: ActionCall) -> ActionResult:
        return ActionResult(failed="store")

    def does_nothing(_call: ActionCall) -> ActionResult:
        return ActionResult()

    for act in (fails, does_nothing):
        customer = Talk(definitions(FORMS, own), act)
        assert customer.say("/circle")[-1].startswith("I have passed this on")
        assert customer.owner == "queue"


@pytest.mark.parametrize(
    ("kind", "words"),
    [("greeting", "Hello"), ("thanks", "welcome"), ("insult", "sorry"), ("who_are_you", "not a person")],
)
def test_small_talk_is_answered_by_its_kind(kind: str, words: str) -> None:
    customer = Talk(definitions())
    customer.say(f"~{kind}")
    assert words in str(customer.last.replies[0]["text"])
    assert customer.last.outcome.kind == "small_talk"


def test_what_may_be_meant_is_offered() -> None:
    customer = Talk(definitions(FORMS))
    customer.say("?flow:rating,article:fee")
    assert customer.choices == ["start(rating)", "article(fee)", "person"]
    assert customer.last.outcome.kind == "choices"
    assert customer.tap("article(fee)") == ["It is free."]
    assert customer.choices == ["article(time)"]
    assert "no longer available" in customer.tap("article(gone)")[0]


def test_every_reason_why_an_answer_cannot_be_read_has_its_sentence() -> None:
    assert {f"utter_unreadable_{code}" for code in CODES} <= definitions().responses.keys()
    customer = Talk(definitions(FORMS))
    customer.say("/complaint")
    assert customer.say("#matter:yes_or_no") == [
        "Sorry, I only need one of two answers here. Please choose below, or answer yes or no.",
        "What happened?",
    ]
    assert customer.say("#matter:not_known")[0].startswith("Sorry, I could not read that")
    customer.say("#matter:yes_or_no")
    assert "cancel" in [choice["id"] for choice in customer.last.replies[1]["choices"]], "the third time there is help"


def test_a_new_conversation_begins_with_the_notice_also_where_an_event_or_a_person_came_first() -> None:
    customer = Talk(definitions(FORMS), first=True)
    customer.say("fee?")
    customer.say("fee?")
    assert customer.done == ["action_find_parked", "action_show_notice"]
    told = Talk(definitions(FORMS), first=True)
    told.happen("case_changed")
    assert told.done == []
    told.say("hello")
    assert "action_show_notice" in told.done
    handed = Talk(definitions(FORMS), first=True)
    handed.say("person")
    assert "action_show_notice" not in handed.done
    handed.say("bot")
    handed.say("hello")
    assert "action_show_notice" in handed.done


def test_files_alone_are_acknowledged() -> None:
    customer = Talk(definitions())
    (said,) = customer.take({"attachments": [{"id": "1", "name": "a.png"}]})
    assert said.startswith("I have your file")
    assert customer.last.outcome.kind == "file"
