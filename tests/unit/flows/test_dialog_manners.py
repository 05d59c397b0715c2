"""What a customer need not say twice, is not asked twice, and is not told twice."""

import pytest

from bot.domain.decision import ActionCall, ActionResult, Said
from bot.flows.commands import Understood
from bot.flows.dialog import Dialog
from bot.flows.facts import Facts
from bot.flows.model import Definitions
from bot.flows.reading import flow_from_document
from bot.flows.understanding.choices import shown_by_label, shown_by_place
from bot.flows.understanding.heard import Heard, Shown
from tests.unit.flows.dialogs import START, Shelf, Talk, definitions, understand
from tests.unit.flows.test_dialog import FORMS, talk

MORE = """
slots:
  field:
    type: categorical
    values: [name, done]
    yingda: {labels: {name: {zh-Hans: 名, zh-Hant: 名, en: Name}, done: {zh-Hans: 完, zh-Hant: 完, en: Done}}}
  nick: {type: text}
  size:
    type: categorical
    values: [big, small]
    yingda: {labels: {big: {zh-Hans: 大, zh-Hant: 大, en: Large}, small: {zh-Hans: 小, zh-Hant: 小, en: Small}}}
  hint: {type: text}
  why: {type: text}
  when: {type: text}
responses:
  utter_ask_field: [{text: 项, translation: {zh-Hant: 項, en: Which field?}}]
  utter_ask_nick: [{text: 名, translation: {zh-Hant: 名, en: Your name?}}]
  utter_no_name: [{text: 非名, translation: {zh-Hant: 非名, en: That is no name.}}]
  utter_ask_why: [{text: 为何, translation: {zh-Hant: 為何, en: Why?}}]
  utter_ask_when: [{text: 何时, translation: {zh-Hant: 何時, en: When?}}]
  utter_nobody: [{text: 无人, translation: {zh-Hant: 無人, en: Nobody is there.}}]
  utter_groups:
    - text: 组
      translation: {zh-Hant: 組, en: Groups.}
      buttons: [{title: 甲, translation: {zh-Hant: 甲, en: Buying}, payload: /start(secret)}]
  utter_ask_size:
    - text: 大小
      translation: {zh-Hant: 大小, en: What size?}
      buttons: [{title: 大, translation: {zh-Hant: 大, en: Large}, payload: /SetSlots(size=big)}]
  utter_ask_hint:
    - text: 提示
      translation: {zh-Hant: 提示, en: Hint?}
      buttons: [{title: 关怀, translation: {zh-Hant: 關懷, en: Greetings}, payload: /SetSlots(hint=care_messages)}]
flows:
  about_me:
    name: 资料
    translation: {zh-Hant: 資料, en: Profile}
    description: each answer is kept at once
    yingda: {keeps: true}
    steps:
      - id: which
        collect: field
        ask_before_filling: true
        next:
          - if: slots.field = "name"
            then:
              - collect: nick
                rejections: [{if: 'slots.nick matches "^[0-9]"', utter: utter_no_name}]
              - action: action_keep_name
                next: which
          - else: END
  sizes:
    name: 尺寸
    translation: {zh-Hant: 尺寸, en: Sizes}
    description: two questions
    steps:
      - collect: size
      - collect: hint
      - collect: why
  secret:
    name: 暗
    translation: {zh-Hant: 暗, en: Secret}
    description: only by its button
    yingda: {offered: false}
    steps:
      - collect: why
  groups:
    name: 组
    translation: {zh-Hant: 組, en: Groups}
    description: only shows
    steps:
      - action: utter_groups
  withdraw_consent:
    name: 撤回
    translation: {zh-Hant: 撤回, en: Withdrawal}
    description: says so, and that is all
    steps:
      - action: utter_opened
  talk_to_person:
    name: 人工
    translation: {zh-Hant: 真人, en: A person}
    description: nobody is there
    steps:
      - action: utter_nobody
      - collect: why
      - collect: when
"""


def more() -> Talk:
    customer = Talk(definitions(FORMS, MORE))
    customer.terms = type(customer.terms)({"hours": "24"})
    return customer


def test_no_files_are_thanked_for_where_only_a_withdrawal_came() -> None:
    assert more().say("withdraw") == ["Opened."]


def test_a_question_is_asked_once_behind_the_notice_of_a_first_contact() -> None:
    customer = more()
    customer.act = lambda call: ActionResult(said=(Said("utter_opened"),) if call.name == "action_show_notice" else ())
    customer.first = True
    assert customer.say("person") == ["Nobody is there.", "Opened.", "Why?"]
    assert customer.say("!it broke") == ["When?"]


def test_what_comes_with_a_wish_is_not_asked_again() -> None:
    customer = more()
    assert customer.say("/about_me; field=name; nick=ann") == ["Which field?"], "all of it was done"
    assert customer.calls[-1].slots["nick"] == "ann"
    assert customer.stack == ["about_me"]


def test_what_comes_with_a_wish_is_refused_as_any_answer_is() -> None:
    customer = more()
    assert customer.say("/about_me; field=name; nick=1x") == ["That is no name.", "Your name?"]
    assert customer.say("/sizes; size=huge") == [
        'Let us do "Sizes" first. "Profile" goes on after that.',
        "What size?",
    ]


def test_what_comes_with_a_wish_stays_with_it() -> None:
    customer = talk()
    customer.say("/complaint; matter=broken; product=pan")
    assert customer.say("/rating; product=pot; stars=4") == ["4 stars.", 'Shall we go on with "Complaint"?']
    assert customer.slots["product"] == "pan"
    customer.say("!true")
    assert "not available" in customer.say("/held; product=pot")[0]
    assert customer.slots["product"] == "pan"


def test_a_yes_is_none_before_its_question() -> None:
    customer = talk()
    assert customer.say("/complaint; matter=m; product=p; phone=p1; sure=true") == ["m, p, p1?"]


def test_a_wish_for_what_is_going_on_leaves_its_answer_standing() -> None:
    customer = talk()
    customer.say("/complaint")
    assert customer.say("/complaint; matter=broken") == ["Which product?"]
    assert customer.say("product=pan; /complaint") == ["Your phone?"]


def test_a_flow_in_the_middle_of_another_hears_what_the_customer_is_busy_with() -> None:
    heard: list[str | None] = []

    class Listening(Talk):
        def dialog(self) -> Dialog:
            def listen(message: Heard, facts: Facts, known: Definitions) -> Understood:
                heard.append(message.flow)
                return understand(message, facts, known)

            return Dialog(lambda: self.definitions, listen, Shelf(), self.terms)

    customer = Listening(definitions(FORMS))
    customer.say("/caller")
    customer.say("!ann")
    customer.say("/rating")
    customer.say("hello")
    assert heard == [None, "caller", "caller", "rating"]


def test_only_a_flow_that_waits_is_announced() -> None:
    customer = more()
    customer.say("/complaint; matter=broken")
    assert customer.say("/groups") == ["Groups.", 'Shall we go on with "Complaint"?']
    assert customer.say("/rating")[0] == 'Let us do "Rating" first. "Complaint" goes on after that.'
    assert customer.say("/complaint") == ["Which product?"], "it goes on, nothing is interrupted"


def test_all_choices_of_a_turn_can_be_chosen() -> None:
    customer = more()
    customer.say("/sizes")
    customer.say("/groups")
    assert customer.choices == ["SetSlots(dialog_continue=true)", "SetSlots(dialog_continue=false)"]
    assert customer.state["above"] == {"start(secret)": "Buying"}
    assert customer.tap("start(secret)") == ['Let us do "Secret" first. "Sizes" goes on after that.', "Why?"]
    assert "above" not in customer.state


def test_help_offers_to_skip_what_the_question_itself_had_offered_to_skip() -> None:
    def act(call: ActionCall) -> ActionResult:
        skip = {"id": "skip", "label": "Skip"}
        return ActionResult(said=(Said(body={"text": "Since when?", "choices": [skip]}),))

    asked = """
slots:
  since: {type: text}
flows:
  dated:
    name: 日
    translation: {zh-Hant: 日, en: Dated}
    description: an action asks
    steps:
      - collect: since
"""
    customer = Talk(definitions(FORMS, asked), act)
    assert customer.say("/dated") == ["Since when?"]
    for _ in range(3):
        customer.say("#since:yes_or_no")
    helped = next(reply for reply in customer.last.replies if "difficult" in reply["text"])
    assert [one["id"] for one in helped["choices"]] == ["skip", "cancel", "person"]


def test_who_is_back_with_the_bot_is_not_asked_for_a_call_back() -> None:
    customer = more()
    customer.say("/complaint; matter=broken")
    assert customer.say("person")[-1] == "Why?"
    customer.say("!it broke")
    assert customer.say("bot") == ["I am back. What would you like to know?", 'Shall we go on with "Complaint"?']
    assert customer.say("!true") == ["Which product?"]
    alone = more()
    alone.say("person")
    assert alone.say("bot") == ["I am back. What would you like to know?"]
    assert alone.stack == []


def test_nothing_is_said_to_be_lost_where_each_answer_is_kept() -> None:
    customer = more()
    customer.say("/about_me; field=name; nick=ann")
    assert customer.say("cancel") == ["All right, let us leave it there. What has been saved stays as it is."]
    assert customer.stack == []


def test_a_person_is_offered_once() -> None:
    customer = more()
    customer.say("?flow:rating,flow:talk_to_person,flow:complaint,article:fee")
    assert customer.choices == ["start(rating)", "start(complaint)", "article(fee)", "person"]


@pytest.mark.parametrize(("label", "said"), [("关怀", 'changed to "关怀".'), ("…", "I have changed that.")])
def test_a_correction_names_what_was_chosen_by_its_label_or_not_at_all(label: str, said: str) -> None:
    customer = more()
    customer.say("/sizes; size=big")
    customer.say("hint=other")
    assert customer.take({"text": label, "choice": "SetSlots(hint=care_messages)"})[0].endswith(said)
    assert customer.say("size:=small")[0].endswith('changed to "Small".')
    assert customer.say("size:=big")[0].endswith('changed to "Large".')


def test_a_stored_flow_still_knows_whether_it_keeps_its_answers() -> None:
    flows = definitions(FORMS, MORE).flows
    for name, keeps in (("about_me", True), ("sizes", False)):
        stored = flow_from_document(flows[name].document)
        assert (stored.keeps, stored.content_hash) == (keeps, flows[name].content_hash)


def test_the_number_of_a_choice_means_the_last_list_and_a_label_any() -> None:
    last, above = (Shown("SetSlots(hint=a)", "Yes please"),), (Shown("start(rating)", "Buying"), Shown("skip", "Later"))
    heard = Heard("Buying", "en", START, shown=last, above=above)
    assert shown_by_label(heard, "buying") == above[0]
    assert shown_by_place(heard, "1") == last[0]
    assert shown_by_place(heard, "2") is None
    assert shown_by_place(heard, "the last one") == last[0]
