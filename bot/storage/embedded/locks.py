"""Locks that the kernel drops with their holder (flock), so that kill -9 leaves none behind."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.storage.embedded.account import Account
from bot.storage.embedded.errors import EmbeddedPostgresError

_POLL_S = 0.02
_PATIENCE_S = 2.0


@contextmanager
def exclusive(path: Path, account: Account, timeout_s: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold ``path`` alone. Raises EmbeddedPostgresError after ``timeout_s`` seconds of waiting."""
    descriptor = account.open(path, os.O_RDWR | os.O_CREAT)
    try:
        started = time.monotonic()
        told = False
        while not _try(descriptor, fcntl.LOCK_EX):
            waited = time.monotonic() - started
            if waited > timeout_s:
                raise EmbeddedPostgresError(
                    f"Another process has held {path} for {timeout_s:.0f} s: look for one that hangs"
                    f" (`fuser {path}`) and end it"
                )
            if waited > _PATIENCE_S and not told:
                told = True
                say("Waiting for another process that is starting or stopping PostgreSQL")
            time.sleep(_POLL_S)
        try:
            yield
        finally:
            # A child forked meanwhile shares this open file: closing alone would leave it locked.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds ``path`` alone.

    Asks with a shared lock, so that two who ask at once do not take each other for a holder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def hold(descriptor: int) -> None:
    """Hold a file of one's own; waits only for the moment in which another asks ``is_held``."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
