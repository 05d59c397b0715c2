"""Different words for the same thing, from a dictionary: 退货, 退回 and "send back" are one concept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from knowledge_base.background import everyday_sentences
from knowledge_base.normalise import normalise
from knowledge_base.stem import stem

_THING: Final = "@"
_MISSPELT_FROM: Final = 6
_OTHER_WORDS: Final = frozenset(
    stem(word)
    for line in (
        "appear appears regard regarding regards rather whether weather father mother brother sister person persons",
        "either neither though thought through trough decide decided desire deserve prefer preferred refer referred",
        "thing things think thinks thank thanks couple double trouble single signal singer finger change chance charge",
        "follow fellow former format formal forget forgive forward reward record recent decent resent present prevent",
        "advise advice device divide border bother bottle battle better letter litter matter manner banner barrel",
    )
    for word in line.split()
)


class FaultyConceptLineError(ValueError):
    """A line of a concept dictionary is not ``name: form, form, …``."""


@dataclass(frozen=True, slots=True)
class Met:
    """A concept met in a text: ``start`` to ``end`` (exclusive) count characters or words."""

    name: str
    start: int
    end: int
    is_thing: bool
    """Whether it is a thing asked about, such as a product, rather than what is asked about it."""


class Concepts:
    """A dictionary of concepts, asked for those in a run of Chinese characters or in a row of English stems."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read the lines of a dictionary; of two concepts that claim a form, the later line wins."""
        self._chinese: dict[str, str] = {}
        self._english: dict[tuple[str, ...], str] = {}
        for number, raw in enumerate(lines, 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            name, colon, forms = line.partition(":")
            if not colon or not forms.strip():
                raise FaultyConceptLineError(f"line {number}: expected 'name: form, form, …'")
            for form in forms.split(","):
                self._add(normalise(form), name.strip())
        # By its first character or word, how long a form can be: most begin none, and nothing more is looked up.
        self._longest: dict[str, int] = {}
        begun: list[Sequence[str]] = [*self._chinese, *self._english]
        for known in begun:
            self._longest[known[0]] = max(len(known), self._longest.get(known[0], 0))
        alone = {form[0] for form in self._english if len(form) == 1}
        self._words = {word for form in self._english for word in form} | _everyday_stems()
        self._misspelt = _misspellings(alone)

    def _add(self, form: str, name: str) -> None:
        if not form:
            return
        if form.isascii():
            self._english[tuple(stem(word) for word in form.split())] = name
        else:
            self._chinese[form] = name

    def in_chinese(self, run: str) -> list[Met]:
        """The concepts met from left to right, the longest form first; no character serves two of them."""
        met: list[Met] = []
        start, end = 0, len(run)
        forms, longest = self._chinese, self._longest
        while start < end:
            for size in range(min(longest.get(run[start], 0), end - start), 0, -1):
                name = forms.get(run[start : start + size])
                if name is not None:
                    met.append(Met(name.lstrip(_THING), start, start + size, name.startswith(_THING)))
                    start += size
                    break
            else:
                start += 1
        return met

    def in_english(self, stems: Sequence[str]) -> list[Met]:
        """The concepts met from left to right, the longest form first; no word serves two of them."""
        met: list[Met] = []
        start, end = 0, len(stems)
        forms, longest = self._english, self._longest
        while start < end:
            for size in range(min(longest.get(stems[start], 0), end - start), 0, -1):
                name = forms.get(tuple(stems[start : start + size]))
                if name is not None:
                    met.append(Met(name.lstrip(_THING), start, start + size, name.startswith(_THING)))
                    start += size
                    break
            else:
                start += 1
        return met

    def spelt(self, word: str) -> str:
        """The dictionary's word that a longer word is one slip of the finger away from; else the word itself."""
        if len(word) < _MISSPELT_FROM - 1 or word in self._words:
            return word
        return next((known for cut in (word, *_cuts(word)) if (known := self._misspelt.get(cut))), word)


def _everyday_stems() -> set[str]:
    """Words that are spelt right although the dictionary lacks them: "appear" is no slip for "appeal"."""
    return {stem(word) for text in everyday_sentences() for word in normalise(text).split()} | _OTHER_WORDS


def _misspellings(words: Iterable[str]) -> dict[str, str]:
    """Each longer word by itself and by what is left of it when any one letter is missing.

    Two words with a common cut are one letter apart, or two neighbouring letters are swapped: no distance is computed
    while a customer waits. A cut that two words share belongs to neither.
    """
    owners: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _MISSPELT_FROM:
            for cut in (word, *_cuts(word)):
                owners.setdefault(cut, set()).add(word)
    return {cut: next(iter(owned)) for cut, owned in owners.items() if len(owned) == 1}


def _cuts(word: str) -> list[str]:
    """The word without its second letter, its third and so on: slips at the first letter are rare."""
    return [word[:place] + word[place + 1 :] for place in range(1, len(word))]


@cache
def standard_concepts() -> Concepts:
    """The dictionary that comes with the package."""
    text = (files("knowledge_base") / "lexicon" / "concepts.txt").read_text("utf-8")
    return Concepts(text.splitlines())
