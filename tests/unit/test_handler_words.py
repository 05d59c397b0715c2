"""Words that actions put together: every one in three languages, with the same places for values."""

import re
from importlib.resources import files

import pytest
import yaml

from bot.handlers.masking import masked
from bot.handlers.wording import Wording

PLACE = re.compile(r"\{(\w+)\}")
NAMES = ("consent", "privacy", "profile")


@pytest.mark.parametrize("name", NAMES)
def test_every_word_stands_in_three_languages_with_the_same_places(name):
    texts = yaml.safe_load((files("bot.handlers") / f"{name}.yml").read_text(encoding="utf-8"))
    for word, by_locale in texts.items():
        assert set(by_locale) == {"zh-Hans", "zh-Hant", "en"}, word
        assert len({tuple(sorted(PLACE.findall(text))) for text in by_locale.values()}) == 1, word


def test_a_language_we_lack_is_english():
    assert Wording("consent")("granted", "fr") == "agreed"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phone", "+8613800138000", "+86138****8000"),
        ("phone", "12345678", "***"),
        ("email", "li.lei@example.com", "l***@example.com"),
        ("name", "李雷", "李***"),
        ("name", "李", "***"),
        ("birthday", "1990-05-03", "1990-**-**"),
        ("address", "北京", "北***"),
        ("id_number", "11010519491231002X", "***002X"),
        ("language", "zh-Hant", "zh-Hant"),
        ("preferences", "喜欢白色", "喜欢***"),
        ("needs", "x", "***"),
    ],
)
def test_what_is_shown_back_is_not_the_whole(field, value, shown):
    assert masked(field, value) == shown
