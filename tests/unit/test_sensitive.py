"""Sensitive data in what people type (PR10): found and masked however it is written, and nothing else with it."""

from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.sensitive import MASK, kinds, mask, mask_body
from bot.domain.sensitive_digits import is_bank_card, is_id_number
from knowledge_base.demo import ARTICLES

SEPARATORS = ["", " ", "-", "–", "—", ".", "·", "_", "  ", "\u3000", "\u00a0", "\u200b", " - "]
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
SCRIPTS = [{}, FULL_WIDTH, ARABIC, CHINESE]
AROUND = ["", "我的号码是", "number: ", "（", "号码：", "card no ", "给你，", "ID"]


def _with_check(first: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(weights, first, strict=True)) % 11]


def _with_luhn(first: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(first)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return first + str(-total % 10)


areas = st.sampled_from(["110101", "310104", "440305", "510107", "650102", "820000", "330681"])
days = st.dates(date(1900, 1, 1), date(2026, 11, 22))
id_numbers = st.builds(lambda area, day, n: _with_check(f"{area}{day:%Y%m%d}{n:03}"), areas, days, st.integers(0, 999))
brands = st.sampled_from(
    [("4", 16), ("4", 13), ("4", 19), ("62", 16), ("62", 17), ("62", 18), ("62", 19), ("51", 16), ("55", 16),
     ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("36", 14), ("3528", 16), ("6011", 16), ("9558", 19)]
)  # fmt: skip


@st.composite
def bank_cards(draw):
    prefix, length = draw(brands)
    rest = draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return _with_luhn(prefix + rest)


@st.composite
def typed(draw, numbers):
    """A number as somebody may type it: in groups of any size, any separator, any script, any words around it."""
    number, groups = draw(numbers), []
    size, separator = draw(st.integers(1, 19)), draw(st.sampled_from(SEPARATORS))
    groups = [number[at : at + size] for at in range(0, len(number), size)]
    written = separator.join(groups).translate(draw(st.sampled_from(SCRIPTS)))
    if draw(st.booleans()):
        written = written.lower()
    after = draw(st.sampled_from(["", "。", "，谢谢", " thanks", "）"]))
    return number, draw(st.sampled_from(AROUND)) + written + after


def _digits(text):
    import unicodedata

    chinese = dict(zip("零一二三四五六七八九", range(10), strict=True))
    told = ((one, unicodedata.digit(one, None)) for one in text)
    return "".join(str(chinese.get(one, digit)) for one, digit in told if one in chinese or digit is not None)


@given(typed(id_numbers))
def test_no_id_number_survives(case):
    number, text = case
    hidden = mask(text)
    assert kinds(text) & {"id_number", "bank_card"}, text
    assert number[:-4] not in _digits(hidden)
    assert len(_digits(hidden)) <= 4
    assert len(hidden) == len(text)
    assert mask(hidden) == hidden


@given(typed(bank_cards()))
def test_no_bank_card_survives(case):
    number, text = case
    hidden = mask(text)
    assert kinds(text) & {"id_number", "bank_card"}, text
    assert len(_digits(hidden)) <= 4
    assert _digits(hidden) == number[-4:]
    assert mask(hidden) == hidden


@given(st.text(max_size=80))
def test_any_text_keeps_its_length_and_what_is_not_sensitive(text):
    hidden = mask(text)
    assert len(hidden) == len(text)
    assert all(after in (before, MASK) for before, after in zip(text, hidden, strict=True))
    if not kinds(text):
        assert hidden == text


def test_the_old_form_without_check_digit():
    assert mask("身份证110101900307775") == f"身份证{MASK * 11}7775"
    assert mask("110101 900307 775") == f"{MASK * 6} {MASK * 5}7 775"
    assert mask("订单NO110101900307775") == "订单NO110101900307775"
    assert mask("110101901307775") == "110101901307775"  # month 13


def test_two_numbers_side_by_side():
    assert mask("4111 1111 1111 1111 13800138000") == f"{MASK * 4} {MASK * 4} {MASK * 4} 1111 13800138000"
    card, person = "6222021234567894", _with_check("11010119900307123")
    hidden = mask(f"{_with_luhn('622202123456789')} {person}")
    assert len(_digits(hidden)) <= 8, card


@given(st.integers(10**9, 2 * 10**9 - 1).map(lambda n: f"1{n}"[:11]))
def test_mobile_numbers_are_left_alone(number):
    for written in (number, f"+86 {number}", f"+86-{number[:3]}-{number[3:7]}-{number[7:]}", f"0086{number}"):
        assert mask(f"电话 {written}") == f"电话 {written}"


@given(st.datetimes(), st.integers(0, 9999))
def test_order_numbers_days_and_times_are_left_alone(moment, n):
    year = moment.replace(year=2015 + moment.year % 15)
    for told in (
        f"{year:%Y%m%d%H%M%S}{n:04}",
        f"{year:%Y-%m-%d %H:%M:%S}",
        f"{year:%Y-%m-%dT%H:%M:%S.%f}",
        f"订单号 {year:%Y%m%d}{n:06}",
        f"E{year:%Y%m%d}",
    ):
        if not is_id_number(told):
            assert mask(told) == told


@given(st.uuids())
def test_ids_are_left_alone(one):
    assert mask(f"contact {one}") == f"contact {one}"
    assert mask(f"trace {'f' + one.hex[1:]}") == f"trace {'f' + one.hex[1:]}"


@pytest.mark.parametrize(
    "text",
    [
        "¥1,299.00，优惠后 ¥999.00",
        "SF1234567890123 到哪了",
        "条码 6901234567892",
        "1000000000000",
        "型号 KFR-35GW/A1-E3，额定 3500W",
        "电话 021-61234567 转 8001",
        "6岁以上儿童可用，12岁以下请家长看护",
        "空调用了 8 年，今年 13 次报修",
        "My father is 70 years old",
        "我今年三十五岁",
        "两地距离 3.14 公里, 1.5 小时",
    ],
)
def test_ordinary_texts_are_left_alone(text):
    assert (mask(text), kinds(text)) == (text, frozenset())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("护照 E12345678", "passport"),
        ("EA1234567", "passport"),
        ("my passport is 533380006", "passport"),
        ("港澳通行证 C 1234 5678", "passport"),
        ("我有糖尿病，冰箱要放胰岛素", "health"),
        ("我對花粉有過敏史", "health"),
        ("I am pregnant and the heater leaks", "health"),
        ("my son was burnt by the kettle", "health"),
        ("我在 31.230416, 121.473701", "location"),
        ("31.230416N 121.473701E", "location"),
        ("39°54'26\"N 116°23'29\"E", "location"),
        ("https://maps.google.com/?q=31.23,121.47", "location"),
        ("geo:31.2304,121.4737", "location"),
        ("我今年12岁", "minor"),
        ("我女儿才八岁", "minor"),
        ("I'm 12 years old", "minor"),
        ("我是小学生", "minor"),
        ("I am in primary school", "minor"),
    ],
)
def test_each_kind_is_found_and_hidden(text, kind):
    assert kind in kinds(text)
    hidden = mask(text)
    assert hidden != text
    assert kind not in kinds(hidden)
    assert len(hidden) == len(text)


def test_bodies_are_masked_in_every_place():
    body = {
        "text": "卡号4111111111111111",
        "choices": [{"title": "4111 1111 1111 1111"}],
        "location": {"latitude": 31.23, "longitude": 121.47},
        "choice": None,
    }
    assert mask_body(body) == {
        "text": f"卡号{MASK * 12}1111",
        "choices": [{"title": f"{MASK * 4} {MASK * 4} {MASK * 4} 1111"}],
        "location": {},
        "choice": None,
    }


def test_checks_of_their_own():
    assert is_id_number("11010519491231002X")
    assert not is_id_number("110105194912310021")
    assert is_bank_card("4111111111111111")
    assert not is_bank_card("4111111111111112")


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def test_the_demo_companys_answers_hold_nothing_sensitive():
    """Answers are the company's own words: whatever is hidden in them is hidden for nothing."""
    hidden = []
    for path in sorted(ARTICLES.rglob("*.yaml")):
        article = yaml.safe_load(path.read_text(encoding="utf-8"))
        hidden += [(path.stem, text) for text in _texts(article) if kinds(text)]
    assert hidden == []
