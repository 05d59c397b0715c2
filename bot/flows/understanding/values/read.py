"""What comes of reading a value."""

from typing import Any, NamedTuple


class Read(NamedTuple):
    """A value, or why there is none.

    ``code`` is set where there is no value. ``tried`` says that the words mean to be a value of the kind all the same
    (a phone number with a digit too few): asking again is then better than looking for another meaning. ``rest`` is how
    many letters and digits of the message are not the value.
    """

    value: Any = None
    code: str | None = None
    tried: bool = False
    rest: int = 0


def length_of(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))
