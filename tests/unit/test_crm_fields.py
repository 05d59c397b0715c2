"""What a profile's fields take, in which form they are kept, and the words for what they refuse (CP1, CP3)."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crm_adapter.customers
from crm_adapter.customers import fault_text, field_name
from crm_adapter.customers.completeness import COUNTED
from crm_adapter.customers.fault_texts import _document
from crm_adapter.customers.fields import _CHECKS, normalise
from crm_adapter.customers.id_number import check_digit, id_number_fault
from crm_adapter.port import BadField
from crm_adapter.records.customers import FIELDS

LOCALES = ("zh-Hans", "zh-Hant", "en")
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
LONG_AGO = f"{datetime.now(UTC).year - 132}-01-01"


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("name", "  李雷 ", "李雷"),
        ("name", "", None),
        ("name", " \t", None),
        ("name", None, None),
        ("phone", "138 0013 8000", "+8613800138000"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "021-62883030", "+862162883030"),
        ("phone", "１３８００１３８０００", "+8613800138000"),
        ("email", " Fang.Wang@Example.COM ", "fang.wang@example.com"),
        ("email", "王@例子.公司", "王@例子.公司"),
        ("birthday", "1990-05-03", "1990-05-03"),
        ("birthday", "1990年5月3日", "1990-05-03"),
        ("birthday", "１９９０年５月３号", "1990-05-03"),
        ("birthday", "1990/5/3", "1990-05-03"),
        ("birthday", "19900503", "1990-05-03"),
        ("birthday", "2000-02-29", "2000-02-29"),
        ("gender", "女", "female"),
        ("gender", "Male", "male"),
        ("language", "繁體中文", "zh-Hant"),
        ("id_number", "11010519491231002x", "11010519491231002X"),
        ("id_number", "440524 18800101 0014", "440524188001010014"),
        ("region", "广东省", "CN-GD"),
        ("region", "cn-sh", "CN-SH"),
        ("region", "us-ca", "US-CA"),
        ("size", "小型企业", "small"),
        ("address", "上海市\r\n徐汇区", "上海市\n徐汇区"),
        ("needs", "除湿，\n静音", "除湿，\n静音"),
    ],
)
def test_a_value_is_kept_in_one_form(field, given, kept):
    assert normalise(field, given) == kept
    assert normalise(field, kept) == kept


@pytest.mark.parametrize(
    ("field", "given", "code"),
    [
        ("nickname", "x", "unknown_field"),
        ("name", "12345", "no_letter"),
        ("name", "a\x00b", "not_printable"),
        ("name", "李\n雷", "not_printable"),
        ("name", "\ud800a", "not_printable"),
        ("name", "x" * 101, "too_long"),
        ("address", "x" * 301, "too_long"),
        ("needs", "x" * 2001, "too_long"),
        ("phone", "12345", "bad_phone"),
        ("phone", "call me", "bad_phone"),
        ("phone", "138001380001", "bad_phone"),
        ("phone", "+1 650 253 0000 ext. 5", "bad_phone"),
        ("email", "fang@", "bad_email"),
        ("email", "fang@localhost", "bad_email"),
        ("email", "a b@example.com", "bad_email"),
        ("birthday", "1990-02-30", "bad_date"),
        ("birthday", "May 3", "bad_date"),
        ("birthday", "99-05-03", "bad_date"),
        ("birthday", "0000-01-01", "bad_date"),
        ("birthday", TOMORROW, "in_future"),
        ("birthday", LONG_AGO, "too_old"),
        ("gender", "x", "unknown_choice"),
        ("language", "fr", "unknown_choice"),
        ("size", "huge", "unknown_choice"),
        ("region", "CN-XX", "unknown_choice"),
        ("region", "XX-1", "unknown_choice"),
        ("id_number", "110105194912310021", "id_check_digit"),
        ("id_number", "11010519490231002X", "id_birthday"),
        ("id_number", "11010529491231002X", "id_birthday"),
        ("id_number", "130503670401001", "id_form"),
        ("id_number", "X1010519491231002X", "id_form"),
    ],
)
def test_a_bad_value_says_why(field, given, code):
    with pytest.raises(BadField) as bad:
        normalise(field, given)
    assert (bad.value.field, bad.value.code) == (field, code)
    assert len({fault_text(code, locale) for locale in LOCALES}) == 3


@given(st.sampled_from(FIELDS), st.text(max_size=40))
def test_any_text_is_kept_in_one_form_or_refused_with_a_known_code(field, value):
    kept, code = value, None
    try:
        kept = normalise(field, value)
    except BadField as bad:
        code = bad.code
    if code is None:
        assert kept is None or normalise(field, kept) == kept
    else:
        assert code in _document()["faults"]


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16))
def test_the_check_digit_finds_any_one_wrong_digit(digits, place):
    number = digits + check_digit(digits)
    changed = str((int(digits[place]) + 1) % 10)
    other = digits[:place] + changed + digits[place + 1 :]
    assert check_digit(other) != number[17]


def test_the_birthday_inside_an_id_number_is_not_of_the_future():
    digits = "11010520260101001"
    number = digits + check_digit(digits)
    assert id_number_fault(number, date(2026, 1, 1)) is None
    assert id_number_fault(number, date(2025, 12, 31)) == "id_birthday"


def test_every_field_has_its_check_its_name_and_every_code_its_words():
    assert set(_CHECKS) == set(FIELDS) == set(_document()["fields"])
    for counted in COUNTED.values():
        assert set(counted) <= set(FIELDS)
    raised = set()
    room = Path(crm_adapter.customers.__file__).parent
    for node in ast.walk(ast.parse((room / "fields.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BadField":
            raised |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
    assert raised <= set(_document()["faults"])
    for kind in _document().values():
        for name, texts in kind.items():
            assert set(texts) == set(LOCALES), name
            assert all(texts.values()), name
    assert field_name("phone", "en") == "Phone"
    assert (fault_text("bad_phone", "fr"), fault_text("new", "en")) == (fault_text("bad_phone", "en"), "new")
