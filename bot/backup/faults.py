"""What can be wrong with a backup."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.faults import StartFault

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BackupFault(StartFault):
    """It cannot be made, read or restored; the message says why and what to do, without a secret."""


class ArchiveDamaged(BackupFault):
    """An archive was changed, cut short, or put together from others."""


class DiskFull(BackupFault):
    """There is no room for what has to be written."""


class WrongKeyring(BackupFault):
    """The keyring lacks what the backup was sealed or signed with."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the system refuses while a folder is written to is a :class:`BackupFault` that says where and why."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _NO_ROOM:
            raise DiskFull(f"there is no room left on the disk of {folder}: make some, then try again") from None
        raise BackupFault(
            f"{fault.filename or folder} cannot be used: {fault.strerror or type(fault).__name__}"
        ) from None
