"""Attachments: bytes in a folder, one row each in ``bot.blobs``; the type is what the bytes say, not the sender."""

import asyncio
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import filetype
from uuid_utils.compat import uuid7

from bot.storage.pool import Pool

TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
MAX_NAME = 120
_INSERT = (
    """INSERT INTO bot.blobs (id, account, identity, name, type, size, sha256) VALUES (%s, %s, %s, %s, %s, %s, %s)"""
)
_FIND = """SELECT id, name, type, size FROM bot.blobs WHERE account = %s AND identity = %s AND id = ANY(%s)"""
# Looks no further back than a week, or every file ever sent would be looked up again each time.
_FORGET = """
DELETE FROM bot.blobs WHERE id IN (
    SELECT b.id FROM bot.blobs b
     WHERE b.created_at BETWEEN now() - interval '8 days' AND now() - interval '24 hours'
       AND NOT EXISTS (
           SELECT FROM bot.conversations c JOIN bot.messages m ON m.conversation_id = c.id
            WHERE c.identity_id = crm.find_identity(b.account, b.identity)
              AND m.body -> 'attachments' @> jsonb_build_array(jsonb_build_object('id', b.id::text)))
     LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class BlobRefused(ValueError):
    """The bytes are none of :data:`TYPES`."""


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

    def __init__(self, folder: Path, pool: Pool) -> None:
        self._folder = folder
        self._pool = pool

    async def put(self, account: str, identity: str, name: str, content: bytes) -> Blob:
        """Stores ``content`` for its sender and returns it with its true type; raises :class:`BlobRefused`.

        The file is on disk before the row is committed: a row whose blob was returned has its file.
        """
        kind = filetype.guess(content)
        if kind is None or kind.mime not in TYPES:
            raise BlobRefused
        blob = Blob(uuid7(), clean_name(name, kind.extension), kind.mime, len(content))
        path = self.path(blob.id)
        digest = await asyncio.to_thread(self._write, path, content)
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_INSERT, (blob.id, account, identity, blob.name, blob.type, blob.size, digest))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return blob

    async def find(self, account: str, identity: str, ids: tuple[UUID, ...]) -> list[Blob]:
        """Those of ``ids`` that this sender owns, each once, in the order asked."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_FIND, (account, identity, list(ids)))).fetchall()
        found = {row[0]: Blob(*row) for row in rows}
        return [found[key] for key in dict.fromkeys(ids) if key in found]

    async def forget_unnamed(self, limit: int = 200) -> int:
        """Removes up to ``limit`` attachments that no message named within 24 h, with their files; how many."""
        async with self._pool.connection() as connection, connection.transaction():
            rows = await (await connection.execute(_FORGET, (limit,))).fetchall()
            # Before the commit: what is cut off in between is done again, and no file stays without its row.
            await asyncio.to_thread(self._remove, [self.path(row[0]) for row in rows])
        return len(rows)

    def path(self, blob_id: UUID) -> Path:
        """Where the bytes are; spread over 256 folders by the id's random end."""
        name = blob_id.hex
        return self._folder / name[-2:] / name

    @staticmethod
    def _write(path: Path, content: bytes) -> bytes:
        """Returns when the file would survive a power cut; gives its digest."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent):
            _sync(folder)
        return hashlib.sha256(content).digest()

    @staticmethod
    def _remove(paths: list[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    # A name is in its folder for good only when the folder itself is on disk.
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def clean_name(name: str, extension: str) -> str:
    """A file name that is safe to show and to download: no path, no control characters, the true extension."""
    stem = Path(name.replace("\\", "/")).name.rpartition(".")[0] or Path(name).name
    printable = "".join(letter for letter in stem if letter.isprintable())[: MAX_NAME - len(extension) - 1].strip()
    return f"{printable or 'file'}.{extension}"
