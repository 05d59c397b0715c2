"""Parts of texts: within the limit, nothing lost, never inside a character, at best where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.splitting import FEWEST_BYTES, size_of, split
from tests.unit.channels.wechat.pushing import SOON

FAMILY = "👨‍👩‍👧‍👦"
SIGNS = [FAMILY, "👍🏽", "🇨🇳🇭🇰", "é", "字", "。", " ", "\n", "\n\n", "word", ". ", "https://a.example/b?c=d", "\u200d"]
TEXTS = st.lists(st.sampled_from(SIGNS) | st.text(max_size=30), max_size=60).map("".join)


def squeezed(text: str) -> str:
    return "".join(text.split())


@SOON
@given(TEXTS, st.integers(FEWEST_BYTES, 300))
def test_parts_fit_and_together_are_the_text(text: str, limit: int):
    parts = split(text, limit)
    assert all(part and size_of(part) <= limit and part == part.strip() for part in parts)
    assert squeezed("".join(parts)) == squeezed(text)


@SOON
@given(TEXTS)
def test_what_fits_stays_whole(text: str):
    assert split(text, max(FEWEST_BYTES, size_of(text))) == ([text.strip()] if text.strip() else [])


@SOON
@given(st.text("字", min_size=1, max_size=3000))
def test_no_part_is_cut_short_without_a_reason(text: str):
    assert len(split(text, 2048)) == -(-len(text) // 682)


def test_a_limit_below_a_few_characters_is_refused():
    with pytest.raises(ValueError):
        split("x", FEWEST_BYTES - 1)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("第一段。\n\n第二段，比较长一些。", 40, ["第一段。", "第二段，比较长一些。"]),
        ("one line\nanother line", 20, ["one line", "another line"]),
        ("第一句话说完。第二句话还没有说", 30, ["第一句话说完。", "第二句话还没有说"]),
        ("A sentence. Version 1.5 of it.", 20, ["A sentence.", "Version 1.5 of it."]),
        ("no sentence ends anywhere here", 20, ["no sentence ends", "anywhere here"]),
        ("see https://a.example/x?y=z.w", 26, ["see", "https://a.example/x?y=z.w"]),
        ("abc" + FAMILY + FAMILY, 32, ["abc" + FAMILY, FAMILY]),
        ("🇨🇳🇭🇰🇨🇳", 20, ["🇨🇳🇭🇰", "🇨🇳"]),
        ("eeeeeeeeeeeeeee\u0301e", 16, ["eeeeeeeeeeeeee", "e\u0301e"]),
        ("👍🏽👍🏽👍🏽", 20, ["👍🏽👍🏽", "👍🏽"]),
    ],
)
def test_where_texts_are_parted(text: str, limit: int, parts: list[str]):
    assert split(text, limit) == parts
