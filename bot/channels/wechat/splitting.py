"""Long texts in parts that WeChat takes: never inside a character, at best between paragraphs."""

import re
import unicodedata

_BREAKS = (
    re.compile(r"\n[^\S\n]*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[。！？…；])|(?<=[.!?;])(?=\s)"),
    re.compile(r"(?<=[，、：])|\s"),
)
"""The better ones first. ASCII's marks count before a space only: addresses are full of them."""
_ADDRESS_BEGUN = re.compile(r"https?://[!-~]*\Z")
_JOINER = "\u200d"
_LONGEST_CLUSTER = 32
FEWEST_BYTES = 16


def size_of(text: str) -> int:
    """In bytes of UTF-8, as WeChat counts."""
    return len(text.encode())


def split(text: str, limit: int) -> list[str]:
    """``text`` in order, in parts of at most ``limit`` bytes of UTF-8, none of them empty.

    Only white space at the seams is lost. A part is at least a third full, unless an address would be cut otherwise.
    Raises :class:`ValueError` for a limit below :data:`FEWEST_BYTES`.
    """
    if limit < FEWEST_BYTES:
        raise ValueError(f"a part has at least {FEWEST_BYTES} bytes")
    parts: list[str] = []
    rest = text.strip()
    while rest:
        end = _end_of_part(rest, limit)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return parts


def _end_of_part(text: str, limit: int) -> int:
    most = len(text[:limit].encode()[:limit].decode(errors="ignore"))
    if most == len(text):
        return most
    least = most // 3
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, least, most) if match.end() > 0]
        if ends:
            return ends[-1]
    if (begun := _ADDRESS_BEGUN.search(text, 0, most)) and begun.start() > 0:
        return begun.start()
    return _between_clusters(text, most)


def _between_clusters(text: str, end: int) -> int:
    """The last place up to ``end`` where no accent, no skin tone and no half of a flag is cut off."""
    for place in range(end, max(0, end - _LONGEST_CLUSTER), -1):
        if not _joined(text, place):
            return place
    return end


def _joined(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if unicodedata.combining(after) or after == _JOINER or before == _JOINER:
        return True
    if "\ufe00" <= after <= "\ufe0f" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return False
    halves = 0
    while halves < place and _is_flag_half(text[place - 1 - halves]):
        halves += 1
    return halves % 2 == 1


def _is_flag_half(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"
