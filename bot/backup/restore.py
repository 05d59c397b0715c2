"""``yingda restore``: data, then keys, then the erasures again, so that nobody comes back (PR5)."""

import asyncio
import os
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from bot.backup.faults import ArchiveDamaged, BackupFault, writing
from bot.backup.make import DATABASE
from bot.backup.manifest import KEYS, Manifest, check_file, newest, read_manifest
from bot.backup.parts import read_parts
from bot.backup.postgres import connect, load, require
from bot.backup.stream import read_stream
from bot.backup.tables import (
    begin_restore,
    count_rows,
    end_restore,
    finish_loading,
    forget_imported_rows,
    is_filled,
    is_in_use,
    known_blobs,
    prepare_loading,
    rebase_changes,
    relations,
    settle_outgoing,
)
from bot.storage.blobs import path_in
from bot.storage.database import Addresses
from bot.storage.migrate import alembic_config, migrate
from bot.urls import sqlalchemy_url
from crm_adapter.encryption import Keyring, Keys
from crm_adapter.rights.erasure_log import Entry, replay

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """``erased_again``: how many erasures the backup was older than."""

    made_at: str
    rows: int
    blobs: int
    erased_again: int


@dataclass(frozen=True, slots=True)
class Source:
    """A backup whose manifests, sums and every chunk have been checked."""

    folder: Path
    data: Manifest
    keys: Manifest

    @property
    def counts(self) -> dict[str, int]:
        """Rows per table, over both archives."""
        return {**self.data.counts, **self.keys.counts}


def open_backup(folder: Path, ring: Keyring, say: Say) -> Source:
    """The newest backup of the folder, checked to its last byte. Raises :class:`BackupFault`."""
    data = read_manifest(newest(folder), ring)
    keys = read_manifest(folder / KEYS, ring)
    for manifest in (data, keys):
        say(f"Checking {manifest.file} …")
        check_file(folder, manifest)
        for _ in _parts(folder, manifest, ring):
            pass
    return Source(folder, data, keys)


def restore(
    source: Source,
    into: Addresses,
    blobs: Path,
    ring: Keyring,
    erasures: list[Entry],
    say: Say,
    *,
    replace: bool = False,
) -> Restored:
    """Puts the backup into the database and the folder of files.

    Raises :class:`BackupFault` for a store that is not empty (unless ``replace``) or in use, and for a backup that
    cannot be put back here, before anything is changed there; and when in the end the counts are not those of the
    manifest. Broken off, it leaves a store on which nothing starts, to be restored again.
    """
    _refuse_unknown(source.data.heads)
    require(into.owner_url, "pg_restore")
    with connect(into.owner_url) as connection:
        if is_filled(connection) and not replace:
            raise BackupFault("the store is not empty: restore into an empty one, or say --replace to lose what it has")
        if is_in_use(connection):
            raise BackupFault("a server or another command uses the store: stop all of them, then restore")
        say("Making the schema …")
        begin_restore(connection)
    _migrate_to(source.data.heads, into.owner_url)
    with connect(into.owner_url) as connection:
        tables = [*relations(connection, "data")[0], *relations(connection, "keys")[0]]
        prepare_loading(connection, tables)
    parts = _parts(source.folder, source.data, ring)
    _load(into.owner_url, parts, source.data, say)
    _load(into.owner_url, _parts(source.folder, source.keys, ring), source.keys, say)
    with connect(into.owner_url) as connection:
        finish_loading(connection, tables)
        _compare(source.counts, count_rows(connection, tables))
        rebase_changes(connection)
    migrate(into.owner_url, into.application_url, Keys(lambda: ring))
    say(f"Replaying {len(erasures)} erasures …")
    again = asyncio.run(_replay(into.owner_url, erasures))
    with connect(into.owner_url) as connection:
        settle_outgoing(connection)
        if erasures:
            forget_imported_rows(connection)
        known = known_blobs(connection)
    with writing(blobs):
        number = sum(_write_blob(blobs, name, content, known) for name, content in parts)
    with connect(into.owner_url) as connection:
        end_restore(connection)
    return Restored(source.data.made_at, sum(source.counts.values()), number, again)


def _parts(folder: Path, manifest: Manifest, ring: Keyring) -> Iterator[tuple[str, Iterator[bytes]]]:
    with (folder / Path(manifest.file).name).open("rb") as file:
        yield from read_parts(read_stream(file, ring, manifest.kind, manifest.archive_id))


def _load(url: str, parts: Iterator[tuple[str, Iterator[bytes]]], manifest: Manifest, say: Say) -> None:
    name, content = next(parts)
    if name != DATABASE:
        raise ArchiveDamaged(f"the {manifest.kind} archive does not begin with the database")
    say(f"Restoring {manifest.kind}: {sum(manifest.counts.values())} rows …")
    load(url, content)


def _migrate_to(heads: list[str], owner_url: str) -> None:
    """The schema as it was when the backup was made; what came later is done to the restored rows."""
    engine = create_engine(sqlalchemy_url(owner_url), connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            for head in heads:
                command.upgrade(alembic_config(connection), head)
    finally:
        engine.dispose()


def _refuse_unknown(heads: list[str]) -> None:
    try:
        ScriptDirectory.from_config(alembic_config()).get_revisions(heads)
    except CommandError:
        raise BackupFault(f"this release does not know the schema {', '.join(heads)}: take a newer one") from None


def _compare(wanted: dict[str, int], found: dict[str, int]) -> None:
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name, 0) != found.get(name, 0))
    if wrong:
        told = ", ".join(f"{name} ({found.get(name, 0)} of {wanted.get(name, 0)})" for name in wrong)
        raise BackupFault(f"these tables do not have the rows of the manifest: {told}")


async def _replay(url: str, erasures: list[Entry]) -> int:
    engine = create_async_engine(sqlalchemy_url(url), hide_parameters=True, connect_args={"connect_timeout": 10})
    try:
        async with engine.begin() as connection:
            return await replay(connection, erasures)
    finally:
        await engine.dispose()


def _write_blob(folder: Path, name: str, content: Iterable[bytes], known: Container[UUID]) -> bool:
    """``False`` for one that the restored store does not name."""
    try:
        blob_id = UUID(name.removeprefix("blob/"))
    except ValueError:
        raise ArchiveDamaged("the data archive names a file that is none of ours") from None
    if blob_id not in known:
        return False
    path = path_in(folder, blob_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        for piece in content:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return True
