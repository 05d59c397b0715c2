"""Attachments: sealed bytes in a folder, one row each in ``bot.blobs``; the type is what the bytes say, not the sender.

Name and content are sealed with the sender's data key: once that is erased, a copy of the folder is of no use.
"""

import asyncio
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from bot.storage.folders import sync
from bot.storage.pool import Pool
from crm_adapter.encryption import DataKey, Keys, seal, unseal
from crm_adapter.identify import (
    IDENTIFY,
    RENEW_KEY,
    KeyDamaged,
    Known,
    Sender,
    identify_arguments,
    identity_blind,
    known,
    renewal_arguments,
)

TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
CHAT_TYPES = (*TYPES, "audio/amr", "audio/mpeg", "video/mp4")
"""What is said and filmed in a chat application besides."""
MAX_NAME = 120
_FILE = re.compile(r"([0-9a-f]{32})\.seal")
_TRIES = 3
# Held against an erasure: what it has not seen would stay for ever.
_INSERT = """INSERT INTO bot.blobs (id, account, identity_id, sealed_name, type, size)
             SELECT %s, %s, i.id, %s, %s, %s FROM crm.identities i WHERE i.id = %s AND i.key_id = %s FOR KEY SHARE"""
_FIND = """
SELECT b.id, b.sealed_name, b.type, b.size, k.id, k.kek, k.wrapped
  FROM bot.blobs b
  JOIN crm.identities i ON i.id = b.identity_id
  JOIN vault.data_keys k ON k.id = i.key_id
"""
_OF_SENDER = " WHERE i.blind = %s AND b.id = ANY(%s)"
_BY_ID = " WHERE b.id = %s"
_OF_IDENTITIES = " WHERE b.identity_id = ANY(%s) AND b.message_id IS NOT NULL ORDER BY b.id"
_FORGET = """
DELETE FROM bot.blobs WHERE id IN (
    SELECT b.id FROM bot.blobs b
     WHERE b.message_id IS NULL AND b.created_at < now() - interval '24 hours'
     LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class _Erased(Exception):
    """The sender was erased between being known and the row."""


class BlobRefused(ValueError):
    """The bytes are none of the types that are taken."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of an attachment; ``size`` in bytes."""

    id: UUID
    name: str
    type: str
    size: int

    def as_json(self) -> dict[str, Any]:
        """The form in which message bodies carry it."""
        return {"id": str(self.id), "name": self.name, "type": self.type, "size": self.size}


class BlobStore:
    """A folder that every node can reach."""

    def __init__(self, folder: Path, pool: Pool, keys: Keys) -> None:
        self._folder = folder
        self._pool = pool
        self._keys = keys

    async def put(self, sender: Sender, name: str, content: bytes, types: Collection[str] = TYPES) -> Blob:
        """Stores ``content`` for its sender and returns it with its true type, one of ``types``; raises
        :class:`BlobRefused`.

        The file is on disk before the row is committed: a row whose blob was returned has its file. Who is erased
        meanwhile is somebody new, and the file is theirs.
        """
        for _ in range(_TRIES):
            with suppress(_Erased):
                return await self._put(sender, name, content, types)
        raise OSError("whoever sends this is erased again and again")

    async def _put(self, sender: Sender, name: str, content: bytes, types: Collection[str]) -> Blob:
        import filetype  # half a megabyte that a process without uploads need not carry

        kind = filetype.guess(content)
        if kind is None or kind.mime not in types:
            raise BlobRefused
        blob = Blob(uuid7(), clean_name(name, kind.extension), kind.mime, len(content))
        path = self.path(blob.id)
        try:
            who = await self._identify(sender)
        except KeyDamaged as damaged:
            async with self._pool.connection() as connection:
                await connection.execute(RENEW_KEY, renewal_arguments(self._keys, damaged, sender.external_id))
            who = await self._identify(sender)
        await asyncio.to_thread(self._write, path, who.key, blob.id, content)
        sealed_name = seal(who.key, "blobs.name", blob.id, blob.name.encode())
        values = (blob.id, sender.account, sealed_name, blob.type, blob.size, who.identity_id, who.key.id)
        try:
            async with self._pool.connection() as connection:
                if not (await connection.execute(_INSERT, values)).rowcount:
                    raise _Erased
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return blob

    async def _identify(self, sender: Sender) -> Known:
        """Committed by itself, so that the sender's row is not locked while the disk is busy."""
        async with self._pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(IDENTIFY, identify_arguments(self._keys, sender))).fetchone()
            assert row is not None  # noqa: S101 - a function with OUT parameters always yields its row
            return known(self._keys, row)

    async def find(self, account: str, identity: str, ids: tuple[UUID, ...]) -> list[Blob]:
        """Those of ``ids`` that this sender owns, each once, in the order asked."""
        blind = identity_blind(self._keys, account, identity)
        found = {blob.id: blob for blob, _ in await self._rows(_OF_SENDER, (blind, list(ids)))}
        return [found[key] for key in dict.fromkeys(ids) if key in found]

    async def of_identities(self, identity_ids: Sequence[UUID]) -> list[Blob]:
        """Every attachment that messages of these identities name, oldest first."""
        return [blob for blob, _ in await self._rows(_OF_IDENTITIES, (list(identity_ids),))]

    async def read(self, blob_id: UUID) -> tuple[Blob, bytes] | None:
        """An attachment with its bytes; ``None`` when row, key or file is gone.

        Raises :class:`~crm_adapter.encryption.SealBroken` when the file is not what was written.
        """
        for blob, key in await self._rows(_BY_ID, (blob_id,)):
            with suppress(FileNotFoundError):
                return blob, await asyncio.to_thread(self._open, self.path(blob_id), key, blob_id)
        return None

    async def _rows(self, where: str, values: tuple[Any, ...]) -> list[tuple[Blob, DataKey]]:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute((_FIND + where).encode(), values)).fetchall()
        found = []
        for blob_id, sealed_name, type_, size, key_id, kek, wrapped in rows:
            key = self._keys.unwrap(key_id, kek, wrapped)
            name = unseal(key, "blobs.name", blob_id, sealed_name).decode()
            found.append((Blob(blob_id, name, type_, size), key))
        return found

    async def forget_unnamed(self, limit: int = 200) -> int:
        """Removes up to ``limit`` attachments that no message named within 24 h, with their files; how many."""
        async with self._pool.connection() as connection, connection.transaction():
            rows = await (await connection.execute(_FORGET, (limit,))).fetchall()
            # Before the commit: what is cut off in between is done again, and no file stays without its row.
            await self.remove_files([row[0] for row in rows])
        return len(rows)

    async def remove_files(self, ids: Sequence[UUID]) -> None:
        """Removes the bytes of attachments whose rows are gone; those that are gone already are fine."""
        await asyncio.to_thread(self._remove, [self.path(blob_id) for blob_id in ids])

    def path(self, blob_id: UUID) -> Path:
        """Where the sealed bytes are; spread over 256 folders by the id's random end."""
        return path_in(self._folder, blob_id)

    @staticmethod
    def _write(path: Path, key: DataKey, blob_id: UUID, content: bytes) -> None:
        """Returns when the file would survive a power cut."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                file.write(seal(key, "blobs.content", blob_id, content))
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent):
            sync(folder)

    @staticmethod
    def _open(path: Path, key: DataKey, blob_id: UUID) -> bytes:
        return unseal(key, "blobs.content", blob_id, path.read_bytes())

    @staticmethod
    def _remove(paths: list[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def path_in(folder: Path, blob_id: UUID) -> Path:
    """Where a store in this folder has the sealed bytes of an attachment."""
    name = blob_id.hex
    return folder / name[-2:] / f"{name}.seal"


def files_in(folder: Path) -> Iterator[tuple[UUID, Path]]:
    """Every attachment's sealed file in a store's folder, and none of what is still being written; for backups."""
    for part in sorted(folder.iterdir()) if folder.is_dir() else ():
        for path in sorted(part.iterdir()) if part.is_dir() else ():
            if named := _FILE.fullmatch(path.name):
                yield UUID(named[1]), path


def clean_name(name: str, extension: str) -> str:
    """A file name that is safe to show and to download: no path, no control characters, the true extension."""
    stem = Path(name.replace("\\", "/")).name.rpartition(".")[0] or Path(name).name
    printable = "".join(letter for letter in stem if letter.isprintable())[: MAX_NAME - len(extension) - 1].strip()
    return f"{printable or 'file'}.{extension}"
