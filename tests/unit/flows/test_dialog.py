"""What is going on is kept: questions in the middle of a form, other flows, corrections, cancelling, people."""

import pytest

from bot.domain.decision import ActionCall, ActionResult
from tests.unit.flows.dialogs import Talk, definitions

FORMS = """
slots:
  matter: {type: text}
  phone: {type: text}
  product: {type: text}
  sure: {type: bool}
  stars: {type: float}
  who: {type: text}
  known: {type: text, persisted: true}
  checked: {type: bool}
responses:
  utter_ask_matter: [{text: 事, translation: {zh-Hant: 事, en: What happened?}}]
  utter_ask_phone:
    - text: 电
      translation: {zh-Hant: 電, en: Your phone?}
      buttons: [{title: 跳, translation: {zh-Hant: 跳, en: Skip}, payload: /skip}]
  utter_ask_product: [{text: 品, translation: {zh-Hant: 品, en: Which product?}}]
  utter_ask_sure: [{text: "{matter}", translation: {zh-Hant: "{matter}", en: "{matter}, {product}, {phone}?"}}]
  utter_ask_stars: [{text: 星, translation: {zh-Hant: 星, en: Stars?}}]
  utter_ask_who: [{text: 谁, translation: {zh-Hant: 誰, en: Who?}}]
  utter_ask_known: [{text: 知, translation: {zh-Hant: 知, en: Known?}}]
  utter_opened: [{text: 开, translation: {zh-Hant: 開, en: Opened.}}]
  utter_thanks_for_stars: [{text: 谢, translation: {zh-Hant: 謝, en: "{stars} stars."}}]
flows:
  complaint:
    name: 投诉
    translation: {zh-Hant: 申訴, en: Complaint}
    description: complaint
    steps:
      - collect: matter
      - action: action_check_matter
      - collect: product
      - action: action_check_product
      - collect: phone
      - collect: sure
        ask_before_filling: true
        next:
          - if: slots.sure
            then:
              - action: action_open
              - action: utter_opened
                next: END
          - else: END
  rating:
    name: 评价
    translation: {zh-Hant: 評價, en: Rating}
    description: rating
    steps:
      - collect: stars
      - action: utter_thanks_for_stars
  caller:
    name: 来电
    translation: {zh-Hant: 來電, en: Caller}
    description: caller
    steps:
      - call: person
      - collect: matter
  person:
    name: 人
    translation: {zh-Hant: 人, en: Person}
    description: person
    yingda: {offered: false}
    steps:
      - collect: who
      - collect: known
  held:
    name: 未开
    translation: {zh-Hant: 未開, en: Held}
    description: held back
    if: slots.known = "yes"
    steps:
      - collect: matter
  circle:
    name: 圈
    translation: {zh-Hant: 圈, en: Circle}
    description: circle
    steps:
      - id: round
        noop: true
        next: round
  chain:
    name: 链
    translation: {zh-Hant: 鏈, en: Chain}
    description: chain
    steps:
      - link: rating
"""
INPUTS = {"action_check_matter": frozenset({"matter"}), "action_check_product": frozenset({"product"})}
CORRECTED = 'All right, changed to "{}".'


def talk() -> Talk:
    customer = Talk(definitions(FORMS))
    customer.terms = type(customer.terms)({"hours": "24"}, inputs=INPUTS.get)
    return customer


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on() -> None:
    customer = talk()
    customer.say("/complaint")
    assert customer.say("fee?") == ["It is free.", "What happened?"]
    assert (customer.last.outcome.kind, customer.last.outcome.ref) == ("article", "fee")
    assert customer.say("!broken") == ["Which product?"]


def test_small_talk_and_another_language_do_not_end_a_form() -> None:
    customer = talk()
    customer.locale = "zh-Hans"
    customer.say("/complaint")
    assert customer.say("english") == ["All right, let us go on in English.", "What happened?"]
    assert customer.locale == "en"
    assert customer.say("hello")[1:] == ["What happened?"]


def test_a_flow_interrupts_another_which_is_offered_back() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    assert customer.say("/rating") == ['Let us do "Rating" first. "Complaint" goes on after that.', "Stars?"]
    assert customer.say("fee?") == ["It is free.", "Stars?"], "it is said once"
    assert customer.say("!5") == ["5 stars.", 'Shall we go on with "Complaint"?']
    assert customer.tap(customer.choices[0]) == ["Which product?"]
    assert customer.slots == {"matter": "broken"}


def test_what_was_interrupted_can_be_left_and_a_direct_answer_takes_it_up() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    customer.say("/rating")
    customer.say("!5")
    assert customer.say("!false") == ["All right, cancelled."]
    assert customer.stack == []
    customer.say("/complaint; matter=broken")
    customer.say("/rating; stars=4")
    assert customer.say("product=pan") == ["Your phone?"]


def test_a_flow_cannot_be_interrupted_by_itself_and_one_below_comes_up_again() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    again, question = customer.say("/complaint")
    assert again.startswith("We are in the middle of this already: Complaint.")
    assert question == "Which product?"
    customer.say("/rating")
    assert customer.say("/complaint") == ["Which product?"]
    assert customer.stack == ["rating", "complaint"]


def test_an_earlier_value_is_corrected_without_doing_again_what_does_not_depend_on_it() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan; phone=p1")
    assert customer.done == ["action_check_matter", "action_check_product"]
    assert customer.say("phone:=p2") == [CORRECTED.format("p2"), "broken, pan, p2?"]
    assert customer.done == ["action_check_matter", "action_check_product"]
    assert customer.say("product:=pot") == [CORRECTED.format("pot"), "broken, pot, p2?"]
    assert customer.done == ["action_check_matter", "action_check_product", "action_check_product"]
    assert customer.say("matter:=lost") == [CORRECTED.format("lost"), "lost, pot, p2?"]
    assert customer.done[3:] == ["action_check_matter"]
    assert customer.say("!true") == ["Opened."]


def test_only_naming_the_wrong_value_asks_for_it_again() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan; phone=p1")
    assert customer.say("product:=none") == ["Which product?"]
    assert customer.say("!pot") == ["broken, pot, p1?"]


def test_a_value_of_an_interrupted_flow_can_be_corrected() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.say("/rating")
    assert customer.say("matter:=lost") == [CORRECTED.format("lost"), "Stars?"]
    customer.say("!5")
    customer.say("!true")
    assert customer.say("!p1") == ["lost, pan, p1?"]


def test_cancelling_asks_back_where_something_would_be_lost() -> None:
    customer = talk()
    customer.say("/complaint")
    assert customer.say("cancel") == ["All right, cancelled."]
    customer.say("/complaint; matter=broken")
    (asked_back,) = customer.say("cancel")
    assert "would be lost" in asked_back
    assert customer.say("!true") == ["All right, let us go on.", "Which product?"]
    customer.say("cancel")
    assert customer.say("!false") == ["All right, cancelled."]
    customer.say("/complaint; matter=broken")
    customer.say("cancel")
    assert customer.say("cancel") == ["All right, cancelled."]
    assert customer.stack == []
    assert "nothing open" in customer.say("cancel")[0]


def test_after_cancelling_the_flow_below_is_offered() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    customer.say("/rating")
    assert customer.say("cancel") == ["All right, cancelled.", 'Shall we go on with "Complaint"?']


def test_a_question_that_may_be_skipped_is_and_another_is_not() -> None:
    customer = talk()
    customer.say("/complaint")
    assert customer.say("skip") == ["I need an answer to this one to go on.", "What happened?"]
    customer.say("matter=broken; product=pan")
    assert customer.say("skip") == ["All right.", "broken, pan, …?"]
    assert customer.say("matter:=lost") == [CORRECTED.format("lost"), "lost, pan, …?"]


def test_a_called_flow_shares_its_slots_and_comes_back() -> None:
    customer = talk()
    assert customer.say("/caller") == ["Who?"]
    assert customer.say("!ann") == ["Known?"]
    assert customer.say("!yes") == ["What happened?"]
    assert customer.slots == {"who": "ann"}
    assert customer.state["slots"] == {"known": "yes"}
    assert customer.say("who:=bob") == [CORRECTED.format("bob"), "What happened?"]
    assert customer.slots == {"who": "bob"}


def test_a_linked_flow_takes_the_place_and_a_condition_holds_a_flow_back() -> None:
    customer = talk()
    assert customer.say("/chain") == ["Stars?"]
    assert customer.stack == ["rating"]
    customer.say("!1")
    assert "not available" in customer.say("/held")[0]
    customer.say("/caller; who=ann")
    customer.say("!yes")
    customer.say("!x")
    assert customer.say("/held") == ["What happened?"]


def test_a_flow_that_only_others_call_cannot_be_started_by_a_tap() -> None:
    customer = talk()
    assert "no longer available" in customer.tap("start(person)")[0]
    assert "no longer available" in customer.tap("start(pattern_internal_error)")[0]


def test_a_late_tap_corrects_where_its_slot_is_still_asked_for_and_is_explained_elsewhere() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    assert customer.tap("SetSlots(product=pot)") == ["All right, I have changed that.", "Your phone?"]
    assert customer.tap("SetSlots(product=pot)") == ["Your phone?"], "a second tap of the same changes nothing"
    assert "no longer available" in customer.tap("SetSlots(stars=4)")[0]


def test_a_late_tap_is_told_in_the_words_that_were_tapped() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    tap = {"text": "A frying pan", "choice": "SetSlots(product=frying_pan)"}
    assert customer.take(tap) == [CORRECTED.format("A frying pan"), "Your phone?"]
    assert customer.slots["product"] == "frying_pan"
    customer.state["shown"] = {"SetSlots(product=big_pot)": "A big pot"}
    assert customer.say("product:=big_pot") == [CORRECTED.format("A big pot"), "Your phone?"]


def test_a_flow_that_goes_round_in_circles_ends_with_a_person() -> None:
    customer = talk()
    said = customer.say("/circle")
    assert "went wrong" in said[0]
    assert (customer.owner, customer.stack) == ("queue", [])


def test_too_many_open_flows_put_the_oldest_aside() -> None:
    customer = talk()
    customer.terms = type(customer.terms)(depth=2)
    customer.say("/complaint; matter=broken")
    customer.say("/rating")
    said = customer.say("/caller")
    assert said == [
        "Several things are open, so I have put the oldest aside. You can go on with it on your next visit.",
        'Let us do "Caller" first. "Rating" goes on after that.',
        "Who?",
    ]
    (call,) = [call for call in customer.calls if call.name == "action_park_flow"]
    assert call.slots["parked_flow"] == "complaint"


@pytest.mark.parametrize(
    "before", [[], ["/complaint"], ["/complaint; matter=x", "cancel"], ["/complaint; matter=x", "/rating", "!3"]]
)
def test_a_person_and_a_withdrawal_are_had_in_every_state(before: list[str]) -> None:
    customer = talk()
    for text in before:
        customer.say(text)
    assert "within 24 hours" in customer.say("person")[0]
    assert (customer.owner, customer.last.outcome.kind) == ("queue", "hand_over")
    other = talk()
    for text in before:
        other.say(text)
    assert "do not want to receive" in other.say("withdraw")[0]


def test_in_the_queue_the_bot_speaks_once_and_the_customer_can_come_back() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    customer.say("person")
    assert len(customer.say("are you there")) == 1
    assert customer.say("are you there") == []
    assert "waiting for a person" in customer.say("person")[0]
    assert customer.say("bot") == ["I am back. What would you like to know?", 'Shall we go on with "Complaint"?']
    assert customer.owner == "bot"
    assert customer.say("!true") == ["Which product?"]


def test_while_an_agent_speaks_the_bot_is_silent_but_a_withdrawal_is_followed() -> None:
    customer = talk()
    customer.owner = "agent"
    assert customer.say("hello") == customer.say("person") == customer.say("/complaint") == []
    assert "do not want to receive" in customer.say("withdraw")[0]
    assert customer.owner == "agent"


def test_nothing_understood_three_times_leads_to_a_person() -> None:
    customer = talk()
    assert "wording" in customer.say("what")[0]
    assert customer.last.outcome.kind == "none"
    assert "Shall a person" in customer.say("what")[0]
    assert "passing it on" in customer.say("what")[0]
    assert customer.owner == "queue"


def test_who_is_upset_is_heard_once_and_comes_first() -> None:
    customer = talk()
    assert customer.say("/complaint!!!") == [
        "I am sorry for the trouble. We will treat this as urgent.",
        "What happened?",
    ]
    assert customer.last.urgent
    assert customer.say("!broken!!!") == ["Which product?"]
    assert customer.last.urgent


def test_a_failed_action_keeps_the_flow_for_whoever_comes_back() -> None:
    def act(call: ActionCall) -> ActionResult:
        return ActionResult(failed="store") if call.name == "action_check_matter" else ActionResult()

    customer = talk()
    customer.act = act
    assert "went wrong" in customer.say("/complaint; matter=x")[0]
    assert customer.stack == ["complaint"]
    customer.act = lambda call: ActionResult()
    customer.say("bot")
    assert customer.say("!true") == ["Which product?"]


def test_a_damaged_state_begins_anew() -> None:
    for state in ({"v": 9}, {"frames": "x"}, {"frames": [{"flow": 1}]}, {"lost": True}, {"told": 1}):
        customer = talk()
        customer.state = dict(state)
        assert customer.say("hello")[0].startswith("Hello")
