"""What a sentence is made of, for comparing it: characters, words, pieces of words, and concepts.

A feature is a string whose first character names its kind; :data:`KIND_WEIGHTS` says how much each kind counts.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Final

from knowledge_base.concepts import Concepts, standard_concepts
from knowledge_base.normalise import normalise
from knowledge_base.stem import stem

KIND_WEIGHTS: Final[dict[str, float]] = {
    "c": 1.4,  # one Chinese character
    "d": 1.0,  # two neighbouring characters
    "w": 1.0,  # a word's stem
    "b": 0.8,  # two neighbouring stems
    "s": 0.8,  # two neighbouring stems when filler words are left out, or with one between
    "g": 1.0,  # a piece of a word, two to four letters: what survives a typing error
    "k": 2.8,  # a concept
    "p": 2.0,  # two concepts in one sentence
    "t": 2.0,  # a thing asked about
}

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS: Final = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_FILLERS: Final = frozenset(
    word
    for line in (
        "a an the i my me is are was were be been am do does did to of in on at for with and or it its this that so if",
        "you your have has had can could will would should please just there from as by",
    )
    for word in line.split()
)
_MAX_CONCEPTS: Final = 8
_BARE_CHARACTERS: Final = 3


def analyse(text: str, concepts: Concepts | None = None) -> Counter[str]:
    """The features of a message as typed, with how often each occurs; empty when it holds no letter or digit."""
    return analyse_normalised(normalise(text), concepts)


def analyse_normalised(text: str, concepts: Concepts | None = None) -> Counter[str]:
    """As :func:`analyse`, for what :func:`~knowledge_base.normalise.normalise` has made of a message."""
    concepts = concepts or standard_concepts()
    found: list[str] = []
    meant: set[str] = set()
    words: list[str] = []
    for run in _RUNS.findall(text):
        if _IS_HAN.match(run):
            _add_words(found, words, meant, concepts)
            words = []
            _add_characters(found, run, meant, concepts)
        else:
            words.append(run)
    _add_words(found, words, meant, concepts)
    found += ["k" + concept for concept in meant]
    few = sorted(meant)[:_MAX_CONCEPTS]
    found += [f"p{first} {second}" for first, second in combinations(few, 2)]
    return Counter(found)


def has_chinese(text: str) -> bool:
    """Whether any character of the text is Chinese."""
    return _IS_HAN.search(text) is not None


def is_bare(features: Counter[str]) -> bool:
    """Whether a message is hardly more than one word, such as "refund", "my account" or 维修."""
    kinds = "".join([feature[0] for feature in features])
    if kinds.count("k") + kinds.count("t") > 1 or kinds.count("c") > _BARE_CHARACTERS:
        return False
    return sum([feature[0] == "w" and feature[1:] not in _FILLERS for feature in features]) <= 1


def _add_characters(found: list[str], run: str, meant: set[str], concepts: Concepts) -> None:
    done = 0
    for met in concepts.in_chinese(run):
        if met.is_thing:
            found.append("t" + met.name)
            _add_piece(found, run[done : met.start])
            done = met.end
        else:
            meant.add(met.name)
    _add_piece(found, run[done:])


def _add_piece(found: list[str], piece: str) -> None:
    found += ["c" + sign for sign in piece]
    found += ["d" + piece[i : i + 2] for i in range(len(piece) - 1)]


def _add_words(found: list[str], words: list[str], meant: set[str], concepts: Concepts) -> None:
    if not words:
        return
    stems = [concepts.spelt(stem(word)) for word in words]
    for met in reversed(concepts.in_english(stems)):
        if met.is_thing:
            found.append("t" + met.name)
            del stems[met.start : met.end], words[met.start : met.end]
        else:
            meant.add(met.name)
    found += ["w" + each for each in stems]
    found += [f"b{first} {second}" for first, second in pairwise(stems)]
    telling = [each for each, word in zip(stems, words, strict=True) if word not in _FILLERS]
    found += [f"s{first} {second}" for first, second in pairwise(telling)]
    found += [f"s{first} {second}" for first, second in zip(telling, telling[2:], strict=False)]
    for word in words:
        found += _pieces(word)


@lru_cache(maxsize=4096)
def _pieces(word: str) -> tuple[str, ...]:
    padded = f" {word[:24]} "
    return tuple("g" + padded[i : i + size] for size in (2, 3, 4) for i in range(len(padded) - size + 1))
