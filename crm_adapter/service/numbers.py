"""Case numbers: readable aloud, unique, and checked, so that a slip of the tongue finds nobody else's case.

``C261122-7K4HM``: the day (UTC), four random characters, one check character. The 31 characters leave out those that
look alike (0 O, 1 I L); being a prime number of them, the check notices every wrong character and every swap of two.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_RANDOM = 4
_SHAPE = re.compile(rf"C(\d{{6}})-?([{ALPHABET}]{{{_RANDOM}}})([{ALPHABET}])")


def new_number(at: datetime, draw: Callable[[str], str] = secrets.choice) -> str:
    """A number of that day; whoever stores it makes sure that it is the only one. ``draw`` picks a character."""
    day = f"{at.astimezone(UTC):%y%m%d}"
    random = "".join(draw(ALPHABET) for _ in range(_RANDOM))
    return f"C{day}-{random}{_check(day, random)}"


def read_number(text: str) -> str | None:
    """The number as it is stored, from how a customer writes it; ``None`` when it cannot be one."""
    match = _SHAPE.fullmatch("".join(text.split()).upper())
    if match is None or _check(match[1], match[2]) != match[3]:
        return None
    return f"C{match[1]}-{match[2]}{match[3]}"


def _check(day: str, random: str) -> str:
    places = [int(digit) for digit in day] + [ALPHABET.index(character) for character in random]
    # Neighbouring weights differ by one, and none is a multiple of 31.
    return ALPHABET[sum(weight * place for weight, place in enumerate(places, start=2)) % len(ALPHABET)]
