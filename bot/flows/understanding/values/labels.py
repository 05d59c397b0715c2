"""One of several: by label, by another wording, with a slip of the finger."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from bot.flows.understanding.plain import core, forms

_LATIN: Final = re.compile(r"[a-z0-9]")
_SHORTEST_WITH_SLIP_LATIN: Final = 4
_SHORTEST_WITH_SLIP_HAN: Final = 3
_LONGEST: Final = 80
_Key = TypeVar("_Key", str, int)


def find_label(words: str, wordings: Mapping[str, Iterable[str]]) -> str | None:
    """The key one of whose wordings a plain text is, holds, or is one slip away from; ``None`` where two are as near.

    A text of which a wording is only a part counts when, the longest one taken away, no other key's is left in it.
    """
    return find_key(words, [(text, key) for key, texts in wordings.items() for text in texts])


def find_key(words: str, wordings: Iterable[tuple[str, _Key]]) -> _Key | None:
    """The same for pairs of a wording and its key."""
    said = core(words)
    if not said:
        return None
    labels = [(form, key) for text, key in wordings if (form := forms(text)[1])]
    if exact := {key for form, key in labels if form == said}:
        return _only(exact)
    if len(said) > _LONGEST:
        return None
    if held := [(len(form), key) for form, key in labels if form in said and _holds(said, form)]:
        longest = max(held)[0]
        if (found := _only({key for size, key in held if size == longest})) is None:
            return None
        rest = said
        for form in sorted((form for form, key in labels if key == found), key=len, reverse=True):
            rest = rest.replace(form, "\n")
        others = (form for form, key in labels if key != found and len(form) > 1)
        return None if any(_holds(rest, form) for form in others) else found
    size = len(said)
    near = _only({key for form, key in labels if -2 < len(form) - size < 2 and one_slip(said, form)})
    if near is not None:
        return near
    # A part of one label only ("冰箱" of "冰箱/冷柜") is that label.
    return _only({key for form, key in labels if said in form and _holds(form, said)}) if size >= 2 else None


def _only(keys: set[_Key]) -> _Key | None:
    return next(iter(keys)) if len(keys) == 1 else None


_NEGATED: Final = re.compile(r"(?:不是|不要|不想要|不选|非|别|\bnot (?:the |a )?|\bno )$")


def _holds(text: str, part: str) -> bool:
    """Whether a wording stands in a text: whole words where it is Latin, and not denied ("不是退货")."""
    at = text.find(part)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(part) : at + len(part) + 1]
        whole = not (_LATIN.match(part[0]) and _LATIN.match(before)) and not (
            _LATIN.match(part[-1]) and _LATIN.match(after)
        )
        if whole and (len(part) > 1 or len(text) <= 3) and not _NEGATED.search(text[:at]):
            return True
        at = text.find(part, at + 1)
    return False


def one_slip(typed: str, meant: str) -> bool:
    """Whether two different texts are one letter, or one swap of neighbours, apart; short ones never are."""
    shortest = _SHORTEST_WITH_SLIP_LATIN if meant.isascii() else _SHORTEST_WITH_SLIP_HAN
    if min(len(typed), len(meant)) < shortest or abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    if typed.isdigit() or meant.isdigit():
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    left, right = typed[start:], meant[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    return left[1:] == right if len(left) > len(right) else left == right[1:]
