"""One form for what customers type, in which the words of this package are looked for."""

import re
import unicodedata
from functools import cache, lru_cache

from knowledge_base.locales import simplified_characters

LONGEST = 2500
"""Of a longer message the beginning is looked at; its whole text is kept where it is a value."""
SIGNALS = 300
"""What takes more characters than this is an account of something, not a word of command."""

_UNSEEN = re.compile(r"[\u200b-\u200f\u2028-\u202f\u2060\ufeff\ufe0f\u20e3\x00-\x08\x0b-\x1f\x7f]")
_QUOTES = str.maketrans({"妳": "你", "’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "。": ".", "、": ",", "～": "~"})
_HEAD = re.compile(r"(?:嗯+|哦+|噢|呃|额|那|那个|那就|就|请|麻烦|麻烦你|please|well|oh|um+|uh|so|ok so)[\s,.!~]+")
_TAILS = (
    *("吧", "呀", "啊", "啦", "哦", "喔", "呢", "哈", "嘛", "咯", "噢", "谢谢"),
    *(" please", " pls", " thanks", " thank you"),
)
_MOST_POLITE = 8


def plain(text: str) -> str:
    """Lower-case, half-width, Simplified, single spaces, straight quotes; punctuation and order of words stay.

    Doing it twice changes nothing. What reads the same in both Chinese scripts is the same afterwards.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    if not text.isascii():
        # Compatibility forms may come out of the lowering and of the table: both are taken to their end.
        if _unsettled().search(text):  # a table is slow for all that does not stand in it, and most texts need none
            text = text.translate(simplified_characters()).translate(_QUOTES)
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_UNSEEN.sub("", text).split())


@cache
def _unsettled() -> re.Pattern[str]:
    """Whatever has another sign in the plain form."""
    return re.compile(f"[{''.join(map(chr, (*simplified_characters(), *_QUOTES)))}]")


@lru_cache(maxsize=8)  # of one message it is asked a dozen times
def core(words: str) -> str:
    """A plain text without punctuation, emoji and particles of politeness around it; empty only where nothing is."""
    words = bare(words)
    for _ in range(_MOST_POLITE):
        rest = words[head.end() :] if (head := _HEAD.match(words)) else words
        if rest.endswith(_TAILS):
            rest = rest.removesuffix(next(tail for tail in _TAILS if rest.endswith(tail)))
        if rest == words or not (rest := bare(rest)):
            break
        words = rest
    return words


@lru_cache(maxsize=4096)
def forms(wording: str) -> tuple[str, str]:
    """:func:`bare` and :func:`core` of a text of ours, a label or a wording: with every message they are the same."""
    words = plain(wording)
    return bare(words), core(words)


def bare(text: str) -> str:
    """A plain text without punctuation and emoji around it."""
    first, last = 0, len(text)
    while first < last and not text[first].isalnum():
        first += 1
    while last > first and not text[last - 1].isalnum():
        last -= 1
    return text[first:last]


_ASKS = re.compile(
    r"\?|吗\b|吗[.!~\s]*$|怎么|如何|怎样|咋|为什么|为何|为啥|凭什么|多久|多少|几(?:天|号|点|个工作日)|什么|哪|谁"
    r"|是不是|有没有|能不能|可不可以"
    r"|可以不|能否|是否|呢[.!~\s]*$"
)
_ASKS_EN = re.compile(
    r"(?:how|what|when|where|why|who|which|whose|can|could|do|does|did|is|are|was|will|would|should|may)\b"
)


def asks(words: str) -> bool:
    """Whether a plain text has the form of a question."""
    return _ASKS.search(words) is not None or _ASKS_EN.match(words) is not None
