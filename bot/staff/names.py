"""How a sign-in name is written: one spelling per person, so that a look-alike case is no second account."""

import re
import unicodedata

from bot.staff.errors import BadName

NAME_LENGTH = 64
_NAME = re.compile(r"[\w.@+-]{1,64}")


def fold(name: str) -> str:
    """The spelling names are compared in."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def new_name(name: str) -> str:
    """The folded name for a new account: 1 to 64 letters, digits or ``. _ @ + -``. Raises :class:`BadName`."""
    folded = fold(name)
    if not _NAME.fullmatch(folded):
        raise BadName
    return folded
