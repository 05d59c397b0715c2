"""Which language a message is in, and which courtesy it is when it is nothing else."""

import time

import pytest

from bot.flows.understanding.language import language_of
from bot.flows.understanding.plain import plain
from bot.flows.understanding.small_talk import small_talk_of


@pytest.mark.parametrize(
    ("text", "fallback", "language"),
    [
        ("怎么退货", "en", "zh-Hans"),
        ("怎麼退貨", "zh-Hans", "zh-Hant"),
        ("how to return", "zh-Hans", "en"),
        ("退回", "zh-Hant", "zh-Hant"),  # the same in both scripts: as before
        ("退回", "en", "zh-Hans"),
        ("我的iPhone坏了", "en", "zh-Hans"),
        ("iPhone 壞了", "en", "zh-Hant"),
        ("12345", "zh-Hant", "zh-Hant"),
        ("👍", "en", "en"),
        ("發票在哪里", "en", "zh-Hant"),  # mixed scripts: the one with more characters of its own
        ("", "en", "en"),
        ("https://example.com/item?id=7", "zh-Hans", "zh-Hans"),  # an address is in no language
        ("www.example.com", "zh-Hant", "zh-Hant"),
        ("is this it https://example.com/a", "zh-Hans", "en"),
    ],
)
def test_the_script_tells_the_language(text: str, fallback: str, language: str) -> None:
    assert language_of(text, fallback) == language


@pytest.mark.parametrize("text", ["您好", "你好！", "Hi", "hello!!", "在吗？", "good morning", "  哈喽~ ", "HEY"])
def test_a_greeting_alone_is_a_greeting(text: str) -> None:
    assert small_talk_of(plain(text)) == "greeting"


@pytest.mark.parametrize("text", ["你好，怎么退货？", "hi, where is my order", "好的什么时候发货", "谢谢，那运费呢"])
def test_a_question_after_a_greeting_is_a_question(text: str) -> None:
    assert small_talk_of(plain(text)) is None


@pytest.mark.alone
def test_a_long_message_of_punctuation_costs_nothing() -> None:
    started = time.perf_counter()
    assert small_talk_of(plain("a" + "." * 60_000 + "a")) is None
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize("text", ["谢谢", "非常感谢！", "thanks", "Thank you so much!", "好的谢谢", "多謝", "thx 😊"])
def test_thanks_alone_are_thanks(text: str) -> None:
    assert small_talk_of(plain(text)) == "thanks"
