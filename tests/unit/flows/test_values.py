"""Values as people type them, by kind; what is none says why."""

from typing import Any

import pytest

from bot.flows.commands import Command, SetSlot, Skip, Unreadable
from bot.flows.model import Slot
from bot.flows.understanding.values import CODES
from bot.flows.understanding.values.labels import one_slip
from tests.unit.flows.hearing import commands


def one(text: str, slot: Slot, **state: Any) -> Any:
    """The value, or the code, or the command itself."""
    (command,) = commands(text, asked=slot, **state)
    return told(command)


def told(command: Command) -> Any:
    if isinstance(command, SetSlot):
        return command.value
    if isinstance(command, Unreadable):
        assert command.code in CODES
        return command.code
    return command


@pytest.mark.parametrize(
    "text",
    [
        "是", "是的", "对", "對", "好", "好的👌", "嗯嗯", "嗯", "行", "可以", "可以的", "没问题", "沒有問題", "确认",
        "確定", "同意", "我同意", "要",
        "需要", "好滴", "OK", "ok的", "👍", "没错", "不错，就这样", "对对对", "正确", "是的没错", "当然", "yes",
        "Yes please", "yep", "yeah",
        "sure", "sure thing", "of course", "correct", "that's right", "go ahead", "looks good", "y", "i agree",
        "好，谢谢", "不是不可以",
        "没有不同意", "提交吧", "是　的", "ＹＥＳ", "确认无误", "都对", "好嘞", "嗯，好的", "no problem",
    ],
)  # fmt: skip
def test_yes(text: str) -> None:
    assert one(text, Slot("confirmed", "bool")) is True


@pytest.mark.parametrize(
    "text",
    [
        "不", "不是", "不是的", "不对", "不對", "不用", "不用了", "不要", "没有", "沒有", "不同意", "我不同意",
        "不好", "不行", "否", "没有了", "错了", "有误",
        "不需要，谢谢", "暂时不用", "还是不要了", "no", "nope", "no thanks", "nah", "not really", "not now", "n",
        "wrong", "i don't", "👎", "❌",
        "不满意", "没解决", "no, it's not", "不太好", "先不用", "不了", "I disagree", "not yet", "完全不对",
    ],
)  # fmt: skip
def test_no(text: str) -> None:
    assert one(text, Slot("confirmed", "bool")) is False


@pytest.mark.parametrize("text", ["也许", "蓝色", "maybe tomorrow", "这个嘛", "42"])
def test_what_is_neither_yes_nor_no(text: str) -> None:
    assert one(text, Slot("confirmed", "bool")) == "yes_or_no"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3), ("３", 3), ("三", 3), ("三个", 3), ("大概三個吧", 3), ("三百二十", 320), ("两万", 20000),
        ("兩萬", 20000), ("1,200", 1200), ("1 200", 1200),
        ("twenty", 20), ("twenty-five", 25), ("two hundred and five", 205), ("three thousand", 3000), ("a dozen", 12),
        ("1.5", 1.5),
        ("一点五", 1.5), ("1.5万", 15000), ("2万5", 25000), ("两百五", 250), ("一百零五", 105), ("一万二", 12000),
        ("十五", 15), ("廿三", 23), ("3k", 3000),
        ("两个半", 2), ("二〇二六", 2026), ("一亿两千万", 120000000), ("十", 10), ("two", 2), ("贰拾", 20),
        ("a couple", 2), ("-4", -4), ("壹佰", 100),
    ],
)  # fmt: skip
def test_numbers(text: str, number: float) -> None:
    assert one(text, Slot("count", "float", "number")) == number


@pytest.mark.parametrize(
    ("text", "code"), [("很多", "number_missing"), ("一点", "number_missing"), ("2个或者3个", "number_ambiguous")]
)
def test_no_number(text: str, code: str) -> None:
    assert one(text, Slot("count", "float", "number")) == code


@pytest.mark.parametrize(
    ("text", "sum_"),
    [
        ("320元", 320), ("三百二十块", 320), ("¥1,200.50", 1200.5), ("两块五", 2.5), ("大概500块吧", 500),
        ("3台一共2000元", 2000), ("1.2万", 12000),
        ("fifty dollars", 50), ("2千", 2000), ("NT$ 3,000", 3000),
    ],
)  # fmt: skip
def test_money(text: str, sum_: float) -> None:
    assert one(text, Slot("paid", "float", "money")) == sum_


@pytest.mark.parametrize(
    ("text", "code"), [("不便宜", "money_missing"), ("300或者400", "money_ambiguous"), ("-5元", "money_negative")]
)
def test_no_money(text: str, code: str) -> None:
    assert one(text, Slot("paid", "float", "money")) == code


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("5", 5), ("五分", 5), ("5分", 5), ("4/5", 4), ("两星", 2), ("two stars", 2), ("⭐⭐⭐", 3), ("非常满意", 5),
        ("很滿意", 5), ("满意", 4), ("一般", 3), ("不满意", 2),
        ("非常不满意", 1), ("very satisfied", 5), ("not happy", 2), ("terrible", 1), ("不错", 4), ("打3分吧", 3),
        ("４", 4), ("一般般", 3),
    ],
)  # fmt: skip
def test_ratings(text: str, mark: int) -> None:
    assert one(text, Slot("mark", "float", "rating")) == mark


def test_a_rating_keeps_to_its_scale() -> None:
    nps = Slot("nps", "float", "rating", scale=(0, 10))
    assert (one("0", nps), one("十分", nps), one("10", nps)) == (0, 10, 10)
    assert one("11", nps) == "rating_out_of_scale"
    assert one("6", Slot("mark", "float", "rating")) == "rating_out_of_scale"
    assert one("3.5", Slot("mark", "float", "rating")) == "rating_out_of_scale"
    assert one("蓝色", nps) == "rating_missing"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13812345678", "+8613812345678"), ("１３８ １２３４ ５６７８", "+8613812345678"),
        ("138-1234-5678", "+8613812345678"),
        ("我的电话是+86 138-1234-5678谢谢", "+8613812345678"), ("一三八一二三四五六七八", "+8613812345678"),
        ("010-65551234", "+861065551234"),
        ("+852 2345 6789", "+85223456789"), ("it's +44 20 7946 0958", "+442079460958"),
        ("打 13812345678 或 010", "+8613812345678"),
    ],
)  # fmt: skip
def test_phones(text: str, number: str) -> None:
    assert one(text, Slot("phone", "text", "phone")) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1381234567", "phone_too_short"), ("138123456789", "phone_too_long"), ("我想想", "phone_missing"),
        ("12345678901234567890", "phone_too_long"), ("23456", "phone_too_short"),
    ],
)  # fmt: skip
def test_a_phone_number_that_is_none_says_why(text: str, code: str) -> None:
    assert one(text, Slot("phone", "text", "phone")) == code


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a.b@qq.com", "a.b@qq.com"), ("a.b＠qq.com", "a.b@qq.com"),
        ("my mail is Anna@Example.COM, thanks", "Anna@example.com"),
        ("邮箱：wang@example.cn。", "wang@example.cn"), ("anna @ example . com", "anna@example.com"),
        ("anna at example.com", "anna@example.com"),
    ],
)  # fmt: skip
def test_emails(text: str, address: str) -> None:
    assert one(text, Slot("email", "text", "email")) == address


@pytest.mark.parametrize(
    ("text", "code"), [("abc@", "email_incomplete"), ("abc", "email_missing"), ("a..b@example.com", "email_impossible")]
)
def test_an_email_that_is_none_says_why(text: str, code: str) -> None:
    assert one(text, Slot("email", "text", "email")) == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("YD202611180001", "YD202611180001"), ("yd202611180001", "YD202611180001"),
        ("订单号是 2026 1118 0001", "202611180001"),
        ("單號：ＹＤ２０２６１１１８", "YD20261118"), ("order no. 202611180001 please", "202611180001"),
    ],
)  # fmt: skip
def test_order_numbers(text: str, number: str) -> None:
    assert one(text, Slot("order_ref", "text", "order")) == number


def test_order_numbers_follow_the_companys_patterns() -> None:
    slot = Slot("order_ref", "text", "order")
    assert one("A-17/2026", slot, order_patterns=(r"[a-z]-\d+/\d{4}",)) == "A-17/2026"
    assert one("202611180001", slot, order_patterns=(r"[a-z]-\d+/\d{4}",)) == "order_impossible"
    assert one("1234", slot) == "order_impossible"
    assert one("那个冰箱", slot) == "order_missing"
    assert one("忘了", slot) == Skip()


@pytest.mark.parametrize(
    ("text", "name"),
    [("我叫王小明", "王小明"), ("王小明", "王小明"), ("I'm Anna Li", "Anna Li"), ("my name is Jean-Luc", "Jean-Luc"),
    ("我姓李", "李"),
     ("叫我张先生", "张"), ("姓名：欧阳娜娜", "欧阳娜娜"), ("Anna Li", "Anna Li"), ("我是陳大文", "陳大文")],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    assert one(text, Slot("name", "text", "name")) == name


@pytest.mark.parametrize("text", ["怎么退货", "13812345678", "运费是多少？"])
def test_no_name(text: str) -> None:
    assert one(text, Slot("name", "text", "name")) == "name_missing"


def test_addresses_are_kept_as_written() -> None:
    slot = Slot("address", "text", "address")
    assert one("我的地址是杭州市西湖区文三路 20 号 3 单元", slot) == "杭州市西湖区文三路 20 号 3 单元"
    assert one("地址：台北市信義區松仁路1號", slot) == "台北市信義區松仁路1號"
    assert one("I live at 5 High Street, London", slot) == "5 High Street, London"
    assert one("我家", slot) == "address_incomplete"


KIND = Slot(
    "appliance",
    "categorical",
    values={
        "fridge": {"zh-Hans": ("冰箱", "冰柜"), "zh-Hant": ("冰箱", "雪櫃"), "en": ("Fridge", "refrigerator")},
        "washer": {"zh-Hans": ("洗衣机",), "zh-Hant": ("洗衣機",), "en": ("Washing machine", "washer")},
        "other": {"zh-Hans": ("其他",), "zh-Hant": ("其他",), "en": ("Something else",)},
    },
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("冰箱", "fridge"), ("冰柜", "fridge"), ("雪櫃", "fridge"), ("雪柜", "fridge"), ("是冰箱", "fridge"),
        ("我家的冰箱坏了", "fridge"), ("fridge!", "fridge"), ("FRIDGE", "fridge"),
        ("refrigirator", "fridge"), ("洗衣鸡", "washer"), ("washing machne", "washer"),
        ("不是冰箱，是洗衣机", "washer"), ("其他", "other"), ("washer", "washer"),
        ("the washing machine", "washer"),
    ],
)  # fmt: skip
def test_labels(text: str, value: str) -> None:
    assert one(text, KIND) == value


@pytest.mark.parametrize("text", ["电视", "冰箱还是洗衣机", "ice"])
def test_no_label(text: str) -> None:
    assert one(text, KIND) == "choice_unknown"


def test_several_labels() -> None:
    assert one("冰箱和洗衣机", KIND, several=True) == ["fridge", "washer"]
    assert one("fridge, washer", KIND, several=True) == ["fridge", "washer"]
    assert one("都要", KIND, several=True) == ["fridge", "washer", "other"]
    assert one("none of them", KIND, several=True) == []
    assert one("冰箱和电视", KIND, several=True) == "choice_unknown"


@pytest.mark.parametrize(
    ("typed", "meant", "near"),
    [("refnd", "refund", True), ("refudn", "refund", True), ("refunds", "refund", True), ("cat", "cab", False),
     ("refund", "refund", False), ("refxxd", "refund", False), ("20261", "20262", False), ("洗衣鸡", "洗衣机", True),
     ("冰棍", "冰箱", False)],
)  # fmt: skip
def test_one_slip_of_the_finger(typed: str, meant: str, near: bool) -> None:
    assert one_slip(typed, meant) is near


def test_files_and_lists() -> None:
    photo = {"id": "1", "name": "a.png"}
    slot = Slot("evidence", "any", "files")
    assert one("", slot, attachments=(photo,)) == [photo]
    assert one("这是照片", slot, attachments=(photo,)) == [photo]
    assert one("没有", slot) == Skip()
    assert one("红色、蓝色", Slot("colours", "list")) == ["红色", "蓝色"]
