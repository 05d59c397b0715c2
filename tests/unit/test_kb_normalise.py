"""What customers type comes to one form, whatever script, width, case or mood they type it in."""

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.locales import resolve_locale, to_simplified, to_traditional
from knowledge_base.normalise import MAX_CHARACTERS, normalise


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("怎麼退貨？", "怎么退货"),
        ("我要退款！！！😡😡", "我要退款"),
        ("急急急急急", "急急"),
        ("ｗｉｆｉ　連不上", "wifi 连不上"),
        ("Hellooooo   THERE", "helloo there"),
        ("I can’t log in", "i can not log in"),
        ("It won't start, doesnt it?", "it will not start does not it"),
        ("Café, naïve; ½", "cafe naive 1 2"),
        ("costs 1,299.00 yuan", "costs 129900 yuan"),
        ("「保固」多久", "保固 多久"),
        ("…？！", ""),
        ("👨‍👩‍👧", ""),
        ("ありがとう ございます", "ありがとう ございます"),
    ],
)
def test_one_form(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@given(st.text(max_size=300))
def test_any_text_comes_to_a_stable_form(text: str) -> None:
    plain = normalise(text)
    assert normalise(plain) == plain
    assert "  " not in plain
    assert plain == plain.strip()


def test_a_flood_of_text_is_cut() -> None:
    assert len(normalise("退" + "货物" * 100_000)) == MAX_CHARACTERS
    assert len(normalise("\ufdfa" * 100_000)) == MAX_CHARACTERS


@pytest.mark.parametrize("text", ["我想开发票", "干衣机坏了，里面有头发", "退款什么时候到账", "面条机多少钱"])
def test_simplified_text_in_traditional_characters_comes_back(text: str) -> None:
    assert normalise(opencc.OpenCC("s2t").convert(text)) == normalise(text)


def test_conversion_speaks_as_the_place_does_and_leaves_addresses_alone() -> None:
    simplified = "质量问题看[网络说明](https://example.com/网络/说明)"
    assert to_traditional(simplified) == "質量問題看[網路說明](https://example.com/网络/说明)"
    assert to_simplified("[網路](https://example.com/網路)") == "[网络](https://example.com/網路)"


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh_TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("ZH-HK", "zh-Hant"),
        ("en-GB", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_tag_means_one_of_the_three_locales(tag: str | None, locale: str) -> None:
    assert resolve_locale(tag) == locale


def test_a_review_is_no_audit_in_traditional_chinese() -> None:
    assert to_traditional("审核通常在 1 个工作日内完成") == "審核通常在 1 個工作日內完成"


def test_a_warranty_and_a_person_are_called_in_traditional_chinese_as_in_taiwan() -> None:
    assert to_traditional("保修期内请找人工客服，说转人工") == "保固期內請找真人客服，說轉真人"
