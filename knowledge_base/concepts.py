"""Different words for the same thing, from a dictionary: 退货, 退回 and "send back" are one concept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from knowledge_base.normalise import normalise
from knowledge_base.stem import stem

_MAX_WORDS: Final = 4
_THING: Final = "@"


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
        self._longest = max(map(len, self._chinese), default=0)

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
            for size in range(min(longest, end - start), 0, -1):
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
        forms = self._english
        while start < end:
            for size in range(min(_MAX_WORDS, end - start), 0, -1):
                name = forms.get(tuple(stems[start : start + size]))
                if name is not None:
                    met.append(Met(name.lstrip(_THING), start, start + size, name.startswith(_THING)))
                    start += size
                    break
            else:
                start += 1
        return met


@cache
def standard_concepts() -> Concepts:
    """The dictionary that comes with the package."""
    text = (files("knowledge_base") / "lexicon" / "concepts.txt").read_text("utf-8")
    return Concepts(text.splitlines())
