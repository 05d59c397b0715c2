"""Long numbers that name a person or their money: resident ID numbers (GB 11643) and bank cards (ISO/IEC 7812).

Both carry a check digit, so order numbers, phone numbers and amounts are told apart from them with hardly an error.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Literal

_SEPARATOR, _OTHER = " ", "#"
_SEPARATING = frozenset("-–—‐‑‒―−－_.·・/\\ \t")
_DIGITS_OF_WORDS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
# As many as a telephone keyboard or a text editor puts between two digits.
_RUN = re.compile(r"\d(?: {0,3}\d){12,}(?: {0,3}[xX](?![A-Za-z]))?")
_GROUP = re.compile(r"\d+[xX]?|[xX]")
# Ids of ours, hashes and times are no numbers of people.
_MACHINE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?<![0-9a-z])(?=[0-9a-f]*[a-f])[0-9a-f]{24,}(?![0-9a-z])"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"1[3-9]\d{9}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCE = re.compile("1[1-5]|2[123]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123]|91")
_CARD = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa: 13, 16, 19
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners
    r"|(?:5\d|6\d|9\d|4\d|35|81)\d{14,17}"  # UnionPay, Mastercard, Maestro, JCB, RuPay, older Chinese cards
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
)


def find_numbers(text: str) -> Iterator[tuple[int, int, Literal["id_number", "bank_card"]]]:
    """Where in ``text`` such numbers stand: start, end and which."""
    if len(text) < 13:
        return
    plain = _plain(text)
    for run in _RUN.finditer(plain):
        yield from _numbers_in(plain, run)


def _plain(text: str) -> str:
    """The same length, with ASCII digits and one kind of separator."""
    hidden = _MACHINE.sub(lambda match: _OTHER * len(match[0]), text)
    return "".join(map(_character, hidden))


def _character(character: str) -> str:
    if character.isascii():
        return _SEPARATOR if character in _SEPARATING else character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character in "ＸｘⅩХх×":
        return "X"
    if character in _DIGITS_OF_WORDS:
        return _DIGITS_OF_WORDS[character]
    if character in _SEPARATING or unicodedata.category(character) in ("Zs", "Cf", "Pd", "Mn"):
        return _SEPARATOR
    return _OTHER


def _numbers_in(plain: str, run: re.Match[str]) -> Iterator[tuple[int, int, Literal["id_number", "bank_card"]]]:
    """Groups of digits, alone or with their neighbours, from the left, the longest first."""
    groups = [(match.start(), match.end(), match[0].upper()) for match in _GROUP.finditer(plain, *run.span())]
    first = 0
    while first < len(groups):
        for last in range(len(groups) - 1, first - 1, -1):
            kind = _kind(plain, groups, first, last)
            if kind is not None:
                yield groups[first][0], groups[last][1], kind
                first = last
                break
        first += 1


def _kind(
    plain: str, groups: list[tuple[int, int, str]], first: int, last: int
) -> Literal["id_number", "bank_card"] | None:
    parts = [group for _, _, group in groups[first : last + 1]]
    if sum(map(len, parts)) > 19:
        return None
    number = "".join(parts)
    whole = first == 0 and last == len(groups) - 1
    if is_id_number(number):
        # The old form has no check digit: it must stand alone, and no letters before it as in an order's number.
        alone = (whole or first == last) and not plain[groups[first][0] - 1 : groups[first][0]].isalpha()
        if len(number) == 18 or alone:
            return "id_number"
    if any(_MOBILE.fullmatch(part) for part in parts):
        return None
    return "bank_card" if is_bank_card(number) else None


def is_id_number(number: str) -> bool:
    """A resident's number of 18 digits with its check digit, or the old one of 15; digits and ``X`` only."""
    if not _PROVINCE.match(number) or "X" in number[:-1]:
        return False
    if len(number) == 18:
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
        return _CHECKS[total % 11] == number[17] and _is_day(number[6:14])
    return len(number) == 15 and number.isdecimal() and number[12:] != "000" and _is_day(f"19{number[6:12]}")


def is_bank_card(number: str) -> bool:
    """13 to 19 digits that begin as cards do and end with Luhn's check digit."""
    if not number.isdecimal() or not _CARD.fullmatch(number):
        return False
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(map(int, number[::-2])) + sum(digit - 9 if digit > 9 else digit for digit in doubled)) % 10 == 0


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return day.year >= 1850
