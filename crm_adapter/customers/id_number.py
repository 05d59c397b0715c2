"""Chinese resident ID numbers (GB 11643): six digits of region, the birthday, three of order, one check digit."""

import re
from datetime import date

_FORM = re.compile(r"[1-9]\d{16}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def id_number_fault(number: str, today: date) -> str | None:
    """What is wrong with it: ``id_form``, ``id_birthday`` or ``id_check_digit``; ``None`` when nothing is."""
    if not number.isascii() or not _FORM.fullmatch(number):
        return "id_form"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "id_birthday"
    if not date(1880, 1, 1) <= born <= today:
        return "id_birthday"
    return None if number[17] == check_digit(number) else "id_check_digit"


def check_digit(number: str) -> str:
    """The last digit that the first seventeen ask for (ISO 7064, MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECKS[total % 11]
