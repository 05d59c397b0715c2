"""Reading the fields of a push's tree."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite

from bot.channels.base import BadInbound
from bot.channels.wechat.reading import Tree

_NAME = re.compile(r"[!-~]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,11}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DEGREES = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,20})?")


class Odd(Exception):
    """A field is not as documented."""


class Fields:
    """A tree's fields, by WeChat's names."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def name(self, name: str) -> str:
        """What every push must have: an account, a user, a type. Raises :class:`~bot.channels.base.BadInbound`."""
        value = self._tree.get(name)
        if not isinstance(value, str) or not _NAME.fullmatch(value.strip()):
            raise BadInbound("malformed_push", field=name)
        return value.strip()

    def moment(self, name: str) -> datetime:
        """Seconds since 1970, as UTC. Raises :class:`~bot.channels.base.BadInbound`."""
        value = self._tree.get(name)
        if not isinstance(value, str) or not _SECONDS.fullmatch(value.strip()):
            raise BadInbound("malformed_push", field=name)
        return datetime.fromtimestamp(int(value), UTC)

    def text(self, name: str) -> str:
        """A text; empty where there is none."""
        value = self._tree.get(name, "")
        return value if isinstance(value, str) else ""

    def some(self, name: str) -> str | None:
        """A text, or ``None``."""
        return self.text(name).strip() or None

    def must(self, name: str) -> str:
        """A text without which the push means nothing. Raises :class:`Odd`."""
        if (value := self.some(name)) is None:
            raise Odd
        return value

    def whole(self, name: str) -> int:
        """A whole number. Raises :class:`Odd`."""
        if not _WHOLE.fullmatch(value := self.must(name)):
            raise Odd
        return int(value)

    def number(self, name: str, most: float) -> float:
        """A number between ``-most`` and ``most``. Raises :class:`Odd`."""
        if not _DEGREES.fullmatch(value := self.must(name)):
            raise Odd
        if not isfinite(number := float(value)) or abs(number) > most:
            raise Odd
        return number

    def part(self, name: str) -> "Fields":
        """A tree within; an empty one where there is none."""
        value = self._tree.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def parts(self, name: str) -> Iterator["Fields"]:
        """Trees that repeat; one alone may stand without its list."""
        value = self._tree.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield Fields(one)

    def entries(self, within: str) -> list["Fields"]:
        """What a notice event lists: XML has the list in an element of its own, JSON beside the other fields."""
        return [*self.part(within).parts("List")] or [*self.parts("List")]
