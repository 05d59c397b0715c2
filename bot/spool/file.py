"""One file of a spool, held by one process at a time: the kernel lets go of it with its holder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from bot.spool.frames import Head, Put, Standing, frames, head, put, read_head, read_standing, settled
from bot.storage.folders import sync
from crm_adapter.encryption import DataKey, Keys, seal, unseal

SUFFIX = ".spool"
PART = ".part"
ASIDE = ".aside"
PLACE = "spool.record"


class HeldFile:
    """A file that this process holds. Its methods block on the disk and may raise :class:`OSError`; they are called by
    one thread at a time."""

    def __init__(self, path: Path, descriptor: int, key: DataKey, standing: Standing) -> None:
        self.path = path
        self.waiting = standing.waiting
        """The records that nobody has taken care of, by their stamps."""
        self.end = standing.end
        self.is_sound = True
        """Whether more may be written to it: after a failed flush nobody knows what is on the disk."""
        self._descriptor = descriptor
        self._key = key
        self._aside = standing.aside

    @classmethod
    def create(cls, folder: Path, keys: Keys) -> "HeldFile":
        """A new one, on disk and held before anybody else can see it."""
        path = new_path(folder)
        part = path.with_suffix(PART)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            key, kek, wrapped = keys.new_data_key(uuid4())
            begin = head(Head(key.id, kek, wrapped))
            _write(descriptor, begin, 0)
            os.fsync(descriptor)
            part.rename(path)
            sync(folder)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                part.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
            raise
        return cls(path, descriptor, key, Standing(len(begin)))

    @classmethod
    def take_over(cls, path: Path, keys: Keys) -> "HeldFile | None":
        """A file whose process is gone, with what waits in it; ``None`` where somebody holds it, or it is gone too.

        Raises :class:`ValueError` and :class:`~crm_adapter.encryption.EncryptionFault` for one that cannot be read.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(descriptor).st_nlink:
                raise BlockingIOError
            content = _read(descriptor, 0, os.fstat(descriptor).st_size)
            found, end = read_head(content)
            file = cls(path, descriptor, keys.unwrap(*found), read_standing(content, end))
            os.ftruncate(descriptor, file.end)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return file

    def sealed(self, stamp: int, line: bytes, name: bytes, content: bytes) -> bytes:
        """The frame of a new record."""
        return put(stamp, line, name, seal(self._key, PLACE, UUID(int=stamp), content))

    def append(self, written: bytes, *, flush: bool) -> None:
        """All of it is in the file when this returns, on disk with ``flush``; nothing of it when it raises."""
        try:
            _write(self._descriptor, written, self.end)
        except OSError:
            self._shorten()
            raise
        if flush:
            try:
                os.fsync(self._descriptor)
            except OSError:
                self.is_sound = False
                self._shorten()
                raise
        for frame, _ in frames(written, base=self.end):
            if isinstance(frame, Put):
                self.waiting[frame.stamp] = frame
        self.end += len(written)

    def content(self, record: Put) -> bytes:
        """What the record was made of. Raises :class:`~crm_adapter.encryption.SealBroken`."""
        sealed = _read(self._descriptor, record.at, record.size)
        return unseal(self._key, PLACE, UUID(int=record.stamp), sealed)

    def settle(self, stamp: int, aside: str | None = None) -> None:
        """The record is taken care of, or put ``aside``, which says why.

        What cannot be written down is done again after a crash, and found to be done already.
        """
        record = self.waiting.pop(stamp, None)
        if record is None:
            return
        if aside is not None:
            self._aside[stamp] = record, aside
        if self._aside or self.waiting:  # else the file is gone
            with suppress(OSError):
                self.append(settled(stamp, aside), flush=aside is not None)

    def bring_back(self) -> None:
        """What was put aside waits again, on disk; none of it where this raises."""
        records = (record for record, _ in self._aside.values())
        again = (put(*record[:3], _read(self._descriptor, record.at, record.size)) for record in records)
        self.append(b"".join(again), flush=True)
        self._aside.clear()

    def close(self) -> None:
        """Lets go of it; what waits in it is for the next one."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_left(self) -> bool:
        """Whether nothing waits in it any more."""
        return self._descriptor < 0

    def leave_if_empty(self) -> None:
        """With nothing that waits in it a file is gone; one with records that were put aside gets another name."""
        if self.waiting or self.is_left:
            return
        with suppress(OSError):
            if self._aside:
                self.path.rename(self.path.with_suffix(ASIDE))
            else:
                self.path.unlink(missing_ok=True)
        self.close()

    def _shorten(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.end)
        except OSError:
            self.is_sound = False


def new_path(folder: Path) -> Path:
    """Under a name that no process has seen."""
    return folder / f"{uuid4().hex}{SUFFIX}"


def _write(descriptor: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        number = os.pwrite(descriptor, view, at)
        view, at = view[number:], at + number


def _read(descriptor: int, at: int, size: int) -> bytes:
    parts = []
    while size > 0 and (part := os.pread(descriptor, size, at)):
        parts.append(part)
        size, at = size - len(part), at + len(part)
    return b"".join(parts)
