"""What happens without a word of the customer: silence, parked flows, results from outside, news."""

from datetime import timedelta
from typing import Any

from bot.domain.decision import ActionCall, ActionResult, Said
from bot.flows.engine.results import result_body, result_in
from tests.unit.flows.dialogs import Talk, definitions
from tests.unit.flows.test_dialog import FORMS

OUTSIDE = """
slots:
  stock: {type: float}
  item: {type: text}
  matter_state: {type: text}
  liked: {type: bool}
responses:
  utter_ask_item: [{text: 品, translation: {zh-Hant: 品, en: Which item?}}]
  utter_stock: [{text: 存, translation: {zh-Hant: 存, en: "{stock} in stock."}}]
  utter_news: [{text: 新, translation: {zh-Hant: 新, en: "Your case: {matter_state}."}}]
  utter_ask_liked: [{text: 满意, translation: {zh-Hant: 滿意, en: Satisfied?}}]
flows:
  stock:
    name: 库存
    translation: {zh-Hant: 庫存, en: Stock}
    description: stock
    steps:
      - collect: item
      - action: action_look_up_stock
      - action: utter_stock
  survey_satisfaction:
    name: 评价
    translation: {zh-Hant: 評價, en: Survey}
    description: survey
    yingda: {offered: false, parks: false}
    steps:
      - collect: liked
  pattern_case_changed:
    description: news of a case
    steps:
      - action: utter_news
        next:
          - if: slots.matter_state
            then: END
          - else: END
"""
MINUTE = 60


class Store:
    """Keeps what is parked, for one customer."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []

    def __call__(self, call: ActionCall) -> ActionResult:
        if call.name == "action_park_flow":
            self.kept.append(dict(call.slots))
            return ActionResult({"parked_id": "p1"})
        if call.name == "action_find_parked" and self.kept:
            return ActionResult({"parked_id": "p1", "parked_flow": self.kept[-1]["parked_flow"]})
        if call.name == "action_take_parked" and self.kept:
            return ActionResult({"parked_document": self.kept.pop()["parked_document"]})
        return ActionResult()


def talk() -> Talk:
    customer = Talk(definitions(FORMS, OUTSIDE), Store())
    customer.terms = type(customer.terms)({"hours": "24"}, after_commit=frozenset({"action_look_up_stock"}))
    return customer


def silent_after(customer: Talk) -> float:
    """In how many minutes the dialog wants to be woken."""
    assert customer.last.wake_at is not None
    return (customer.last.wake_at - customer.now) / timedelta(minutes=1)


def test_silence_reminds_once_then_parks_then_closes() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    assert silent_after(customer) == 10
    said = customer.happen("silence", 10 * MINUTE)
    assert said == ['Are you still there? "Complaint" is not finished; go on whenever you are ready.', "Which product?"]
    assert silent_after(customer) == 20
    assert "I have kept" in customer.happen("silence", 20 * MINUTE)[0]
    assert customer.stack == []
    assert silent_after(customer) == 30
    assert customer.happen("silence", 30 * MINUTE) == [], "what was put aside is not resolved"
    assert customer.last.close


def test_silence_after_a_flow_that_was_finished_asks_how_it_was_then_closes() -> None:
    customer = talk()
    customer.say("/rating; stars=3")
    assert customer.happen("silence", 30 * MINUTE) == ["Satisfied?"]
    assert customer.happen("silence", 30 * MINUTE) == []
    assert customer.last.close


def test_who_comes_back_before_the_end_is_offered_what_was_parked() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.happen("silence", 10 * MINUTE)
    customer.happen("silence", 20 * MINUTE)
    assert customer.say("hello")[1:] == ['Last time "Complaint" was left unfinished. Shall we go on with it?']
    assert customer.say("!true") == ["Your phone?"]
    customer.happen("silence", 10 * MINUTE)
    customer.happen("silence", 20 * MINUTE)
    assert customer.say("/complaint") == ['Last time "Complaint" was left unfinished. Shall we go on with it?']
    assert customer.say("!true") == ["Your phone?"]
    assert customer.stack == ["complaint"]


def test_an_early_or_late_wake_up_changes_nothing() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken")
    customer.now += timedelta(minutes=9)
    customer.say("hm")
    assert customer.happen("silence", MINUTE) == []
    assert silent_after(customer) == 9
    customer.say("person")
    assert customer.last.wake_at is None
    assert customer.happen("silence", 60 * MINUTE) == []


def test_a_question_alone_wakes_nobody_and_a_finished_flow_closes() -> None:
    customer = talk()
    customer.say("fee?")
    assert customer.last.wake_at is None
    customer.say("/rating; stars=3")
    assert silent_after(customer) == 30


def test_what_was_parked_is_offered_on_the_next_visit_and_goes_on() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.happen("silence", 10 * MINUTE)
    customer.happen("silence", 20 * MINUTE)
    again = Talk(customer.definitions, customer.act, first=True, channel="terminal", terms=customer.terms)
    said = again.say("hello")
    assert said[1:] == ['Last time "Complaint" was left unfinished. Shall we go on with it?']
    assert again.say("!true") == ["Your phone?"]
    assert again.slots == {"matter": "broken", "product": "pan"}
    assert again.say("!1x") == ["broken, pan, 1x?"]
    assert again.done == ["action_find_parked", "action_show_notice", "action_take_parked"]


def test_a_parked_flow_may_be_declined_or_gone() -> None:
    customer = talk()
    store = Store()
    store.kept.append({"parked_flow": "complaint", "parked_document": {"frames": [{"flow": "complaint"}]}})
    customer.act, customer.first = store, True
    customer.say("hello")
    assert customer.say("!true") == [
        "Sorry, what you began last time is no longer there. Please start again when you need it."
    ]
    store.kept.append({"parked_flow": "complaint", "parked_document": {}})
    customer.first = True
    customer.say("hello")
    assert customer.say("!false") == ["All right, I will leave it."]


def test_who_starts_the_parked_flow_is_asked_whether_to_go_on_with_it() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.happen("silence", 10 * MINUTE)
    customer.happen("silence", 20 * MINUTE)
    again = Talk(customer.definitions, customer.act, first=True, terms=customer.terms)
    assert "left unfinished" in again.say("/complaint")[0]
    assert again.say("!true") == ["Your phone?"]
    assert again.stack == ["complaint"]


def test_another_flow_goes_first_and_then_the_parked_one_is_offered() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    customer.happen("silence", 10 * MINUTE)
    customer.happen("silence", 20 * MINUTE)
    again = Talk(customer.definitions, customer.act, first=True, terms=customer.terms)
    assert again.say("/rating") == ["Stars?"]
    assert "left unfinished" in again.say("!3")[-1]


def test_an_action_outside_the_turn_waits_for_its_result() -> None:
    customer = talk()
    customer.say("/stock")
    assert customer.say("!pan") == ["One moment, I am working on it."]
    ((token, call),) = customer.last.after_commit
    assert (call.name, call.slots["item"]) == ("action_look_up_stock", "pan")
    assert silent_after(customer) == 1
    assert customer.say("fee?") == ["It is free."]
    stale = customer.happen("action_result", **result_body("other", ActionResult({"stock": 1})))
    assert stale == []
    result = ActionResult({"stock": 3}, said=(Said(body={"text": "Found it."}),))
    assert customer.happen("action_result", **result_body(token, result)) == ["Found it.", "3 in stock."]
    assert customer.happen("action_result", **result_body(token, result)) == []
    assert customer.stack == []


def test_who_waits_may_stop_and_a_result_that_does_not_come_leads_to_a_person() -> None:
    customer = talk()
    customer.say("/stock; item=pan")
    token = customer.last.after_commit[0][0]
    customer.say("cancel")
    assert customer.say("!false") == ["All right, cancelled."]
    assert customer.happen("action_result", **result_body(token, ActionResult({"stock": 3}))) == []
    customer.say("/stock; item=pan")
    assert "went wrong" in customer.happen("silence", MINUTE)[0]
    assert customer.owner == "queue"


def test_a_result_for_a_flow_that_was_interrupted_is_kept_for_it() -> None:
    customer = talk()
    customer.say("/stock; item=pan")
    token = customer.last.after_commit[0][0]
    customer.say("/rating")
    assert customer.happen("action_result", **result_body(token, ActionResult({"stock": 3}))) == []
    customer.say("!5")
    assert customer.say("!true") == ["3 in stock."]


def test_a_failed_result_and_one_that_cannot_be_read() -> None:
    customer = talk()
    customer.say("/stock; item=pan")
    token = customer.last.after_commit[0][0]
    assert customer.happen("action_result", token=7) == []
    assert "went wrong" in customer.happen("action_result", **result_body(token, ActionResult(failed="away")))[0]
    assert result_in({"token": "t", "slots": "x"}) == ("", ActionResult(failed="unreadable_result"))


def test_news_are_told_whoever_speaks_and_a_form_goes_on() -> None:
    customer = talk()
    customer.say("/complaint")
    assert customer.happen("case_changed", matter_state="closed") == ["Your case: closed.", "What happened?"]
    customer.owner = "agent"
    assert customer.happen("case_changed", matter_state="open") == ["Your case: open."]
    assert customer.happen("nothing_known") == []


def test_a_matter_resolved_by_a_person_leads_to_the_survey() -> None:
    customer = talk()
    customer.say("/complaint; matter=x")
    customer.say("person")
    customer.owner = "agent"
    assert customer.happen("resolved") == ["Satisfied?"]
    assert customer.last.owner == "bot"
    customer.say("!true")
    assert customer.stack == []
    assert customer.happen("silence", 30 * MINUTE) == []
    assert customer.last.close


ASKING = """
slots:
  accepted: {type: bool}
  why: {type: text}
  helped: {type: bool}
  helped_with: {type: text}
  helped_why: {type: text}
  told: {type: text}
responses:
  utter_ask_accepted:
    - text: 接受
      translation: {zh-Hant: 接受, en: "Accept {told_number}?"}
      buttons: [{title: 是, translation: {zh-Hant: 是, en: "Yes"}, payload: /SetSlots(accepted=true)}]
  utter_ask_why: [{text: 为何, translation: {zh-Hant: 為何, en: "Why?"}}]
  utter_accepted: [{text: 谢, translation: {zh-Hant: 謝, en: Thank you.}}]
  utter_ask_helped: [{text: 有用, translation: {zh-Hant: 有用, en: "Did it help?"}}]
  utter_ask_helped_with: [{text: 哪个, translation: {zh-Hant: 哪個, en: "Which one?"}}]
  utter_ask_helped_why: [{text: 为何, translation: {zh-Hant: 為何, en: "Why not?"}}]
  utter_answer_rating:
    - text: 有用吗
      translation: {zh-Hant: 有用嗎, en: Did it help?}
      buttons:
        - title: 没用
          translation: {zh-Hant: 沒用, en: "No"}
          payload: /start(answer_question, helped_with={dialog_article}, helped=false)
flows:
  pattern_told:
    description: news that ask something
    steps:
      - collect: accepted
        ask_before_filling: true
        next:
          - if: slots.accepted
            then:
              - action: utter_accepted
                next: END
          - else:
              - call: reasons
                next: END
  reasons:
    name: 原因
    translation: {zh-Hant: 原因, en: Reasons}
    description: reasons
    yingda: {offered: false}
    steps:
      - collect: why
  answer_question:
    name: 有用
    translation: {zh-Hant: 有用, en: Helpful}
    description: whether an answer was helpful
    yingda: {offered: false, parks: false}
    steps:
      - collect: helped_with
      - collect: helped
      - collect: helped_why
"""


def test_the_same_news_twice_ask_once() -> None:
    customer = Talk(definitions(FORMS, ASKING))
    customer.say("/rating")
    customer.happen("told")
    assert customer.happen("told") == ["Accept …?"]
    assert customer.stack == ["rating", "pattern_told"]
    assert customer.say("!true") == ["Thank you.", "Stars?"]


def test_in_the_queue_a_tap_below_news_is_heard_and_words_are_for_the_person() -> None:
    customer = Talk(definitions(FORMS, ASKING), owner="queue")
    customer.happen("told")
    assert "waiting for a person" in customer.say("yes")[0]
    customer.happen("told")
    assert customer.tap("SetSlots(accepted=true)") == ["Thank you."]
    assert (customer.owner, customer.stack) == ("queue", [])


def test_an_answer_asks_by_its_buttons_whether_it_helped_and_waits_for_nothing() -> None:
    customer = Talk(definitions(FORMS, ASKING))
    assert customer.say("fee?") == ["It is free."]
    button = customer.last.replies[-1]["choices"][-1]
    assert button == {"id": "start(answer_question, helped_with=fee, helped=false)", "label": "No"}
    assert (customer.stack, customer.last.wake_at) == ([], None)
    assert customer.tap(button["id"]) == ["Why not?"]
    assert customer.stack == ["answer_question"]


def test_a_tap_that_starts_a_flow_gives_only_what_the_flow_asks_for() -> None:
    customer = Talk(definitions(FORMS, ASKING))
    customer.say("fee?")
    customer.tap("start(answer_question, helped_with=fee, helped=maybe, told=secret)")
    (frame,) = customer.state["frames"]
    assert frame["slots"] == {"helped_with": "fee"}


def test_in_a_form_an_answer_does_not_ask_whether_it_helped() -> None:
    customer = Talk(definitions(FORMS, ASKING))
    customer.say("/rating")
    assert customer.say("fee?") == ["It is free.", "Stars?"]
    assert [one["id"] for one in customer.last.replies[0]["choices"]] == ["article(time)"]
