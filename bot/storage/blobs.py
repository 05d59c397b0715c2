"""Attachments: bytes in a folder, one row each in ``bot.blobs``; the type is what the bytes say, not the sender."""

import hashlib
import os
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

        The file is on disk before the row is committed: a row without its file cannot be.
        """
        kind = filetype.guess(content)
        if kind is None or kind.mime not in TYPES:
            raise BlobRefused
        blob = Blob(uuid7(), clean_name(name, kind.extension), kind.mime, len(content))
        self._write(self.path(blob.id), content)
        digest = hashlib.sha256(content).digest()
        async with self._pool.connection() as connection:
            await connection.execute(_INSERT, (blob.id, account, identity, blob.name, blob.type, blob.size, digest))
        return blob

    async def find(self, account: str, identity: str, ids: tuple[UUID, ...]) -> list[Blob]:
        """Those of ``ids`` that this sender owns, in the order asked."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_FIND, (account, identity, list(ids)))).fetchall()
        found = {row[0]: Blob(*row) for row in rows}
        return [found[key] for key in ids if key in found]

    def path(self, blob_id: UUID) -> Path:
        """Where the bytes are; spread over 256 folders by the id's random end."""
        name = blob_id.hex
        return self._folder / name[-2:] / name

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)


def clean_name(name: str, extension: str) -> str:
    """A file name that is safe to show and to download: no path, no control characters, the true extension."""
    stem = Path(name.replace("\\", "/")).name.rpartition(".")[0] or Path(name).name
    printable = "".join(letter for letter in stem if letter.isprintable())[: MAX_NAME - len(extension) - 1].strip()
    return f"{printable or 'file'}.{extension}"
