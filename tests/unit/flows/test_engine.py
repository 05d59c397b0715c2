"""Flows run step by step: they ask, branch, do things, call each other and end."""

import pytest

from bot.domain.decision import ActionCall, ActionResult, Said
from tests.unit.flows.dialogs import Talk, definitions

RETURNS = """
slots:
  ref: {type: text}
  reason: {type: categorical, values: [broken, dislike, none]}
  amount: {type: float}
  sure: {type: bool}
  ticket: {type: text}
responses:
  utter_ask_ref: [{text: 号, translation: {zh-Hant: 號, en: Which order?}}]
  utter_ask_reason:
    - text: 因
      translation: {zh-Hant: 因, en: "Why?"}
      buttons:
        - {title: 坏, translation: {zh-Hant: 壞, en: Broken}, payload: /SetSlots(reason=broken)}
        - {title: 厌, translation: {zh-Hant: 厭, en: Dislike}, payload: /SetSlots(reason=dislike)}
  utter_ask_amount: [{text: 几, translation: {zh-Hant: 幾, en: How many?}}]
  utter_few: [{text: 少, translation: {zh-Hant: 少, en: "Too few: {amount}"}}]
  utter_ask_sure: [{text: "{ref} {reason}", translation: {zh-Hant: "{ref}", en: "{ref}, {reason}?"}}]
  utter_done: [{text: "好 {ticket}", translation: {zh-Hant: 好, en: "Ticket {ticket}."}}]
  utter_sorry: [{text: 歉, translation: {zh-Hant: 歉, en: Sorry.}}]
flows:
  returns:
    name: 退货
    translation: {zh-Hant: 退貨, en: Return}
    description: returns
    steps:
      - collect: ref
      - collect: reason
        next:
          - if: slots.reason = "broken"
            then:
              - action: utter_sorry
                next: amount
          - else: amount
      - id: amount
        collect: amount
        rejections: [{if: slots.amount < 1, utter: utter_few}]
      - collect: sure
        ask_before_filling: true
        next:
          - if: slots.sure
            then:
              - action: action_open_return
              - action: utter_done
                next: END
          - else: END
"""


def opened(call: ActionCall) -> ActionResult:
    return ActionResult({"ticket": "R-1"}) if call.name == "action_open_return" else ActionResult()


def talk(*texts: str) -> Talk:
    return Talk(definitions(*(texts or (RETURNS,))), opened)


def test_a_flow_asks_branches_acts_and_ends() -> None:
    customer = talk()
    assert customer.say("/returns") == ["Which order?"]
    assert customer.say("!A1") == ["Why?"]
    assert customer.choices == ["SetSlots(reason=broken)", "SetSlots(reason=dislike)"]
    assert customer.tap("SetSlots(reason=broken)") == ["Sorry.", "How many?"]
    assert customer.say("!2") == ["a1, broken?"]
    assert customer.say("!true") == ["Ticket R-1."]
    assert customer.stack == []
    (call,) = customer.calls
    assert (call.flow, call.slots["ref"], call.slots["amount"]) == ("returns", "a1", 2.0)


def test_what_is_known_is_not_asked_again_but_a_confirmation_is() -> None:
    customer = talk()
    assert customer.say("/returns; ref=a1; reason=dislike; amount=1; sure=true") == ["a1, dislike?"]
    assert customer.say("!false") == ["All right. If there is anything else, just write."]
    assert customer.calls == []


def test_a_refused_value_is_explained_and_asked_for_again() -> None:
    customer = talk()
    customer.say("/returns; ref=a1; reason=dislike")
    assert customer.say("!0") == ["Too few: 0", "How many?"]
    assert customer.say("!3") == ["a1, dislike?"]


def test_after_three_answers_that_cannot_be_taken_there_are_ways_out() -> None:
    customer = talk()
    customer.say("/returns; ref=a1")
    assert customer.say("what") == ["Sorry, I did not understand that. Please answer the question once more.", "Why?"]
    customer.say("what")
    offered = customer.say("what")
    assert "difficult" in offered[0]
    assert [choice["id"] for choice in customer.last.replies[0]["choices"]] == ["skip", "cancel", "person"]


@pytest.mark.parametrize("text", ["amount=x", "reason=blue", "ticket=R-9"])
def test_no_customer_sets_what_a_slot_cannot_have_or_what_only_actions_set(text: str) -> None:
    customer = talk()
    customer.say("/returns")
    customer.say(text)
    assert customer.slots == {}


def test_what_an_action_says_is_said_and_what_it_fails_at_is_apologised_for() -> None:
    def act(call: ActionCall) -> ActionResult:
        return ActionResult(said=(Said("utter_few", {"amount": 7}), Said(body={"text": "own"})), failed=None)

    customer = Talk(definitions(RETURNS), act)
    customer.say("/returns; ref=a1; reason=dislike; amount=1")
    assert customer.say("!true") == ["Too few: 7", "own", "Ticket …."]
    failing = Talk(definitions(RETURNS), lambda call: ActionResult(failed="store"))
    failing.say("/returns; ref=a1; reason=dislike; amount=1")
    (sorry,) = failing.say("!true")
    assert "went wrong" in sorry
    assert (failing.owner, failing.last.outcome.kind) == ("queue", "failed")
