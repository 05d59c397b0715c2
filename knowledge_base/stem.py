"""English words without their endings, lightly: enough that "refunds", "refunded" and "refunding" meet."""

from functools import lru_cache
from typing import Final

# Tried in this order; the first that fits and leaves three letters is taken.
_ENDINGS: Final = (
    ("ations", "at"),
    ("ation", "at"),
    ("ingly", ""),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ied", "y"),
    ("ies", "y"),
    ("ed", ""),
    ("ers", "er"),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
    ("ment", ""),
)
_SHORTEST: Final = 3


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The stem of a lower-case word; words of three letters and fewer stay."""
    if len(word) <= _SHORTEST:
        return word
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(rest) >= _SHORTEST:
            word = word[: len(word) - len(ending)] + rest
            break
    if len(word) > _SHORTEST and word[-1] == "e":
        word = word[:-1]
    if word.endswith("ell") and len(word) > len("smell"):
        word = word[:-1]
    if len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    if len(word) > _SHORTEST and word[-1] == "y":
        word = word[:-1] + "i"
    return word
