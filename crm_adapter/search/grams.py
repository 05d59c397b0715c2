"""What is indexed of a text: pairs of Han characters, threes of other letters and digits, each as a keyed hash.

Folding works sign by sign, so a part of a text folds to a part of the folded text: whatever contains the search text
has all of its grams, and the index misses nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Literal

Kind = Literal["interaction", "name"]

# Scripts written without blanks: Han with its extensions, kana, Hangul.
_DENSE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<dense>[{_DENSE}]+)|[^\W_{_DENSE}]+")
_HAN = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))
DENSE_GRAM, WORD_GRAM = 2, 3


def fold(text: str) -> str:
    """One form for what reads the same: widths, case, Traditional and Simplified."""
    folded = unicodedata.normalize("NFKC", text)
    return folded.casefold() if folded.isascii() else folded.translate(_simplified()).casefold()


def matches(text: str, wanted: str) -> bool:
    """Whether ``wanted`` stands in ``text``, folded: the last word on a candidate."""
    return fold(wanted.strip()) in fold(text)


def pieces(text: str) -> Iterator[str]:
    """The grams of a text in clear; none for a single Han character or a word of less than three signs."""
    for run in _RUNS.finditer(fold(text)):
        size = DENSE_GRAM if run["dense"] else WORD_GRAM
        for start in range(len(run[0]) - size + 1):
            yield run[0][start : start + size]


def is_indexed(text: str) -> bool:
    """Whether a search for this text can use the index; if not, :func:`~crm_adapter.search.find` gives the newest."""
    return next(pieces(text), None) is not None


def grams_of(key: bytes, kind: Kind, text: str) -> list[int]:
    """The text's grams as signed 32-bit numbers, each once and sorted: their order in the text is not told.

    The kind is part of the hash, so a name's grams cannot be recognised among those of messages.
    """
    person = kind.encode()
    return sorted({_number(key, person, piece) for piece in pieces(text)})


# The same words come again and again, in answers above all.
@lru_cache(maxsize=32_768)
def _number(key: bytes, person: bytes, piece: str) -> int:
    digest = blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=4, key=key, person=person).digest()
    return int.from_bytes(digest, "big", signed=True)


@cache
def _simplified() -> dict[int, str]:
    # By character: a phrase converter looks at neighbours, and would fold a part of a text unlike the whole.
    from opencc import OpenCC  # with its dictionaries 3 MB that a server which searches nothing need not carry

    converter = OpenCC("t2s")
    pairs = ((code, converter.convert(chr(code))) for block in _HAN for code in block)
    return {code: simple for code, simple in pairs if simple != chr(code) and len(simple) == 1}
