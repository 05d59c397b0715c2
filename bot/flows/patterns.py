"""Regular expressions that cannot run away: their worst case is counted before they are taken.

A pattern is tried on at most :data:`MAX_SUBJECT` characters. Every optional or repeated piece multiplies the ways to
match by its choices, every alternative by itself; what would make them grow with each other (a repeated piece with
choices of its own, look-around, references back) is refused.
"""

import re
from collections.abc import Callable

MAX_SUBJECT = 256
MAX_PATTERN = 200
MAX_WAYS = 2**22
_MAX_DEPTH = 8
_COUNT = re.compile(r"\{(\d{1,3})(?:(,)(\d{1,3})?)?\}")
_ESCAPES = frozenset("dDwWsSbBAZnrt")


class PatternFault(Exception):
    """The pattern is refused; ``code`` is ``pattern`` (cannot be read), ``pattern_costly`` or ``pattern_kind``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def compile_pattern(source: str) -> Callable[[str], bool]:
    """A test whether the pattern is found in a text; false for a text longer than :data:`MAX_SUBJECT`.

    Raises :class:`PatternFault`.
    """
    if len(source) > MAX_PATTERN:
        raise PatternFault("pattern_costly")
    reader = _Reader(source)
    ways = reader.alternatives(0) * (1 if source.startswith("^") and "|" not in source else MAX_SUBJECT)
    if reader.at < len(source):
        raise PatternFault("pattern")
    if ways > MAX_WAYS:
        raise PatternFault("pattern_costly")
    try:
        compiled = re.compile(source)
    except (re.error, OverflowError, RecursionError):
        raise PatternFault("pattern") from None
    return lambda text: len(text) <= MAX_SUBJECT and compiled.search(text) is not None


class _Reader:
    """Counts in how many ways a pattern can match one text from one place."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0

    def alternatives(self, depth: int) -> int:
        ways = self._branch(depth)
        while self._taken("|"):
            ways += self._branch(depth)
        return ways

    def _branch(self, depth: int) -> int:
        ways = 1
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            inner = self._piece(depth)
            fewest, most = self._times()
            if inner > 1 and most > 1:
                raise PatternFault("pattern_costly")
            ways = min(ways * inner * (most - fewest + 1), MAX_WAYS + 1)
        return ways

    def _piece(self, depth: int) -> int:
        character = self.source[self.at]
        self.at += 1
        if character == "(":
            return self._group(depth)
        if character == "[":
            self._set()
        elif character == "\\":
            self._escape()
        elif character in "*+?{":
            raise PatternFault("pattern")
        return 1

    def _group(self, depth: int) -> int:
        if depth >= _MAX_DEPTH:
            raise PatternFault("pattern_costly")
        if self._taken("?") and not self._taken(":"):
            raise PatternFault("pattern_kind")
        ways = self.alternatives(depth + 1)
        if not self._taken(")"):
            raise PatternFault("pattern")
        return ways

    def _set(self) -> None:
        self._taken("^")
        first = self.at
        while self.at < len(self.source) and (self.source[self.at] != "]" or self.at == first):
            character = self.source[self.at]
            # Python keeps these for sets within sets, one day: written with a backslash they will mean the same then.
            if character == "[" or (character in "-&~|" and self.source.startswith(character * 2, self.at)):
                raise PatternFault("pattern")
            self.at += 1
            if character == "\\":
                self._escape()
        if not self._taken("]"):
            raise PatternFault("pattern")

    def _escape(self) -> None:
        if self.at >= len(self.source):
            raise PatternFault("pattern")
        character = self.source[self.at]
        if character.isalnum() and character not in _ESCAPES:
            raise PatternFault("pattern_kind")
        self.at += 1

    def _times(self) -> tuple[int, int]:
        if self._taken("*"):
            times = 0, MAX_SUBJECT
        elif self._taken("+"):
            times = 1, MAX_SUBJECT
        elif self._taken("?"):
            times = 0, 1
        elif count := _COUNT.match(self.source, self.at):
            self.at = count.end()
            fewest = int(count[1])
            most = int(count[3]) if count[3] else MAX_SUBJECT if count[2] else fewest
            if most < fewest:
                raise PatternFault("pattern")
            times = fewest, most
        else:
            return 1, 1
        self._taken("?")
        if self.at < len(self.source) and self.source[self.at] in "*+?{":
            raise PatternFault("pattern")
        return times

    def _taken(self, character: str) -> bool:
        if self.source.startswith(character, self.at):
            self.at += 1
            return True
        return False
