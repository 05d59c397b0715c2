"""Different words for one thing meet, and what a thing is called does not drown what is asked about it."""

import pytest

from knowledge_base.background import everyday_sentences
from knowledge_base.concepts import Concepts, FaultyConceptLineError, standard_concepts
from knowledge_base.features import KIND_WEIGHTS, analyse, is_bare
from knowledge_base.normalise import normalise
from knowledge_base.stem import stem

SMALL = Concepts(
    ["# a comment", "", "return: 退货, 退回, send back, return", "change: 修改", "mend: 修", "@fridge: 冰箱, fridge"]
)


def concepts_of(text: str) -> set[str]:
    return {feature[1:] for feature in analyse(text, SMALL) if feature[0] == "k"}


@pytest.mark.parametrize(
    "text", ["怎么退货", "可以退回吗", "怎麼退貨", "I sent... send it? no, send back!", "returning it"]
)
def test_wordings_of_one_concept_meet_across_languages(text: str) -> None:
    assert concepts_of(text) == {"return"}


def test_the_longest_form_wins() -> None:
    assert concepts_of("修改地址") == {"change"}
    assert concepts_of("修空调") == {"mend"}


def test_a_thing_counts_once_and_its_letters_do_not() -> None:
    for text in ("冰箱怎么退回", "the fridge"):
        assert "tfridge" in analyse(text, SMALL)
    assert not {"c冰", "d冰箱", "d箱怎"} & analyse("冰箱怎么退回", SMALL).keys()
    assert not {"wfridg", "g fri"} & analyse("the fridge", SMALL).keys()


def test_two_concepts_in_one_sentence_are_a_feature_of_their_own() -> None:
    assert "pmend return" in analyse("修不好就退货", SMALL)


def test_mixed_languages_are_read_together() -> None:
    features = analyse("我的wifi连不上 how to reset")
    assert {"c连", "wreset", "ksmart", "knot-able"} <= features.keys()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("retrun", "return"), ("refnd", "refund"), ("delivry", "delivery"), ("invioce", "invoice"), ("adress", "address")],
)
def test_a_slip_of_the_finger_still_means_the_concept(typed: str, meant: str) -> None:
    dictionary = standard_concepts()
    assert dictionary.spelt(stem(typed)) == stem(meant)
    assert "k" + dictionary.in_english([stem(meant)])[0].name in analyse(typed)


@pytest.mark.parametrize("word", ["appear", "after", "older", "small", "thought", "whether", "cart"])
def test_a_word_spelt_right_is_no_slip(word: str) -> None:
    assert standard_concepts().spelt(stem(word)) == stem(word)


@pytest.mark.parametrize(
    ("text", "bare"),
    [("退款", True), ("my account", True), ("Invoice?!", True), ("怎么退货", False), ("refund to my card", False)],
)
def test_a_message_of_one_word_is_bare(text: str, bare: bool) -> None:
    assert is_bare(analyse(text)) is bare


@pytest.mark.parametrize("line", ["no colon here", "name:", "name:   "])
def test_a_faulty_line_is_named(line: str) -> None:
    with pytest.raises(FaultyConceptLineError, match="line 2"):
        Concepts(["fine: form", line])


def test_a_form_of_the_standard_dictionary_belongs_to_one_concept() -> None:
    lines = _dictionary_lines()
    owners: dict[str, set[str]] = {}
    for line in lines:
        name, _, forms = line.partition(":")
        for form in forms.split(","):
            owners.setdefault(normalise(form), set()).add(name)
    assert {form: names for form, names in owners.items() if len(names) > 1} == {}
    assert len(owners) > 2_000
    assert "refund" in {met.name for met in standard_concepts().in_chinese("退款")}


def _dictionary_lines() -> list[str]:
    from importlib.resources import files

    text = (files("knowledge_base") / "lexicon" / "concepts.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    "words",
    [
        ("refund", "refunds", "refunded", "refunding"),
        ("try", "tries", "tried"),
        ("cancel", "cancelling", "cancelled", "canceled"),
    ],
)
def test_endings_fold(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_every_feature_has_a_weight() -> None:
    text = "wifi连不上 my fridge is broken, how do I return the fridge 退货 退款"
    assert {feature[0] for feature in analyse(text)} == KIND_WEIGHTS.keys()


def test_the_everyday_sentences_are_many_and_different() -> None:
    sentences = everyday_sentences()
    chinese = [text for text in sentences if not text.isascii()]
    assert len(chinese) >= 200
    assert len(sentences) - len(chinese) >= 200
    assert len({normalise(text) for text in sentences}) == len(sentences)
