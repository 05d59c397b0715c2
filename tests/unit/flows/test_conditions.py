"""Conditions of flow files: what they mean, what is refused, and that nothing makes them raise."""

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.flows.conditions import MAX_LENGTH, ConditionFault, parse_condition, parse_predicate
from bot.flows.model import Condition
from bot.flows.patterns import MAX_SUBJECT, PatternFault, compile_pattern
from bot.flows.reading.faults import known_codes

SLOTS: dict[str, Any] = {
    "name": "Wang",
    "empty": "",
    "yes": True,
    "no": False,
    "one": 1,
    "half": 0.5,
    "tags": ["red", 2],
    "unset": None,
    "digits": "12345",
}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ('slots.name = "Wang"', True),
        ("slots.name == 'Wang'", True),
        ('slots.name is "Wang"', True),
        ('slots.name is not "Li"', True),
        ('slots.name != "Wang"', False),
        ('"Wang" = slots.name', True),
        ("slots.yes", True),
        ("slots.no", False),
        ("slots.empty", False),
        ("slots.yes = true", True),
        ("slots.yes is True", True),
        ("slots.no is FALSE", True),
        ("slots.one > 0.5", True),
        ("slots.one >= 1 and slots.half <= 0.5", True),
        ("slots.one < -1", False),
        ('slots.name > "Li"', True),
        ('slots.tags contains "red"', True),
        ("slots.tags contains 2", True),
        ('slots.tags contains "2"', False),
        ('slots.name contains "an"', True),
        ('slots.digits matches "^\\d+$"', True),
        ('slots.name matches "^\\d+$"', False),
        ("not slots.no", True),
        ("not slots.no and slots.yes", True),
        ("not (slots.no or slots.yes)", False),
        ("slots.no and slots.no or slots.yes", True),
        ("slots.no and (slots.no or slots.yes)", False),
        ("NOT slots.no AND slots.yes", True),
        ("true", True),
        ("False", False),
        ("slots.name\n  = 'Wang'", True),
        ("slots.name = 'it\\'s'", False),
        # what is not set, and what is of another type, is false
        ("slots.unset is null", True),
        ("slots.never is null", True),
        ("slots.name is null", False),
        ("slots.name is not null", True),
        ("null != slots.unset", False),
        ("slots.never = 'x'", False),
        ("slots.never != 'x'", False),
        ("slots.never > 1", False),
        ("not slots.never > 1", True),
        ("slots.never matches 'x'", False),
        ("slots.never contains 'x'", False),
        ("slots.one = '1'", False),
        ("slots.one != '1'", False),
        ("slots.one = true", False),
        ("slots.yes = 1", False),
        ("slots.yes > 0", False),
        ("slots.name > 1", False),
        ("slots.one contains 1", False),
        ("slots.one matches '1'", False),
        ("slots.unset = slots.never", False),
        ("slots.one = slots.one", True),
        ("slots.tags = slots.tags", False),
    ],
)
def test_what_a_condition_means(source: str, holds: bool) -> None:
    assert parse_condition(source).holds(SLOTS) is holds


def test_a_condition_names_the_slots_it_reads() -> None:
    assert parse_condition("slots.a = 1 or (not slots.b and slots.c contains slots.d)").reads == {"a", "b", "c", "d"}


def test_comparisons_with_literals_are_told_for_checking() -> None:
    found = parse_predicate('slots.a = "x" and 2 = slots.b and slots.c = slots.d').comparisons
    assert [(each.slot, each.operator, each.value) for each in found] == [("a", "=", "x"), ("b", "=", 2)]


@pytest.mark.parametrize(
    ("source", "code", "column"),
    [
        ("", "condition_empty", 1),
        ("slots.a >", "condition", 10),
        ("slots.a = = 1", "condition", 11),
        ("(slots.a", "condition", 9),
        ("slots.a)", "condition", 8),
        ("slots.a slots.b", "condition", 9),
        ("slots.a = 'x", "condition", 11),
        ("'x'", "condition", 4),
        ("slots.a = red", "condition_word", 11),
        ("amount > 5", "condition_word", 1),
        ("context.flow = 'x'", "condition_word", 1),
        ("__import__('os')", "condition", 11),
        ("slots.a > null", "condition_null", 11),
        ("slots.a matches slots.b", "condition_matches", 17),
        ("slots.a matches 3", "condition_matches", 17),
        ('slots.a matches "["', "pattern", 17),
        ('slots.a matches "(a+)+"', "pattern_costly", 17),
        ('slots.a matches "(?=a)"', "pattern_kind", 17),
        ("not " * 30 + "slots.a", "condition_deep", 1),
        ("(" * 100 + "slots.a" + ")" * 100, "condition_deep", 1),
        ("slots.a or " * 200 + "slots.a", "condition_long", 1000),
    ],
)
def test_what_is_no_condition_is_told_with_its_column(source: str, code: str, column: int) -> None:
    with pytest.raises(ConditionFault) as caught:
        parse_condition(source)
    assert (caught.value.code, caught.value.column) == (code, column)


def test_long_but_flat_conditions_are_fine() -> None:
    assert parse_condition(" or ".join(["slots.no"] * 60 + ["slots.yes"])).holds(SLOTS)


PIECES = [
    *("slots.a", "slots.b", "slots.", "a", "'x'", '"', "'", "1", "-2.5", "true", "null", "slots.a matches 'ab'"),
    *("not", "and", "or", "is", "is not", "=", "!=", ">", "<=", "contains", "matches", "(", ")"),
    *("'^a+$'", "'(a*)*'", "\\", "\n", "{", "é"),
]
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.binary())

SOURCES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))


def parsed(source: str) -> Condition | ConditionFault:
    try:
        return parse_condition(source)
    except ConditionFault as fault:
        return fault


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)), ANYTHING, ANYTHING
)
def test_any_text_is_a_condition_or_a_fault_and_never_raises_later(source: str, one: Any, other: Any) -> None:
    condition = parsed(source)
    if isinstance(condition, ConditionFault):
        assert condition.code in known_codes()
        assert 1 <= condition.column <= max(len(source), MAX_LENGTH) + 1
        return
    for slots in ({}, {"a": one, "b": other}, {"a": other}):
        assert condition.holds(slots) in (True, False)
    assert parse_condition(condition.source) == condition


LITERALS = st.one_of(st.booleans(), st.integers(-(10**12), 10**12), st.text(alphabet='abc 中"', max_size=5))


@given(LITERALS, LITERALS)
def test_equality_and_its_opposite_agree_on_one_kind(one: Any, other: Any) -> None:
    written = f"'{other}'" if isinstance(other, str) else str(other).lower()
    same = parse_condition(f"slots.a = {written}").holds({"a": one})
    differs = parse_condition(f"slots.a != {written}").holds({"a": one})
    assert same == (type(one) is type(other) and one == other)
    assert differs == (type(one) is type(other) and one != other)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(list("ab.*+?()[]{}|^$\\-,019wd")), max_size=30).map("".join))
def test_a_pattern_that_is_taken_ends_soon_on_any_text(pattern: str) -> None:
    try:
        found = compile_pattern(pattern)
    except PatternFault:
        return
    for text in ("a" * MAX_SUBJECT, "ab" * (MAX_SUBJECT // 2), "a" * (MAX_SUBJECT - 1) + "!"):
        began = time.process_time()
        assert found(text) == (re.search(pattern, text) is not None)
        assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("pattern", "fits", "not_this"),
    [
        (r"^\d{6,20}$", "123456", "12345"),
        (r"^(SO|DD)-?\d{6,}$", "SO-123456", "XX-123456"),
        (r"^[^@\s]+@[^@\s]+$", "a@b", "a b"),
        ("退款|退货", "我要退货", "我要换货"),
        (r"^1[3-9]\d{9}$", "13800138000", "12800138000"),
        (r"(?:ab|cd)", "xcdx", "acbd"),
    ],
)
def test_patterns_that_companies_need_are_taken(pattern: str, fits: str, not_this: str) -> None:
    found = compile_pattern(pattern)
    assert (found(fits), found(not_this)) == (True, False)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(a*)*", "a*a*a*a*b", "(.*)(.*)(.*)x", "(a{1,5}){1,50}", r"(a)\1", "(?i)a", "(?<=a)b"],
)
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    with pytest.raises(PatternFault):
        compile_pattern(pattern)


def test_a_text_that_is_too_long_does_not_match() -> None:
    assert not compile_pattern("a")("a" * (MAX_SUBJECT + 1))
