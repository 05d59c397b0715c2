"""YAML nodes that know where they stand, so that a fault is named by file, line and reason."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

import yaml

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_DATE_TAG: Final = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one file; lines count from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        """``file:line: reason``."""
        return f"{self.file}:{self.line}: {self.reason}"


class Node:
    """A YAML node that knows its file and collects the faults found at it and below it."""

    def __init__(self, node: yaml.Node, file: str, first_line: int, faults: list[Fault] | None = None) -> None:
        """Take a composed node; ``first_line`` is the line of the file on which the YAML begins."""
        self._node = node
        self._file = file
        self._first_line = first_line
        self.faults: list[Fault] = [] if faults is None else faults

    def _of(self, node: yaml.Node) -> Self:
        return type(self)(node, self._file, self._first_line, self.faults)

    def wrong(self, reason: str) -> None:
        """Record a fault at this node."""
        self.faults.append(Fault(self._file, self._node.start_mark.line + self._first_line, reason))

    def line_of(self, key: str) -> int:
        """The line of a key of this mapping; the mapping's own where it has no such key."""
        for name, _ in self._node.value if isinstance(self._node, yaml.MappingNode) else ():
            if name.value == key:
                return int(name.start_mark.line) + self._first_line
        return int(self._node.start_mark.line) + self._first_line

    def is_empty(self) -> bool:
        """Whether this is a mapping or a list without members."""
        return isinstance(self._node, yaml.CollectionNode) and not self._node.value

    def members(self, what: str, allowed: Sequence[str]) -> dict[str, Self]:
        """The values of a mapping by key; a key that is not allowed or comes twice is a fault."""
        found: dict[str, Self] = {}
        if not isinstance(self._node, yaml.MappingNode):
            self.wrong(f"{what}: expected a mapping with {', '.join(allowed)}")
            return found
        for name, value in self._node.value:
            key = str(name.value) if isinstance(name, yaml.ScalarNode) else "?"
            if key in found:
                self._of(name).wrong(f"{what}: {key} is there twice")
            elif key not in allowed:
                self._of(name).wrong(f"{what}: unknown key {key} (known: {', '.join(allowed)})")
            else:
                found[key] = self._of(value)
        return found

    def items(self, what: str) -> Iterator[Self]:
        """The members of a list."""
        if isinstance(self._node, yaml.SequenceNode):
            yield from (self._of(value) for value in self._node.value)
        else:
            self.wrong(f"{what}: expected a list")

    def is_mapping(self) -> bool:
        """Whether this has keys."""
        return isinstance(self._node, yaml.MappingNode)

    def text(self, what: str, limit: int) -> str:
        """A text of 1 to ``limit`` characters without control characters, trimmed."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag != _TEXT_TAG:
            self.wrong(f"{what}: expected text; put yes, no, numbers and dates in quotes")
            return ""
        return checked_text(self, self._node.value, what, limit)

    def day(self, what: str) -> date | None:
        """A date such as 2026-01-31."""
        value = self._node.value if isinstance(self._node, yaml.ScalarNode) else ""
        try:
            if self._node.tag not in {_DATE_TAG, _TEXT_TAG}:
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(f"{what}: expected a date such as 2026-01-31")
            return None


def checked_text(node: Node, value: str, what: str, limit: int) -> str:
    """The trimmed text, where it is one; else a fault at the node."""
    value = value.strip()
    if not value:
        node.wrong(f"{what}: is empty")
    elif len(value) > limit:
        node.wrong(f"{what}: has {len(value):,} characters, more than {limit:,}")
    elif _CONTROL.search(value):
        node.wrong(f"{what}: holds a control character")
    return value
