"""What the blind index is told of a text."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_adapter.search import grams_of, is_indexed, matches
from crm_adapter.search.grams import pieces

KEY = os.urandom(32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怎么退货", {"怎么", "么退", "退货"}),
        ("怎麼退貨", {"怎么", "么退", "退货"}),
        ("Hello", {"hel", "ell", "llo"}),
        ("ＡＢＣ１２３", {"abc", "bc1", "c12", "123"}),
        ("型号X100坏了", {"型号", "x10", "100", "坏了"}),
        ("退, ok? 👍", set()),
        ("", set()),
    ],
)
def test_pieces(text, expected):
    assert set(pieces(text)) == expected


def test_grams_are_signed_32_bit_sorted_keyed_and_kept_apart_by_kind():
    grams = grams_of(KEY, "interaction", "怎么退货，怎么退货")
    assert grams == sorted(set(grams))
    assert len(grams) == 4 - 1
    assert all(-(2**31) <= gram < 2**31 for gram in grams_of(KEY, "name", "a long line of letters 0123456789"))
    assert not set(grams) & set(grams_of(KEY, "name", "怎么退货"))
    assert not set(grams) & set(grams_of(os.urandom(32), "interaction", "怎么退货"))


@given(st.text(alphabet="退貨货怎麼么幹乾干 aAbBＣ1２,。ß", max_size=30), st.data())
def test_whatever_contains_a_text_has_all_of_its_grams(text, data):
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    assert matches(text, part)
    assert set(grams_of(KEY, "interaction", part)) <= set(grams_of(KEY, "interaction", text))


def test_what_is_too_short_says_so():
    assert not is_indexed("退")
    assert not is_indexed("ok")
    assert is_indexed("退货")
    assert is_indexed("A4 纸张")
