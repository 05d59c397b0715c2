"""What waits in the spools of other processes with the same folder: only that it waits, and since when."""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from bot.spool.file import SUFFIX
from bot.spool.frames import Put, frames, read_head

_TICK_NS = 50_000_000
"""Two changes of a folder so close together may have one time."""


class _Other:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[bytes, list[int]] = {}
        """Stamps of what waits, oldest first."""
        self._line_of: dict[int, bytes] = {}
        self._end = 0

    def read_on(self) -> None:
        """What was written since; a record that is being written is read the next time."""
        with suppress(OSError), self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < self._end:  # what could not be flushed was taken away again
                self._end = 0
                self.lines.clear()
                self._line_of.clear()
            if size == self._end:
                return
            file.seek(self._end)
            content, start = file.read(), 0
            if not self._end:
                with suppress(ValueError):
                    _, start = read_head(content)
                if not start:
                    return
            base, end = self._end, start
            for frame, end in frames(content, start):  # noqa: B007 - where the last one ends
                if isinstance(frame, Put):
                    self._line_of[frame.stamp] = frame.line
                    self.lines.setdefault(frame.line, []).append(frame.stamp)
                elif (line := self._line_of.pop(frame.stamp, None)) is not None:
                    self.lines[line].remove(frame.stamp)
                    if not self.lines[line]:
                        del self.lines[line]
            self._end = base + end


class Others:
    """Of one folder. While it does not change, to ask costs one call of the system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = -1
        self._files: dict[str, _Other] = {}

    def wait_before(self, line: bytes, stamp: int | None, but: Collection[str]) -> bool:
        """Whether something of ``line`` waits in files ``but`` these, of before ``stamp`` where one is given."""
        self._look(but)
        for other in self._files.values():
            other.read_on()
            waiting = other.lines.get(line)
            if waiting and (stamp is None or waiting[0] < stamp):
                return True
        return False

    def _look(self, but: Collection[str]) -> None:
        try:
            changed = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            self._files.clear()
            return
        if changed == self._changed and time.time_ns() - changed > _TICK_NS:
            return
        names = {entry.name for entry in os.scandir(self._folder) if entry.name.endswith(SUFFIX)} - set(but)
        for name in self._files.keys() - names:
            del self._files[name]
        for name in names - self._files.keys():
            self._files[name] = _Other(self._folder / name)
        self._changed = changed
