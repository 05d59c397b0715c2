"""What a message means in the state that it meets."""

import time

import pytest

from bot.flows.commands import (
    Answer,
    Cancel,
    CannotHandle,
    Clarify,
    Command,
    CorrectSlot,
    SetSlot,
    Skip,
    SmallTalk,
    StartFlow,
    Unreadable,
    WantPerson,
)
from bot.flows.facts import Candidate, Findings, Wish
from bot.flows.model import Slot
from bot.flows.understanding import Shown
from tests.unit.flows.hearing import EMAIL, PHONE, WORDS, YES_NO, Shelf, answer, commands, wish

SHOWN = (
    Shown("SetSlots(appliance=washer)", "洗衣机"),
    Shown("start(repair)", "报修"),
    Shown("article(delivery-fee)", "运费多少"),
)
KIND = Slot(
    "appliance",
    "categorical",
    values={
        name: dict.fromkeys(("zh-Hans", "zh-Hant", "en"), (label,))
        for name, label in (("washer", "洗衣机"), ("tv", "电视"))
    },
)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("person", WantPerson()), ("skip", Skip()), ("/cancel", Cancel()), ("start(repair)", StartFlow("repair")),
        ("flow:repair", StartFlow("repair")),
        ("start(repair, appliance=washer)", StartFlow("repair", (("appliance", "washer"),))),
        ("article:delivery-fee", Answer("delivery-fee")), ("article(delivery-fee)", Answer("delivery-fee")),
        ("SetSlots(confirmed=true)", SetSlot("confirmed", True)),
        ("SetSlots(appliance=tv)", SetSlot("appliance", "tv")), ("SetSlots(mark=4)", SetSlot("mark", 4)),
        ("SetSlots(phone=null)", SetSlot("phone", None)),
        ("nonsense", CannotHandle()), ("drop(everything)", CannotHandle()),
    ],
)  # fmt: skip
def test_a_tap_is_what_stands_behind_it(choice: str, expected: Command) -> None:
    slots = (YES_NO, KIND, PHONE, Slot("mark", "float", "rating"))
    assert commands("退订", choice=choice, slots=slots) == (expected,), "the label's words do not matter"


def test_a_tap_may_set_several_slots() -> None:
    slots = (YES_NO, KIND)
    both = commands("", choice='SetSlots(appliance="tv", confirmed=false)', slots=slots)
    assert both == (SetSlot("appliance", "tv"), SetSlot("confirmed", False))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", 1), ("２", 2), ("第二个", 2), ("第二個", 2), ("第3个吧", 3), ("选2", 2), ("the second one", 2),
        ("option 2", 2), ("最后一个", 3), ("last one", 3), ("the 1st", 1), ("三", 3),
        ("number two", 2), ("洗衣机", 1), ("洗衣鸡", 1), ("我要报修", 2), ("运费", 3),
    ],
)  # fmt: skip
def test_a_shown_choice_by_place_and_by_words(text: str, place: int) -> None:
    expected = (SetSlot("appliance", "washer"), StartFlow("repair"), Answer("delivery-fee"))[place - 1]
    assert commands(text, shown=SHOWN) == (expected,)


def test_a_place_that_was_not_shown_is_none() -> None:
    assert commands("4", shown=SHOWN) == (CannotHandle(),)
    assert commands("0", shown=SHOWN) == (CannotHandle(),)


def test_a_number_that_is_asked_for_is_no_place() -> None:
    shown = tuple(Shown(f"SetSlots(mark={mark})", f"{mark} 分") for mark in (5, 4, 3, 2, 1))
    mark = Slot("mark", "float", "rating")
    assert commands("2", asked=mark, shown=shown) == (SetSlot("mark", 2),)
    assert commands("第二个", asked=mark, shown=shown) == (SetSlot("mark", 4),)


def test_several_of_what_was_shown() -> None:
    colours = Slot("colours", "list")
    shown = tuple(
        Shown(f"SetSlots(colours={name})", label)
        for name, label in (("red", "红"), ("blue", "蓝色"), ("green", "绿色"))
    )
    for text in ("1、3", "1 3", "第一个和第三个", "1,3", "1和绿色"):
        assert commands(text, asked=colours, several=True, shown=shown) == (SetSlot("colours", ["red", "green"]),)


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("不对，电话是13912345678", "phone", "+8613912345678"),
        ("不對，電話是13912345678", "phone", "+8613912345678"),
        ("我说错了，改成13912345678", "phone", "+8613912345678"),
        ("sorry, I meant bob@example.com", "email", "bob@example.com"),
        ("actually my email is bob@example.com", "email", "bob@example.com"),
        ("邮箱写错了，应该是 bob@example.com", "email", "bob@example.com"),
        ("change my phone to 13912345678", "phone", "+8613912345678"),
        ("刚才电话打错了，不是13812345678，是13912345678", "phone", "+8613912345678"),
        ("不对，是电视", "appliance", "tv"), ("No, wait, it should be 13912345678", "phone", "+8613912345678"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "asked", [YES_NO, WORDS, Slot("visit_on", "text", "date"), None], ids=lambda slot: slot and slot.name
)
def test_a_correction_of_an_earlier_slot(text: str, slot: str, value: str, asked: Slot | None) -> None:
    assert commands(text, asked=asked, slots=(PHONE, EMAIL, KIND)) == (CorrectSlot(slot, value),)


def test_a_correction_that_only_names_the_slot_asks_again() -> None:
    assert commands("电话错了", asked=YES_NO, slots=(PHONE, EMAIL)) == (CorrectSlot("phone", None),)
    assert commands("the email is wrong", asked=YES_NO, slots=(PHONE, EMAIL)) == (CorrectSlot("email", None),)


def test_a_correction_with_a_bad_value_says_what_is_wrong() -> None:
    assert commands("不对，电话是1391234567", asked=YES_NO, slots=(PHONE,)) == (Unreadable("phone", "phone_too_short"),)


def test_another_slot_named_with_its_value_is_set() -> None:
    assert commands("我的邮箱是 a@b.com", asked=PHONE, slots=(PHONE, EMAIL)) == (SetSlot("email", "a@b.com"),)
    assert commands("不对，应该是13912345678", asked=PHONE, slots=(PHONE, EMAIL)) == (
        SetSlot("phone", "+8613912345678"),
    )


@pytest.mark.parametrize(
    "text",
    ["师傅把地址弄错了，还怪我电话不对", "送货的电话打不通，邮箱也没人回", "订单13912345678一直没到，客服说地址不对"],
)
def test_what_somebody_complains_about_is_no_correction(text: str) -> None:
    assert commands(text, asked=WORDS, slots=(PHONE, EMAIL, WORDS)) == (SetSlot("complaint_matter", text),)


@pytest.mark.parametrize(
    "text",
    ["算了", "取消", "不办了", "cancel", "never mind", "forget it", "退出吧", "算了，不弄了", "不投诉了", "stop it"],
)
@pytest.mark.parametrize("asked", [WORDS, YES_NO, PHONE, KIND], ids=lambda slot: slot.name)
def test_cancel(text: str, asked: Slot) -> None:
    assert commands(text, asked=asked, slots=(asked,)) == (Cancel(),)


def test_not_needed_is_no_to_a_question_and_cancel_otherwise() -> None:
    assert commands("不用了", asked=YES_NO) == (SetSlot("confirmed", False),)
    assert commands("不用了", asked=PHONE) == (Cancel(),)


@pytest.mark.parametrize(
    "text",
    [
        "跳过",
        "跳過",
        "skip",
        "不知道",
        "没有",
        "不方便说",
        "n/a",
        "I don't know",
        "skip this one please",
        "不记得了",
        "随便",
    ],
)
@pytest.mark.parametrize("asked", [WORDS, PHONE, KIND, Slot("name", "text", "name")], ids=lambda slot: slot.name)
def test_skip(text: str, asked: Slot) -> None:
    assert commands(text, asked=asked, slots=(asked,)) == (Skip(),)


@pytest.mark.parametrize(
    "text",
    [
        "洗衣机漏水，师傅来了三次都没修好，你们到底管不管",
        "你们怎么还不退款",
        "运费多少钱也不说清楚就扣钱",
        "the driver left it in the rain",
        "2",
        "好",
    ],
)  # fmt: skip
def test_free_words_are_the_value_whatever_the_search_thinks_of_them(text: str) -> None:
    shelf = Shelf(**{text: answer(0.8)})
    assert commands(text, shelf, asked=WORDS, flow="open_complaint") == (SetSlot("complaint_matter", text),)


def test_while_free_words_are_asked_for_only_what_is_unmistakable_is_something_else() -> None:
    def meant(text: str, found: Findings) -> tuple[Command, ...]:
        return commands(text, Shelf(**{text: found}), asked=WORDS, flow="open_complaint")

    assert meant("运费多少？", answer(0.95)) == (Answer("delivery-fee"),)
    assert meant("运费太贵", answer(0.95)) == (SetSlot("complaint_matter", "运费太贵"),), "no question"
    assert meant("退货", wish("return_goods", 0.99, 9)) == (StartFlow("return_goods"),), "a trigger word for word"
    assert meant("东西要退", wish("return_goods", 0.9)) == (SetSlot("complaint_matter", "东西要退"),)
    assert meant("投诉", wish("open_complaint", 0.99, 9)) == (SetSlot("complaint_matter", "投诉"),), "its own trigger"
    assert meant("你好", Findings("nothing", ())) == (SmallTalk("greeting"),)


def test_a_name_is_no_question_and_a_question_no_name() -> None:
    name = Slot("name", "text", "name")
    assert commands("运费多少", Shelf(运费多少=answer(0.8)), asked=name) == (Answer("delivery-fee"),)
    assert commands("王小明", Shelf(王小明=wish("return_goods", 0.7)), asked=name) == (SetSlot("name", "王小明"),)


def test_while_yes_or_no_is_asked_an_unrelated_question_is_a_question() -> None:
    shelf = Shelf(运费多少=answer(), 我要退货=wish("return_goods"))
    assert commands("运费多少", shelf, asked=YES_NO) == (Answer("delivery-fee"),)
    assert commands("我要退货", shelf, asked=YES_NO) == (StartFlow("return_goods"),)


def test_yes_and_a_question_are_both_followed() -> None:
    text = "好的，但是运费一共是多少钱？"
    both = commands(text, Shelf(**{text: answer()}), asked=YES_NO)
    assert both == (SetSlot("confirmed", True), Answer("delivery-fee"))


def test_a_question_that_holds_a_value_is_a_question_where_the_search_is_sure() -> None:
    day = Slot("visit_on", "text", "date")
    text = "你们明天晚上可以送货上门吗？"
    assert commands(text, Shelf(**{text: answer()}), asked=day) == (Answer("delivery-fee"),)
    assert commands(text, asked=day) == (SetSlot("visit_on", "2026-11-19"),)


def test_what_was_asked_for_and_not_said_is_told_by_its_code() -> None:
    assert commands("蓝色的", asked=PHONE) == (Unreadable("phone", "phone_missing"),)
    assert commands("谢谢", asked=PHONE) == (SmallTalk("thanks"),)


def test_a_wish_is_followed_and_one_among_several_is_asked_back() -> None:
    assert commands("帮我退掉", Shelf(帮我退掉=wish("return_goods"))) == (StartFlow("return_goods"),)
    unsure = Findings(
        "choices",
        (Candidate("returns-how", "怎么退货？", 0.4),),
        (Wish("return_goods", 0.5), Wish("exchange_goods", 0.3), Wish("repair", 0.05)),
        lead=0.2,
    )
    (asked,) = commands("退换", Shelf(退换=unsure))
    assert asked == Clarify(
        (
            ("flow:return_goods", "return_goods"),
            ("flow:exchange_goods", "exchange_goods"),
            ("article:returns-how", "怎么退货？"),
        )
    )


def test_a_question_and_a_wish_are_told_apart_by_form_where_the_search_is_in_two_minds() -> None:
    both = Findings("answer", (Candidate("returns-how", "怎么退货？", 0.9),), (Wish("return_goods", 0.9),), True, -0.5)
    assert commands("怎么退货啊", Shelf(怎么退货啊=both)) == (Answer("returns-how"),)
    assert commands("把货退了", Shelf(把货退了=both)) == (StartFlow("return_goods"),)


def test_a_flow_that_is_not_offered_or_is_going_on_is_not_started() -> None:
    shelf = Shelf(我要退货=wish("return_goods"), 开门=wish("hidden"), 关门=wish("unheard_of"))
    assert commands("我要退货", shelf, flow="return_goods") == (CannotHandle(),)
    assert commands("我要退货", shelf, flow="return_goods", asked=PHONE) == (StartFlow("return_goods"),), "it stands"
    assert commands("开门", shelf) == commands("关门", shelf) == (CannotHandle(),)


def test_files_without_words() -> None:
    photo = {"id": "1"}
    assert commands("", attachments=(photo,)) == ()
    assert commands("", attachments=(photo,), asked=WORDS) == ()
    assert commands("") == (CannotHandle(),)


def test_the_search_is_asked_at_most_once_a_turn() -> None:
    for text in ("运费多少", "我要退货", "蓝色的", "王小明", "好的，但是运费一共是多少钱？"):
        for asked in (None, WORDS, YES_NO, PHONE, KIND, Slot("name", "text", "name")):
            shelf = Shelf()
            commands(text, shelf, asked=asked, shown=SHOWN)
            assert shelf.asked <= 1


@pytest.mark.parametrize("kind", ["phone", "order"])
def test_a_number_too_short_to_be_the_value_is_the_place_of_a_choice(kind: str) -> None:
    asked = Slot("wanted", "text", kind=kind)
    shown = [Shown("SetSlots(wanted=A1)", "the kettle"), Shown("skip", "none of them")]
    assert commands("1", asked=asked, shown=shown) == (SetSlot("wanted", "A1"),)
    assert commands("2", asked=asked, shown=shown) == (Skip(),)


@pytest.mark.alone
def test_a_turn_is_understood_in_well_under_a_millisecond() -> None:
    states = [{}, {"asked": WORDS}, {"asked": YES_NO}, {"asked": PHONE}, {"asked": KIND, "shown": SHOWN}]
    texts = [
        "我上周买的洗衣机想退货，运费谁出，多久退款到账",
        "不对，电话是13912345678",
        "the second one please",
        "下周三下午三点",
    ]
    for text in texts:
        commands(text, slots=(PHONE, EMAIL, KIND), **states[0])
    started = time.perf_counter()
    for text in texts:
        for state in states:
            commands(text, slots=(PHONE, EMAIL, KIND), **state)
    assert (time.perf_counter() - started) / (len(texts) * len(states)) < 0.001
