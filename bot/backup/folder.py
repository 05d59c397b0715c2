"""The folder of a backup: one writes to it at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.backup.faults import BackupFault


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Of two backups at once, one would remove the keys of the other. Raises :class:`BackupFault` for the second."""
    number = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFault(f"another backup is being written into {folder}: wait for it") from None
        yield
    finally:
        os.close(number)
