"""Values given late, twice or wrongly; what actions start; what a response may name."""

from bot.domain.decision import ActionCall, ActionResult, Said
from bot.flows.engine.terms import Terms
from tests.unit.flows.dialogs import Talk, definitions
from tests.unit.flows.test_dialog import CORRECTED, FORMS

MORE = """
slots:
  pieces: {type: float}
  colour: {type: categorical, values: [red, none]}
  mood: {type: text}
responses:
  utter_ask_pieces: [{text: 几, translation: {zh-Hant: 幾, en: How many?}}]
  utter_too_many: [{text: 多, translation: {zh-Hant: 多, en: "At most 9, not {pieces}."}}]
  utter_ask_colour: [{text: 色, translation: {zh-Hant: 色, en: "{pieces} of which colour?"}}]
  utter_policy:
    - text: 政
      translation: {zh-Hant: 政, en: Policy of {mood}.}
      buttons: [{title: 政, translation: {zh-Hant: 政, en: Page}, url: "{policy_url}"}]
  utter_after: [{text: 后, translation: {zh-Hant: 後, en: After.}}]
flows:
  basket:
    name: 篮
    translation: {zh-Hant: 籃, en: Basket}
    description: basket
    steps:
      - collect: pieces
        rejections: [{if: slots.pieces > 9, utter: utter_too_many}]
      - collect: colour
      - set_slots: [{mood: good}, {pieces: null}]
      - action: action_finish
      - action: utter_policy
      - action: utter_after
  talk_to_person:
    name: 人
    translation: {zh-Hant: 人, en: Person}
    description: person
    yingda: {parks: false}
    steps:
      - collect: matter
      - action: action_hand_over
""".replace("Policy of {mood}.", '"Policy of {mood}."')


def talk(result: ActionResult | None = None) -> Talk:
    def act(call: ActionCall) -> ActionResult:
        return (result or ActionResult()) if call.name == "action_finish" else ActionResult()

    terms = Terms({"hours": "24"}, policy_url="https://shop.example/privacy")
    return Talk(definitions(FORMS, MORE), act, terms=terms)


def test_a_value_of_another_type_is_told_to_be_unreadable() -> None:
    customer = talk()
    customer.say("/basket")
    assert customer.say("pieces=x") == ["Sorry, I could not read that. Please write it in another way.", "How many?"]


def test_a_correction_that_is_refused_is_not_acknowledged() -> None:
    customer = talk()
    customer.say("/basket; pieces=2")
    assert customer.say("pieces:=12") == ["At most 9, not 12.", "How many?"]
    assert customer.say("!3") == ["3 of which colour?"]


def test_what_was_skipped_can_be_given_later() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.say("skip")
    assert customer.say("phone=1x") == [CORRECTED.format("1x"), "broken, pan, 1x?"]


def test_an_answer_of_none_is_a_value() -> None:
    customer = talk()
    customer.say("/basket; pieces=2")
    assert customer.say("skip")[0] == "All right."
    (call,) = customer.calls
    assert (call.slots["colour"], call.slots["mood"], "pieces" in call.slots) == ("none", "good", False)


def test_a_response_may_name_the_policy_s_page_in_the_language() -> None:
    customer = talk()
    customer.say("/basket; pieces=2; colour=red")
    reply = customer.last.replies[0]
    assert reply["text"] == "Policy of good."
    assert reply["links"] == [{"label": "Page", "url": "https://shop.example/privacy?lang=en"}]


def test_a_flow_that_an_action_starts_is_called_and_comes_back() -> None:
    customer = talk(
        ActionResult(said=(Said("utter_opened", choices=({"id": "skip", "label": "Skip"},)),), follow_up="rating")
    )
    assert customer.say("/basket; pieces=2; colour=red") == ["Opened.", "Stars?"]
    assert customer.stack == ["basket", "rating"]
    assert customer.say("!4") == ["4 stars.", "Policy of good.", "After."]
    assert customer.done == ["action_finish"]


def test_what_lasts_is_kept_also_where_only_an_action_knows_its_name() -> None:
    customer = talk(ActionResult({"known": "by the action"}))
    customer.say("/basket; pieces=2; colour=red")
    assert customer.state["slots"] == {"known": "by the action"}


def test_who_speaks_to_the_bot_anyway_keeps_the_question() -> None:
    customer = talk()
    customer.say("/basket; pieces=2")
    assert customer.say("bot") == ["I am back. What would you like to know?", "2 of which colour?"]


def test_who_wanted_a_person_and_says_no_more_gets_the_person() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    assert customer.say("person") == ["What happened?"]
    assert customer.stack == ["complaint", "talk_to_person"]
    said = customer.happen("silence", 40 * 60)
    assert "Are you still there" in said[0]
    customer.happen("silence", 40 * 60)
    assert customer.owner == "queue"
    assert [call.slots["parked_flow"] for call in customer.calls if call.name == "action_park_flow"] == ["complaint"]


def test_a_correction_below_does_not_forget_the_person() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.say("person")
    customer.say("product:=pot")
    assert customer.stack == ["complaint", "talk_to_person"]
