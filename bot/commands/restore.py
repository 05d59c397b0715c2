"""``yingda restore``: puts a backup back; erased people stay erased."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bot.backup import BackupFault, restore
from bot.backup.faults import writing
from bot.backup.restore import open_backup
from bot.commands.backup import ERASURES
from bot.commands.speech import say
from bot.logs import start_logging
from bot.settings import Settings, read_settings
from bot.storage.database import Addresses, make_engine, open_database
from bot.storage.keyring import keyring_path, open_keys
from bot.urls import libpq_url
from crm_adapter.rights.erasure_log import Entry, append, complete, read_log


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``restore``."""
    parser = commands.add_parser("restore")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into-database-url", help="another database than that of the settings, as its owner")
    parser.add_argument("--replace", action="store_true", help="lose what the store holds now")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when everything is back and counted."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    if settings.keys.ring is None and not keyring_path(settings).exists():
        raise BackupFault(f"{keyring_path(settings)} is missing: bring back the keyring first, the backup needs it")
    ring = open_keys(settings).ring
    source = open_backup(args.folder, ring, say)
    try:
        with _target(settings, args.into_database_url) as into:
            with writing(settings.var_dir):
                erasures = _erasures(settings, into, args.folder)
            done = restore(source, into, settings.var_dir / "blobs", ring, erasures, say, replace=args.replace)
    except psycopg.OperationalError as error:
        # Only the first line, which names host and role: others may quote rows.
        raise BackupFault(f"the database cannot be used: {str(error).strip().partition(chr(10))[0]}") from None
    print(f"Restored the backup of {done.made_at}: {done.rows} rows, {done.blobs} files.")
    if done.erased_again:
        print(f"{done.erased_again} erasures were younger than the backup and were done again.")
    return 0


@contextmanager
def _target(settings: Settings, url: str | None) -> Iterator[Addresses]:
    if url:
        yield Addresses(url, url)
    else:
        with open_database(settings, say) as addresses:
            yield addresses


def _erasures(settings: Settings, into: Addresses, folder: Path) -> list[Entry]:
    """All that is known of: in the log, beside the backup, and in the store that is to be replaced."""
    log = settings.var_dir / ERASURES
    known = {entry.id for entry in read_log(log)}
    append(log, [entry for entry in read_log(folder / ERASURES) if entry.id not in known])
    if _has_erasures(into.owner_url):
        asyncio.run(_complete(settings, into, log))
    return read_log(log)


def _has_erasures(url: str) -> bool:
    with psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
        row = connection.execute("SELECT to_regclass('crm.erasures') IS NOT NULL").fetchone()
    return row == (True,)


async def _complete(settings: Settings, into: Addresses, log: Path) -> None:
    engine = make_engine(into.owner_url, settings)
    try:
        async with engine.connect() as connection:
            await complete(connection, log)
    finally:
        await engine.dispose()
