"""``yingda backup``: both archives of one snapshot."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import psycopg

from bot.backup.faults import BackupFault, writing
from bot.backup.folder import alone_in
from bot.backup.manifest import KEYS, Manifest, read_manifest, sha256_of, write_manifest
from bot.backup.parts import end_parts, write_part
from bot.backup.postgres import connect, dump
from bot.backup.stream import SealingWriter
from bot.backup.tables import count_rows, heads, known_blobs, relations
from bot.storage.blobs import files_in
from crm_adapter.encryption import Keyring

Say = Callable[[str], None]
DATABASE = "database"
_PIECE = 1 << 18
_MEGABYTE = 1 << 20
_TELL_EVERY = 64 * _MEGABYTE


def make_backup(owner_url: str, blobs: Path, ring: Keyring, folder: Path, say: Say) -> tuple[Manifest, Manifest]:
    """Writes data and keys as they are at one moment; the older generation of the keys is gone afterwards.

    Broken off at any point it leaves the last complete backup usable, and nothing half-written where it can still
    remove it. Raises :class:`~bot.backup.faults.BackupFault`.
    """
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone_in(folder):
            return _make(owner_url, blobs, ring, folder, say)


def _make(owner_url: str, blobs: Path, ring: Keyring, folder: Path, say: Say) -> tuple[Manifest, Manifest]:
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    try:
        made = _archives(owner_url, blobs, ring, folder, stamp, say)
        # The keys first: data without its keys is worth nothing, keys without their data do no harm.
        write_manifest(folder / KEYS, made["keys"], ring)
        write_manifest(folder / f"data-{stamp}.json", made["data"], ring)
    except BaseException:
        with suppress(OSError, BackupFault):
            _forget_unnamed(folder, stamp, ring)
        raise
    _forget_older(folder, made["keys"].file)
    return made["data"], made["keys"]


def _forget_unnamed(folder: Path, stamp: str, ring: Keyring) -> None:
    """What a backup that was broken off has left; the keys that are in place by then stay, and those before go."""
    keys = read_manifest(folder / KEYS, ring).file if (folder / KEYS).exists() else None
    for path in folder.glob(f"*-{stamp}.*"):
        if path.name != keys:
            path.unlink()
    if keys is not None:
        _forget_older(folder, keys)


def _forget_older(folder: Path, keys: str) -> None:
    for path in (*folder.glob("keys-*.yd"), *folder.glob("*.part")):
        if path.name != keys:
            path.unlink(missing_ok=True)


def _archives(owner_url: str, blobs: Path, ring: Keyring, folder: Path, stamp: str, say: Say) -> dict[str, Manifest]:
    with connect(owner_url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        made = {
            kind: _archive(connection, owner_url, snapshot, kind, stamp, ring, folder, files, say)
            for kind, files in (("data", files_in(blobs)), ("keys", iter(())))
        }
        connection.rollback()
    return made


def _archive(
    connection: psycopg.Connection,
    url: str,
    snapshot: str,
    kind: str,
    stamp: str,
    ring: Keyring,
    folder: Path,
    blobs: Iterable[tuple[UUID, Path]],
    say: Say,
) -> Manifest:
    tables, sequences = relations(connection, kind)
    counts = count_rows(connection, tables)
    say(f"Writing {kind}: {sum(counts.values())} rows in {len(tables)} tables …")
    path = folder / f"{kind}-{stamp}.yd"
    part = path.with_suffix(".part")
    number, missing = 0, known_blobs(connection) if kind == "data" else set()
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        writer = SealingWriter(file, ring, kind)
        write_part(writer, DATABASE, _telling(dump(url, snapshot, (*tables, *sequences)), say))
        for blob_id, blob in blobs:
            if _write_blob(writer, blob_id, blob):
                number += 1
                missing.discard(blob_id)
                if number % 1000 == 0:
                    say(f"  {number} files")
        end_parts(writer)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    if missing:
        say(f"{len(missing)} files that the store names are not where it keeps its files, and not in this backup.")
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


def _write_blob(writer: SealingWriter, blob_id: UUID, path: Path) -> bool:
    """``False`` for one that was removed in the meantime."""
    try:
        with path.open("rb") as file:
            write_part(writer, f"blob/{blob_id.hex}", iter(lambda: file.read(_PIECE), b""))
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
