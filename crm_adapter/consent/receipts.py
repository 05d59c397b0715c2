"""Receipt numbers: short enough to be read out, with a character that shows a slip of tongue or finger.

Ten characters without those that are taken for others (0, 1, I, O, U): nine by chance, then a check character modulo
31. One wrong character, or two neighbours exchanged, never fit.
"""

import secrets
from collections.abc import Callable

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
_CHANCE = 9
_HALF = 5


def new_receipt(draw: Callable[[str], str] = secrets.choice) -> str:
    """Such as ``7K3FW-92QXM``; 31**9 of them. ``draw`` picks a character."""
    drawn = "".join(draw(_ALPHABET) for _ in range(_CHANCE))
    whole = drawn + _check(drawn)
    return f"{whole[:_HALF]}-{whole[_HALF:]}"


def normal_receipt(typed: str) -> str | None:
    """The receipt number somebody typed, with or without dash, in any case; ``None`` when it cannot be one."""
    bare = "".join(typed.upper().replace("-", "").split())
    if len(bare) != _CHANCE + 1 or not set(bare) <= set(_ALPHABET) or _check(bare[:_CHANCE]) != bare[_CHANCE]:
        return None
    return f"{bare[:_HALF]}-{bare[_HALF:]}"


def _check(drawn: str) -> str:
    # Weights differ by less than the prime 31, so no single change and no exchange cancels out.
    return _ALPHABET[sum(weight * _ALPHABET.index(one) for weight, one in enumerate(drawn, start=2)) % 31]
