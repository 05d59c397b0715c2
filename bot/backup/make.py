"""``yingda backup``: both archives of one snapshot."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from bot.backup.manifest import KEYS, Manifest, sha256_of, write_manifest
from bot.backup.parts import end_parts, write_part
from bot.backup.postgres import connect, dump
from bot.backup.stream import SealingWriter
from bot.backup.tables import count_rows, heads, relations
from crm_adapter.encryption import Keyring

Say = Callable[[str], None]
DATABASE = "database"
_PIECE = 1 << 18
_MEGABYTE = 1 << 20
_TELL_EVERY = 64 * _MEGABYTE
BLOB_NAME = re.compile(r"[0-9a-f]{32}")


def make_backup(owner_url: str, blobs: Path, ring: Keyring, folder: Path, say: Say) -> tuple[Manifest, Manifest]:
    """Writes data and keys as they are at one moment; the older generation of the keys is gone afterwards.

    Broken off at any point it leaves the last complete backup usable. Raises
    :class:`~bot.backup.faults.BackupFault`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    with connect(owner_url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        made = {
            kind: _archive(connection, owner_url, snapshot, kind, stamp, ring, folder, _files(kind, blobs), say)
            for kind in ("data", "keys")
        }
        connection.rollback()
    # The keys first: data without its keys is worth nothing, keys without their data do no harm.
    write_manifest(folder / KEYS, made["keys"], ring)
    write_manifest(folder / f"data-{stamp}.json", made["data"], ring)
    for older in folder.glob("keys-*.yd"):
        if older.name != made["keys"].file:
            older.unlink()
    for broken in folder.glob("*.part"):
        broken.unlink()
    return made["data"], made["keys"]


def _archive(
    connection: psycopg.Connection,
    url: str,
    snapshot: str,
    kind: str,
    stamp: str,
    ring: Keyring,
    folder: Path,
    blobs: Iterable[Path],
    say: Say,
) -> Manifest:
    tables, sequences = relations(connection, kind)
    counts = count_rows(connection, tables)
    say(f"Writing {kind}: {sum(counts.values())} rows in {len(tables)} tables …")
    path = folder / f"{kind}-{stamp}.yd"
    part = path.with_suffix(".part")
    number = 0
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        writer = SealingWriter(file, ring, kind)
        write_part(writer, DATABASE, _telling(dump(url, snapshot, (*tables, *sequences)), say))
        for blob in blobs:
            if _write_blob(writer, blob):
                number += 1
                if number % 1000 == 0:
                    say(f"  {number} files")
        end_parts(writer)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return Manifest(
        kind=kind,
        archive=str(writer.archive),
        file=path.name,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        made_at=stamp,
        program=version("yingda"),
        heads=heads(connection),
        counts=counts,
        blobs=number,
    )


def _files(kind: str, blobs: Path) -> Iterator[Path]:
    if kind == "data" and blobs.is_dir():
        for folder in sorted(blobs.iterdir()):
            if folder.is_dir():
                yield from (path for path in sorted(folder.iterdir()) if BLOB_NAME.fullmatch(path.name))


def _write_blob(writer: SealingWriter, path: Path) -> bool:
    """``False`` for one that was removed in the meantime."""
    try:
        with path.open("rb") as file:
            write_part(writer, f"blob/{path.name}", iter(lambda: file.read(_PIECE), b""))
    except FileNotFoundError:
        return False
    return True


def _telling(content: Iterable[bytes], say: Say) -> Iterator[bytes]:
    size = told = 0
    for piece in content:
        yield piece
        size += len(piece)
        if size - told >= _TELL_EVERY:
            told = size
            say(f"  {size // _MEGABYTE} MB")
