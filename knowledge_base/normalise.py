"""One form for what customers type, applied alike to examples and to questions."""

import re
import unicodedata

from knowledge_base.locales import simplified_characters

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ＇", "'"))
_INSIDE_NUMBER = re.compile(r"(?<=\d)[.,](?=\d)")
_NOT_TEXT = re.compile(r"[\W_]+")
_RUN_OF_SIGNS = re.compile(r"([^\W\d_])\1{2,}")
_CONTRACTIONS = (
    (re.compile(r"\bcan't\b|\bcant\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b|\bwont\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(did|does|do|is|was|has|have|would|could|should)nt\b"), r"\1 not"),
    (re.compile(r"'(?:s|m|re|ve|ll|d)\b"), " "),
)
MAX_CHARACTERS = 600
"""A longer message is searched by its beginning: cost stays bounded, and nobody asks one question in more."""


def normalise(text: str) -> str:
    """Lower-case Simplified text of letters, digits and single spaces, at most :data:`MAX_CHARACTERS` long.

    Full-width forms, Traditional characters, case, punctuation, emoji, accents on Latin letters, contractions and
    letters repeated more than twice ("helloooo", "急急急急") all fold away. May be empty.
    """
    text = unicodedata.normalize("NFKC", text[: 2 * MAX_CHARACTERS]).lower().translate(_APOSTROPHES)
    if not text.isascii():
        text = _without_accents(text.translate(simplified_characters()))
    if "'" in text or "nt" in text or "cannot" in text:
        for pattern, plain in _CONTRACTIONS:
            text = pattern.sub(plain, text)
    text = _NOT_TEXT.sub(" ", _INSIDE_NUMBER.sub("", text))
    return _RUN_OF_SIGNS.sub(r"\1\1", text).strip()[:MAX_CHARACTERS]


def _without_accents(text: str) -> str:
    """Latin letters without their marks; scripts that need theirs (Japanese, Thai, Hindi) keep them."""
    decomposed = unicodedata.normalize("NFD", text)
    if not any(map(unicodedata.combining, decomposed)):
        return text
    kept: list[str] = []
    for sign in decomposed:
        if unicodedata.combining(sign) and kept and kept[-1].isascii():
            continue
        kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept))
