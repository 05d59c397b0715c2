"""What a process writes into its log, told as it comes.

A file and no pipe: a process whose reader is gone would fail at its next word, and it has to end in order.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

_LOOK_S = 0.1
_QUIET_S = 0.4
_PATIENCE_S = 3.0


class Follower:
    """Reads ``log`` from its beginning and gives each whole line to ``tell``."""

    def __init__(self, log: Path, tell: Callable[[str], None]) -> None:
        self._log = log
        self._tell = tell
        self._read = 0
        self._told_at = 0.0

    async def run(self) -> None:
        """Until it is cancelled; what came until then is told by :meth:`rest`."""
        while True:
            self.rest()
            await asyncio.sleep(_LOOK_S)

    def rest(self) -> None:
        """Tells what has come since."""
        with self._log.open("rb") as file:
            file.seek(self._read)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(end)
        if end:
            self._told_at = asyncio.get_running_loop().time()
            for line in whole.decode(errors="replace").split("\n"):
                self._tell(line)

    async def quiet(self) -> None:
        """Returns once nothing has come for a moment, or when that does not come to be."""
        now = asyncio.get_running_loop().time
        begun = now()
        while True:
            await asyncio.sleep(_LOOK_S)
            if now() - max(begun, self._told_at) >= _QUIET_S or now() - begun >= _PATIENCE_S:
                return
