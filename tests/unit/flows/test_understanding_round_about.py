"""Answers in other words than the question's: no order, mail instead of a phone, the other of two, a number's place."""

from typing import Any

import pytest

from bot.flows.commands import BackToBot, Cancel, Command, SetSlot, Skip, SmallTalk, Unreadable, Withdraw
from bot.flows.model import Slot
from bot.flows.understanding import Shown
from bot.flows.understanding.choices import places_named
from bot.flows.understanding.plain import plain
from tests.unit.flows.hearing import EMAIL, PHONE, YES_NO, Shelf, commands, hear, wish

NAME = Slot("name", "text", "name")
ORDER = Slot("case_order", "text", "order")
KEEP = (Shown("SetSlots(confirmed=true)", "继续办理"), Shown("SetSlots(confirmed=false)", "确定取消"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("不删了", False), ("算了不删了", False), ("算了，不删了", False), ("不注销了", False), ("还是不提交了", False),
        ("yes delete", True), ("yes, delete it", True), ("yes please delete everything", True), ("确定删除", True),
        ("no don't delete", False), ("no keep it", False), ("还是继续吧", True), ("還是繼續吧", True),
    ],
)  # fmt: skip
def test_yes_and_no_with_what_is_to_be_done(text: str, value: bool) -> None:
    own = Shelf(**{text: wish("privacy_delete", 0.99, 9)})
    assert commands(text, own, asked=YES_NO, flow="privacy_delete") == (SetSlot("confirmed", value),)


@pytest.mark.parametrize(("text", "value"), [("不取消", True), ("不取消了", True), ("先不继续了", False)])
def test_one_of_two_answers_denied_is_the_other(text: str, value: bool) -> None:
    assert commands(text, asked=YES_NO, shown=KEEP) == (SetSlot("confirmed", value),)


@pytest.mark.parametrize("text", ["actually never mind", "取消办理"])
def test_more_ways_out(text: str) -> None:
    assert commands(text, asked=PHONE, slots=(PHONE,)) == (Cancel(),)


@pytest.mark.parametrize(
    "text",
    [
        "no order", "no number", "dont have it on me", "I don't have an order number", "没有订单号", "我没有订单号",
        "不知道编号", "找不到订单号了", "I lost the receipt", "沒有訂單號", "can't find my order number",
    ],
)  # fmt: skip
@pytest.mark.parametrize("locale", ["zh-Hans", "en"])
def test_no_order_number_is_a_skip(text: str, locale: str) -> None:
    assert commands(text, locale=locale, asked=ORDER, slots=(ORDER, PHONE)) == (Skip(),)


@pytest.mark.parametrize("text", ["+44 7700 900123", "0912345678", "13800138000", "138 0013 8000"])
def test_a_phone_number_is_no_order(text: str) -> None:
    assert commands(text, asked=ORDER) == (Unreadable("case_order", "order_phone"),)


def test_a_number_like_a_phones_is_an_order_where_it_is_called_one() -> None:
    assert commands("订单号13800138000", asked=ORDER) == (SetSlot("case_order", "13800138000"),)
    assert commands("13800138000", asked=ORDER, order_patterns=(r"\d{11}",)) == (SetSlot("case_order", "13800138000"),)
    both = commands("订单YD20261118，电话13800138000", asked=ORDER)
    assert both == (SetSlot("case_order", "YD20261118"),)


def test_a_phone_beside_no_order_is_taken() -> None:
    for text in ("我没有订单号，电话13800138000", "没有订单号，13800138000", "no order number, call 13800138000"):
        told = commands(text, asked=ORDER, slots=(ORDER, PHONE))
        assert told == (SetSlot("phone", "+8613800138000"), Skip())
    assert commands("没有，哦，YD20261118", asked=ORDER, slots=(ORDER, PHONE)) == (SetSlot("case_order", "YD20261118"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用邮箱联系吧", [SetSlot("phone", "email")]), ("email instead", [SetSlot("phone", "email")]),
        ("mail me: jo@example.com", [SetSlot("phone", "email"), SetSlot("email", "jo@example.com")]),
        ("jo@example.com", [SetSlot("phone", "email"), SetSlot("email", "jo@example.com")]),
    ],
)  # fmt: skip
def test_mail_instead_of_a_phone_call(text: str, expected: list[Command]) -> None:
    shown = (Shown("SetSlots(phone=email)", "用电子邮件"), Shown("skip", "在这里回复就行"))
    state: dict[str, Any] = {"asked": PHONE, "slots": (PHONE, EMAIL), "shown": shown}
    assert commands(text, Shelf(**{text: wish("profile", 0.99, 9)}), **state) == tuple(expected)
    assert commands("不用邮箱", **state) != tuple(expected)


@pytest.mark.parametrize("text", ["没有邮箱", "不提供", "no email", "我没有电子邮箱"])
def test_no_mail_address_is_a_skip(text: str) -> None:
    assert commands(text, asked=EMAIL, slots=(EMAIL,)) == (Skip(),)


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("07700 900123", "en", "phone_country"), ("07700 900123", "zh-Hans", "phone_country"),
        ("0912-345-678", "zh-Hant", "+886912345678"),
        ("02-2345-6789", "zh-Hant", "+886223456789"), ("9123 4567", "zh-Hant", "+85291234567"),
        ("13800138000", "zh-Hant", "+8613800138000"), ("13800138000", "en", "+8613800138000"),
        ("0755-26001234", "zh-Hans", "+8675526001234"), ("010 6552 9988", "zh-Hans", "+861065529988"),
        ("+44 7911 123456", "en", "+447911123456"),
    ],
)  # fmt: skip
def test_a_number_is_not_made_one_of_another_country(text: str, locale: str, value: str) -> None:
    (command,) = commands(text, locale=locale, asked=PHONE)
    assert command == (SetSlot("phone", value) if value.startswith("+") else Unreadable("phone", value))


@pytest.mark.parametrize("asked", [PHONE, ORDER, Slot("at", "text", "time")], ids=lambda slot: slot.name)
def test_a_sentence_tells_its_language_whatever_is_asked(asked: Slot) -> None:
    assert hear("please help me, I cannot read Chinese", asked=asked).locale == "en"


@pytest.mark.parametrize(
    ("text", "asked", "locale"),
    [
        ("zhang@", EMAIL, "zh-Hans"), ("Anna Li", NAME, "zh-Hans"), ("王小明", NAME, "en"),
        ("12 Baker Street, Long Lane", Slot("a", "text", "address"), "zh-Hans"),
    ],
)  # fmt: skip
def test_what_was_read_as_a_value_does_not_change_the_language(text: str, asked: Slot, locale: str) -> None:
    assert hear(text, locale=locale, asked=asked).locale == locale


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好你好", "greeting"), ("哈喽哈喽", "greeting"), ("gm", "greeting"),
        ("人呢", "greeting"), ("👋", "greeting"),
        ("👍", "acknowledgement"), ("👍🏻👍🏻", "acknowledgement"), ("🙏", "thanks"), ("😡", "insult"),
        ("😂😂", "laughter"),
        ("u suck", "insult"), ("666", "compliment"),
    ],
)  # fmt: skip
def test_signs_and_doubled_greetings(text: str, kind: str) -> None:
    assert commands(text) == (SmallTalk(kind),)


def test_what_is_no_praise_and_no_threat() -> None:
    assert commands("666666") != (SmallTalk("compliment"),)
    assert not hear("bbb").upset
    assert hear("I will report you to the BBB").upset
    assert hear("😡😡").upset


def test_back_to_the_assistant_as_its_button_says() -> None:
    for text in ("回到智慧助手", "回到智能助手", "返回助手"):
        assert commands(text) == (BackToBot(),)


BUDGET = Slot("budget", "float", "money")
BUDGETS = (*(Shown(f"SetSlots(budget={most})", f"{most}元以内") for most in (2000, 4000)), Shown("skip", "不限"))


def test_a_small_number_is_the_place_of_a_sum() -> None:
    assert commands("1", asked=BUDGET, shown=BUDGETS) == (SetSlot("budget", 2000),)
    assert commands("3", asked=BUDGET, shown=BUDGETS) == (Skip(),)
    assert commands("3500", asked=BUDGET, shown=BUDGETS) == (SetSlot("budget", 3500),)
    assert commands("3元", asked=BUDGET, shown=BUDGETS) == (SetSlot("budget", 3),)
    people = Slot("people", "float", "number")
    shown = tuple(Shown(f"SetSlots(people={many})", f"{many}个人") for many in (2, 4, 6))
    assert commands("3", asked=people, shown=shown) == (SetSlot("people", 3),), "three people"


def test_a_number_and_a_sum_in_one_message() -> None:
    people = Slot("people", "float", "number")
    for asked in (people, BUDGET):
        for text in ("三口之家，5000以内", "5000以内，三口之家", "family of 3, budget 5000"):
            told = commands(text, asked=asked, slots=(people, BUDGET))
            assert told == (SetSlot("people", 3), SetSlot("budget", 5000))
    assert commands("不限", asked=BUDGET, shown=BUDGETS, slots=(people, BUDGET)) == (Skip(),)


@pytest.mark.parametrize(("text", "value"), [("1.5万以内", 15000), ("5,000元", 5000), ("预算5,000元", 5000)])
def test_a_sign_within_a_sum_parts_nothing(text: str, value: int) -> None:
    people = Slot("people", "float", "number")
    assert commands(text, asked=BUDGET, slots=(people, BUDGET)) == (SetSlot("budget", value),)
    told = commands(f"{text}，三口之家", asked=BUDGET, slots=(people, BUDGET))
    assert told == (SetSlot("people", 3), SetSlot("budget", value))


@pytest.mark.parametrize("text", ["不用改", "不用修改了", "不需要修改", "不要改了"])
def test_nothing_to_change_is_a_yes(text: str) -> None:
    shown = (Shown("SetSlots(confirmed=true)", "提交"), Shown("SetSlots(confirmed=false)", "要修改"))
    assert commands(text, asked=YES_NO, shown=shown) == (SetSlot("confirmed", True),)


@pytest.mark.parametrize(
    "text", ["13800138000, a@b.com", "我的电话是13800138000，邮箱没有", "邮箱也可以，不过电话13800138000"]
)
def test_who_gives_the_number_asked_for_does_not_want_mail_instead(text: str) -> None:
    shown = (Shown("SetSlots(phone=email)", "改用邮箱"),)
    assert commands(text, asked=PHONE, slots=(PHONE, EMAIL), shown=shown) == (SetSlot("phone", "+8613800138000"),)
    mail = commands("13800138000@qq.com", asked=PHONE, slots=(PHONE, EMAIL), shown=shown)
    assert mail == (SetSlot("phone", "email"), SetSlot("email", "13800138000@qq.com"))


def test_not_this_but_that_is_no() -> None:
    text = "不是退款，是换货"
    assert commands(text, Shelf(**{text: wish("exchange_goods")}), asked=YES_NO) == (SetSlot("confirmed", False),)


def test_the_first_one_will_do() -> None:
    asked = Slot("slot", "text")
    shown = (Shown("SetSlots(slot=a)", "周一上午"), Shown("SetSlots(slot=b)", "周二上午"))
    assert commands("第一个都行", asked=asked, shown=shown) == (SetSlot("slot", "a"),)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("1和2", [0, 1]), ("第一个和第三个", [0, 2]), ("1、3", [0, 2]), ("1 3", [0, 2]), ("1跟3比一下", [0, 2]),
        ("比较一下1和3", [0, 2]), ("前两款", [0, 1]), ("對比前兩個", [0, 1]), ("后两个", [1, 2]), ("第二款", [1]),
        ("1 and 3", [0, 2]), ("1 vs 2", [0, 1]), ("the first one and the last one", [0, 2]),
        ("compare the first two", [0, 1]), ("compare 1 with 3", [0, 2]), ("the last two", [1, 2]),
        ("1和9", None), ("F320", None), ("compare", None), ("第一个和冰箱", None), ("两个人", None),
    ],
)  # fmt: skip
def test_several_places_of_a_list_in_one_answer(text: str, places: list[int] | None) -> None:
    assert places_named(plain(text), 3) == places


@pytest.mark.parametrize(
    "text",
    [
        "不用电话",
        "不要打电话，在这里说",
        "就在这里回复我就行",
        "別打電話",
        "no calls please",
        "don't call me",
        "reply here",
    ],
)
def test_who_wants_no_call_leaves_the_number_out(text: str) -> None:
    shown = (Shown("SetSlots(phone=email)", "用邮箱联系"), Shown("skip", "在这里回复就行"))
    assert commands(text, asked=PHONE, shown=shown) == (Skip(),)
    assert commands(text, asked=PHONE) != (Skip(),)


def test_who_wants_no_call_ever_again_is_understood_everywhere() -> None:
    shown = (Shown("skip", "在这里回复就行"),)
    assert commands("别再给我打电话了", asked=PHONE, shown=shown) == (Withdraw(),)
