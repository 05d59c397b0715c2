"""The spool of one process in a folder that other processes share; see docs/adr/0019-spool.md."""

import asyncio
import errno
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from bot.metrics import SPOOLED
from bot.spool.file import PART, SUFFIX, HeldFile
from bot.spool.frames import Put
from bot.spool.others import Others
from crm_adapter.encryption import EncryptionFault, Keys

log = structlog.get_logger(__name__)

_FORGOTTEN_S = 60.0
"""So old, the beginnings of a file belong to nobody any more."""


_SEGMENT = 8 * 1024 * 1024
"""A file that is longer is written to no more: under lasting traffic no file would ever be empty."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SpoolFault(Exception):
    """It cannot be put on disk: ``reason`` is ``full`` (the disk, or the limit) or ``disk``. Nothing was acknowledged,
    so whoever sent it keeps it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What waits: in order with the others of its ``line`` by its ``stamp``; ``name`` is what it is."""

    stamp: int
    line: bytes
    name: bytes
    file: HeldFile
    put: Put


class _New(NamedTuple):
    stamp: int
    line: bytes
    name: bytes
    content: bytes
    written: "asyncio.Future[Record]"


class Spool:
    """Puts records on disk and gives them back. Nothing is made in ``folder`` before there is something to put there;
    all files in it together stay below ``limit`` bytes."""

    def __init__(self, folder: Path, keys: Keys, limit: int) -> None:
        self._folder = folder
        self._keys = keys
        self._limit = limit
        self._held: dict[str, HeldFile] = {}
        self._current: HeldFile | None = None
        self._others = Others(folder)
        self._new: list[_New] = []
        self._writing = asyncio.Lock()
        self._on_disk = threading.Lock()  # a writer that is not waited for any more goes on
        self._unread: set[str] = set()
        self._last = 0

    async def put(self, line: bytes, name: bytes, content: bytes) -> Record:
        """On disk when it returns, behind everything put before. ``line`` and ``name`` are keyed hashes of 16 bytes.

        Those who come at once share one write. Raises :class:`SpoolFault`; then nothing of it is there.
        """
        self._last = stamp = max(self._last + 1, time.time_ns())
        new = _New(stamp, line, name, content, asyncio.get_running_loop().create_future())
        self._new.append(new)
        async with self._writing:
            if not new.written.done():
                await self._write()
        return await new.written

    async def content(self, record: Record) -> bytes:
        """What was put. Raises :class:`~crm_adapter.encryption.SealBroken` and :class:`OSError`."""
        return await asyncio.to_thread(record.file.content, record.put)

    async def settle(self, record: Record, aside: str | None = None) -> None:
        """It is taken care of, or put ``aside``, which says why: kept, sealed, and not tried again before somebody says
        so (:mod:`bot.spool.aside`)."""
        await asyncio.to_thread(self._settle, record, aside)
        SPOOLED.set(self.waiting)

    async def take_over(self) -> Sequence[Record]:
        """What processes that are gone have left in the folder, oldest first; from now on it is ours."""
        taken = await asyncio.to_thread(self._take_over)
        found = []
        for file in taken:
            self._held[file.path.name] = file
            found += [Record(put.stamp, put.line, put.name, file, put) for put in file.waiting.values()]
        if found:
            log.warning("taken over from a process that is gone", count=len(found))
            SPOOLED.set(self.waiting)
        return sorted(found, key=lambda record: record.stamp)

    def is_behind(self, line: bytes, record: Record | None = None) -> bool:
        """Whether another process holds something of ``line``, of before ``record`` where one is given."""
        return self._others.wait_before(line, record.stamp if record else None, [*self._held, *self._unread])

    @property
    def waiting(self) -> int:
        """How many records this process has to take care of."""
        return sum(len(file.waiting) for file in list(self._held.values()))

    def close(self) -> None:
        """Lets go of all files: what waits is for whoever comes next."""
        with self._on_disk:
            for file in list(self._held.values()):
                file.close()

    async def _write(self) -> None:
        batch, self._new = self._new, []
        fault: BaseException = SpoolFault("disk")
        try:
            file, puts = await asyncio.to_thread(self._append, batch)
            for new, put in zip(batch, puts, strict=True):
                new.written.set_result(Record(new.stamp, new.line, new.name, file, put))
            SPOOLED.set(self.waiting)
        except SpoolFault as full:
            fault = full
        except OSError as error:
            fault = SpoolFault("full" if error.errno in _FULL else "disk")
        finally:
            for new in batch:
                if not new.written.done():
                    new.written.set_exception(fault)
                    new.written.exception()  # whoever waits for it may be gone

    def _append(self, batch: Sequence[_New]) -> tuple[HeldFile, list[Put]]:
        with self._on_disk:
            file = self._writable()
            try:
                frames = b"".join(file.sealed(new.stamp, new.line, new.name, new.content) for new in batch)
                if self._used() + len(frames) > self._limit:
                    raise SpoolFault("full")
                file.append(frames, flush=True)
            finally:
                self._leave_if_empty(file)
            return file, [file.waiting[new.stamp] for new in batch]

    def _writable(self) -> HeldFile:
        file = self._current
        if file is None or file.is_left or not file.is_sound or file.end > _SEGMENT:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            file = self._current = HeldFile.create(self._folder, self._keys)
            self._held[file.path.name] = file
        return file

    def _used(self) -> int:
        size = 0
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process has just emptied it
                size += path.stat().st_size
        return size

    def _leave_if_empty(self, file: HeldFile) -> None:
        file.leave_if_empty()
        if file.is_left:
            self._held.pop(file.path.name, None)

    def _settle(self, record: Record, aside: str | None) -> None:
        with self._on_disk:
            record.file.settle(record.stamp, aside)
            self._leave_if_empty(record.file)

    def _take_over(self) -> list[HeldFile]:
        taken: list[HeldFile] = []
        if not self._folder.is_dir():
            return taken
        with self._on_disk:
            for path in sorted(self._folder.iterdir()):
                if path.suffix == PART:
                    self._clear(path)
                if path.suffix != SUFFIX or path.name in self._held or path.name in self._unread:
                    continue
                try:
                    file = HeldFile.take_over(path, self._keys)
                except (OSError, ValueError, EncryptionFault) as error:
                    self._unread.add(path.name)
                    log.error("a spool cannot be read", file=path.name, reason=type(error).__name__)
                    continue
                if file is not None:
                    file.leave_if_empty()
                    if not file.is_left:
                        taken.append(file)
        return taken

    @staticmethod
    def _clear(part: Path) -> None:
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _FORGOTTEN_S:
                part.unlink()
