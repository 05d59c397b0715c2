"""What the sentence that starts a flow says already is not asked again; a message to staff is nothing else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.flows.commands import Answer, Cancel, Command, SetSlot, Skip, SmallTalk, StartFlow, Unreadable, WantPerson
from bot.flows.facts import Findings
from bot.flows.model import Slot
from bot.flows.reading import read_definitions
from bot.flows.understanding import Heard, Shown, understand
from tests.unit.flows.hearing import NOW, Shelf, answer, wish

OURS = read_definitions(Path(__file__).parents[3] / "bot" / "flows" / "definitions")
MATTER, MESSAGE, CATEGORY, FAULT, REASON = (
    OURS.slots[name]
    for name in ("complaint_matter", "person_message", "complaint_category", "service_fault", "service_reason")
)


def meant(text: str, found: Findings | None = None, **state: Any) -> tuple[Command, ...]:
    shelf = Shelf()
    if found is not None:
        shelf.found[text] = found
    return understand(Heard(text, "zh-Hans", NOW, **state), shelf, OURS).commands


@pytest.mark.parametrize(
    ("text", "flow", "given"),
    [
        ("我要投诉，净水器漏水把地板泡坏了，我电话13800138000", "open_complaint",
         {"complaint_matter": "我要投诉，净水器漏水把地板泡坏了，我电话13800138000", "case_phone": "+8613800138000"}),
        ("I want to complain, the driver broke my door, order YD20261118", "open_complaint",
         {"complaint_matter": "I want to complain, the driver broke my door, order YD20261118",
          "case_order": "YD20261118"}),
        ("我要投诉", "open_complaint", {}), ("我要投诉你们公司", "open_complaint", {}),
        ("投诉！", "open_complaint", {}),
        ("I want to complain", "open_complaint", {}),
        ("I want to make a complaint", "open_complaint", {}), ("hi, can you help me file a complaint please",
                                                               "open_complaint", {}),
        ("please open a new complaint for us", "open_complaint", {}),
        ("I need help with a repair", "repair", {}), ("I'd like to make a suggestion", "suggestion", {}),
        ("冰箱不制冷了，请派人来修，地址是深圳市南山区科技路1号，邮箱a@b.com", "repair",
         {"service_fault": "冰箱不制冷了，请派人来修，地址是深圳市南山区科技路1号，邮箱a@b.com",
          "service_address": "深圳市南山区科技路1号", "case_email": "a@b.com"}),
        ("建议你们APP加个深色模式", "suggestion", {"suggestion_words": "建议你们APP加个深色模式"}),
        ("建议", "suggestion", {}),
        ("想买台洗衣机，三口之家，5000以内", "sales_advice", {"sales_budget": 5000}),
        ("想买台洗衣机", "sales_advice", {}),
        ("换绑手机", "profile", {"profile_field": "phone"}),
        ("查我的服务单", "follow_case", {}),
    ],
)  # fmt: skip
def test_what_comes_with_a_wish_is_taken(text: str, flow: str, given: dict[str, object]) -> None:
    start, *values = meant(text, wish(flow, 0.9))
    assert start == StartFlow(flow)
    assert {one.slot: one.value for one in values if isinstance(one, SetSlot)} == given


def test_a_wish_said_word_for_word_at_the_beginning_is_one() -> None:
    text = "我要报修，冰箱不制冷了"
    unsure = replace(wish("repair", 0.3, -1.0), sure=False)
    assert meant(text, unsure) == (StartFlow("repair"), SetSlot("service_fault", text))
    assert meant("冰箱怎么不制冷了，我要报修吗？", unsure) != meant(text, unsure), "a question is none"


@pytest.mark.parametrize("asked", [MATTER, MESSAGE], ids=lambda slot: slot.name)
@pytest.mark.parametrize(
    "text",
    ["修一修冰箱", "我的订单一直没有发货，想问问什么时候能到", "发票开错了你们给不给换？三个月了没人理我",
     "how long do I have to wait?"],
)  # fmt: skip
def test_a_message_to_staff_is_nothing_else(asked: Slot, text: str) -> None:
    for found in (wish("order_status", 0.99, 9), wish("repair", 0.95, 3), answer(0.98)):
        assert meant(text, found, asked=asked) == (SetSlot(asked.name, text),)


def test_only_few_things_get_past_a_message() -> None:
    assert meant("转人工", asked=MATTER) == (WantPerson(),)
    assert meant("算了", asked=MATTER) == (Cancel(),)
    assert meant("退货", wish("return_goods", 0.99, 9), asked=MATTER) == (StartFlow("return_goods"),)


@pytest.mark.parametrize("asked", [MATTER, FAULT, REASON], ids=lambda slot: slot.name)
@pytest.mark.parametrize("text", ["1", "对", "好的", "🔥🔥🔥", "①", "yep", "no", "继续", "三", "42", "！！", "是的"])
def test_signs_numbers_and_a_bare_yes_are_no_account_of_anything(asked: Slot, text: str) -> None:
    assert meant(text, asked=asked) == (Unreadable(asked.name, "text_missing"),)


def test_no_order_number_is_no_account_of_anything() -> None:
    for text in ("没有订单", "没有订单号", "no order"):
        assert meant(text, asked=REASON) == (Unreadable("service_reason", "text_missing"),)
        assert meant(text, asked=CATEGORY) == (SetSlot("complaint_category", text),), "its action tells what it knows"
        assert meant(text, asked=CATEGORY, shown=(Shown("skip", "跳过"),)) == (Skip(),)
    assert meant("垃圾", asked=MATTER) == (SmallTalk("insult"),)
    assert meant("不满意", asked=OURS.slots["case_refusal"]) == (SetSlot("case_refusal", "不满意"),)


def test_a_question_in_place_of_a_reason_is_answered() -> None:
    text = "what's the return window?"
    assert meant(text, answer(0.7), asked=REASON) == (Answer("delivery-fee"),)
    assert meant(text, answer(0.7), asked=FAULT) == (SetSlot("service_fault", text),), "faults are told as questions"
    assert meant("我的订单到哪了，什么时候能到？", wish("order_status", 0.95, 5), asked=REASON) == (
        SetSlot("service_reason", "我的订单到哪了，什么时候能到？"),
    ), "a flow starts by its own words only"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("没用", "false"), ("这个没有帮助", "false"), ("没有解决我的问题", "false"), ("答非所问", "false"),
        ("no that didnt help", "false"), ("that's not what I asked", "false"), ("not helpful", "false"),
        ("有用，谢谢", "true"), ("解决了", "true"), ("thanks, that helped", "true"), ("it worked", "true"),
    ],
)  # fmt: skip
def test_an_answer_is_rated_in_ones_own_words(text: str, choice: str) -> None:
    begin = "start(answer_question, answer_article=a, answer_helpful="
    shown = (Shown(f"{begin}true)", "有帮助"), Shown(f"{begin}false)", "没帮助"), Shown("article(b)", "运费"))
    good = choice == "true"
    rated = StartFlow("answer_question", (("answer_article", "a"), ("answer_helpful", good)))
    assert meant(text, shown=shown, found=wish("follow_case")) == (rated,)
    assert not any(isinstance(one, StartFlow) for one in meant(text, wish("follow_case"))), "nothing is shown to rate"
