"""Processes of the lab: they end with it, however it ends."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

_PR_SET_PDEATHSIG = 1
_KILLED_WITHIN_S = 10.0


class Child:
    """One running process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, name: str, module: Sequence[str], environment: Mapping[str, str], log: Path) -> Self:
        """``python -m MODULE …``; what it prints goes to ``log``, which only the owner may read.

        It gets SIGTERM when this process ends, also by kill -9, and not with the terminal's Ctrl-C: whoever stops the
        lab stops its parts in their order.
        """
        with _private(log) as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *module,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_dying_with(os.getpid()),
            )
        return cls(name, process, log)

    @property
    def ended(self) -> int | None:
        """The exit code, once there is one; negative: the signal's number."""
        return self._process.returncode

    async def wait(self) -> int:
        """Until it has ended."""
        return await self._process.wait()

    async def stop(self, patience_s: float) -> None:
        """SIGTERM, and after ``patience_s`` seconds kill -9."""
        if self.ended is not None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(patience_s):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            async with asyncio.timeout(_KILLED_WITHIN_S):
                await self._process.wait()

    def last_words(self, lines: int = 12) -> str:
        """The end of what it printed."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""


def _private(log: Path) -> IO[bytes]:
    log.unlink(missing_ok=True)
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _dying_with(parent: int) -> Callable[[], None]:
    """What a child does before it becomes its program: Linux is told to end it with its parent."""
    libc = ctypes.CDLL(None)

    def bind() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it was too late
            os._exit(1)

    return bind
