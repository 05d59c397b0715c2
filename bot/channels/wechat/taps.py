"""Choices as the ids of a message menu's items, and back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

_MARK = "c-"


def tap_id(choice: str) -> str:
    """A choice's id in letters, digits, ``-`` and ``_``: WeChat's app carries it in a link, where brackets, commas and
    equals signs of ours need not survive."""
    return _MARK + urlsafe_b64encode(choice.encode()).decode().rstrip("=")


def choice_of(tapped: str) -> str | None:
    """The choice behind an id that was tapped; ``None`` for a menu of somebody else's."""
    code = tapped.removeprefix(_MARK)
    if code == tapped:
        return None
    try:
        choice = urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
    except ValueError:
        return None
    return choice if tap_id(choice) == tapped else None
