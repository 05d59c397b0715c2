"""Numbers, sums of money, and ratings."""

import re
from typing import Final

from bot.flows.understanding.plain import bare
from bot.flows.understanding.values.numerals import numbers_in
from bot.flows.understanding.values.read import Read, length_of

_CURRENCY: Final = re.compile(
    r"[¥$€£]|元|块|圆|人民币|rmb|cny|usd|hkd|twd|nt\b|港币|台币|美元|刀|bucks?\b|dollars?\b|yuan\b"
)
_JIAO: Final = re.compile(r"\s?(?:块|元)([一二三四五六七八九]|\d)(?:毛|角)?(?![\d十百千万])")
_FIVE: Final = (
    (
        1,
        re.compile(
            r"非常不满意|很不满意|极不满意|极差|很差|太差|非常差|差评|糟糕|垃圾"
            r"|\b(?:very (?:dis|un)satisfied|very unhappy|terrible|awful|horrible|very (?:bad|poor)|worst)\b"
        ),
    ),
    (
        2,
        re.compile(
            r"不太满意|不怎么满意|不是很满意|不满意|较差|不好|不行|不太好|有点差"
            r"|\b(?:dissatisfied|unsatisfied|not (?:very |so |really )?(?:satisfied|happy|good|great)|unhappy|poor"
            r"|bad)\b"
        ),
    ),
    (
        5,
        re.compile(
            r"非常满意|很满意|十分满意|特别满意|超级?满意|完美|非常好|很好|太好|特别好|好评|满分|极好|棒|赞"
            r"|\b(?:very (?:satisfied|happy|good)|extremely (?:satisfied|happy)|excellent|perfect|great|amazing|awesome"
            r"|outstanding|love)\b"
        ),
    ),
    (
        3,
        re.compile(
            r"一般|还行|凑合|马马虎虎|普通|中等|还可以|过得去"
            r"|\b(?:average|ok|okay|so-?so|neutral|neither|fair|mediocre|not bad)\b"
        ),
    ),
    (4, re.compile(r"比较满意|满意|挺好|不错|还不错|较好|好|\b(?:satisfied|happy|good|fine|pleased|nice)\b")),
)
_OUT_OF: Final = re.compile(r"(\d{1,2}|[一二两三四五六七八九十])\s?(?:/|out of|分之)\s?(?:5|10|五|十)")
_STARS: Final = re.compile(r"[⭐★🌟]")
_LONGEST: Final = 60


def read_number(words: str) -> Read:
    """A number; whole ones as ``int``. Codes: ``number_missing``, ``number_ambiguous`` (several different ones)."""
    found = list(numbers_in(words[:_LOOKED_AT]))
    if not found:
        return Read(code="number_missing")
    if len({value for value, _, _ in found}) > 1:
        return Read(code="number_ambiguous", tried=True)
    value, start, end = found[0]
    return Read(_tidy(value), rest=length_of(words) - length_of(words[start:end]))


def read_money(words: str) -> Read:
    """A sum in the currency's unit. Of several numbers the one beside a currency counts. Codes: ``money_missing``,
    ``money_ambiguous``, ``money_negative``."""
    looked_at = words[:_LOOKED_AT]
    found = list(numbers_in(looked_at))
    if not found:
        return Read(code="money_missing")
    if len({value for value, _, _ in found}) > 1:
        beside = [each for each in found if _CURRENCY.search(looked_at[max(0, each[1] - 4) : each[2] + 4])]
        if (jiao := _JIAO.match(looked_at, found[0][2])) and len(found) == 2:
            return _sum(round(found[0][0] + found[1][0] / 10, 2), words, looked_at[found[0][1] : jiao.end()])
        if len({value for value, _, _ in beside}) != 1:
            return Read(code="money_ambiguous", tried=True)
        found = beside
    value, start, end = found[0]
    return _sum(value, words, looked_at[start:end])


def _sum(value: float, words: str, taken: str) -> Read:
    if value < 0:
        return Read(code="money_negative", tried=True)
    return Read(_tidy(value), rest=length_of(words) - length_of(taken))


def read_rating(words: str, scale: tuple[int, int]) -> Read:
    """A mark on the scale, by number, stars or words. Codes: ``rating_missing``, ``rating_out_of_scale``."""
    lowest, highest = scale
    stars = len(_STARS.findall(words))
    if stars and length_of(words) == 0:
        return _within(stars, scale, 0)
    if match := _OUT_OF.search(words):
        number = next(numbers_in(match[1]), None)
        if number is not None:
            return _within(number[0], scale, length_of(words) - length_of(match[0]))
    said = bare(words)[:_LONGEST]
    meant = next(((mark, match) for mark, pattern in _FIVE if (match := pattern.search(said))), None)
    # 一般 and 十分满意 begin like numbers.
    found = [
        each for each in numbers_in(said) if meant is None or each[2] <= meant[1].start() or meant[1].end() <= each[1]
    ]
    if len({value for value, _, _ in found}) == 1 and len(words) <= _LONGEST:
        value, start, end = found[0]
        return _within(value, scale, length_of(said) - length_of(said[start:end]))
    if found or meant is None or len(words) > _LONGEST:
        return Read(code="rating_missing", tried=bool(found) and len(words) <= _LONGEST)
    mark, match = meant
    return Read(round(lowest + (mark - 1) * (highest - lowest) / 4 + 1e-9), rest=length_of(said) - length_of(match[0]))


def _within(value: float, scale: tuple[int, int], rest: int) -> Read:
    if value != int(value) or not scale[0] <= value <= scale[1]:
        return Read(code="rating_out_of_scale", tried=True)
    return Read(int(value), rest=rest)


_LOOKED_AT: Final = 200


def _tidy(value: float) -> int | float:
    return int(value) if value == int(value) else value
