"""``yingda backup``: writes a sealed backup, or verifies one by restoring it into a scratch database."""

import argparse
import asyncio
from pathlib import Path

from bot.backup import make_backup, verify
from bot.backup.faults import writing
from bot.backup.restore import Source
from bot.commands.speech import say
from bot.commands.store import open_addresses
from bot.logs import start_logging
from bot.settings import read_settings
from bot.storage.database import make_engine
from bot.storage.keyring import open_keys
from crm_adapter.rights.erasure_log import append, complete, read_log

ERASURES = "erasures.jsonl"


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``backup``."""
    parser = commands.add_parser("backup", usage="yingda backup [verify] FOLDER")
    parser.add_argument(
        "words", nargs="+", metavar="FOLDER", help="`verify FOLDER` restores it into a scratch database"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the backup was written, or could be restored; 2 for wrong usage."""
    match args.words:
        case ["verify", folder]:
            return _verify(Path(folder))
        case [folder] if folder != "verify":
            return _make(Path(folder))
    say("usage: yingda backup [verify] FOLDER")
    return 2


def _make(folder: Path) -> int:
    settings = read_settings()
    start_logging(settings, quiet=True)
    with open_addresses(settings) as addresses:
        log = settings.var_dir / ERASURES

        async def complete_log() -> None:
            engine = make_engine(addresses.application_url, settings)
            try:
                async with engine.connect() as connection:
                    await complete(connection, log)
            finally:
                await engine.dispose()

        with writing(settings.var_dir):
            asyncio.run(complete_log())
        data, keys = make_backup(addresses.owner_url, settings.var_dir / "blobs", open_keys(settings).ring, folder, say)
    with writing(folder):
        known = {entry.id for entry in read_log(folder / ERASURES)}
        append(folder / ERASURES, (entry for entry in read_log(log) if entry.id not in known))
    rows, size = sum(Source(folder, data, keys).counts.values()), data.size + keys.size
    print(f"The backup of {data.made_at} is written: {_told(rows, data.blobs)}, {size} bytes.")
    print(f"  {folder / data.file}")
    print(f"  {folder / keys.file}")
    say("Without the keyring it cannot be read: keep a copy of the keyring somewhere else than the backup.")
    return 0


def _verify(folder: Path) -> int:
    settings = read_settings()
    start_logging(settings, quiet=True)
    done = verify(folder, open_keys(settings).ring, say)
    print(f"The backup of {done.made_at} can be restored: {_told(done.rows, done.blobs)}.")
    return 0


def _told(rows: int, files: int) -> str:
    """Rows of both archives, data and keys: what a restore counts."""
    return f"{rows} rows, {files} files"
