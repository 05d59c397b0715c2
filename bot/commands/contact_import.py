"""``yingda contact import FILE``: contacts from a CSV or XLSX file; first what would happen, then the doing."""

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.commands.columns import mapping_lines, read_mapping, told
from bot.commands.speech import say
from bot.commands.store import open_sealed_store
from bot.customers import limits_of, open_crm
from bot.settings import read_settings
from crm_adapter.imports import (
    Import,
    Importer,
    ImportFault,
    NewImport,
    create_import,
    drop_import,
    find_import,
    lawful_basis,
    rejected_csv,
    start_import,
)


async def run_import(args: argparse.Namespace) -> int:
    """0 when every row was taken, 1 when some were not or the file cannot be imported."""
    settings = read_settings()
    try:
        new = NewImport(
            name=args.file.name,
            content=args.file.read_bytes(),
            system=args.system,
            by="system:command",
            mapping=read_mapping(args.map),
            sheet=args.sheet,
            basis=lawful_basis(args.basis, args.proof),
        )
        async with open_sealed_store(args) as (engine, keys):
            import_id = await create_import(engine, keys, limits_of(settings), new)
            importer = Importer(engine, keys, open_crm(settings, engine, keys))
            await importer.work(import_id, partial(_tell, "checked"))
            if args.dry_run:
                async with engine.begin() as connection:
                    done = await find_import(connection, keys, import_id)
                    await drop_import(connection, import_id)
            else:
                async with engine.begin() as connection:
                    await start_import(connection, import_id)
                await importer.work(import_id, partial(_tell, "imported"))
                async with engine.connect() as connection:
                    done = await find_import(connection, keys, import_id)
                    if args.rejected:
                        report = [part async for part in rejected_csv(connection, keys, import_id, "en")]
                        args.rejected.write_bytes(b"".join(report))
    except OSError as fault:
        print(f"{args.file}: {fault.strerror}", file=sys.stderr)
        return 1
    except ImportFault as fault:
        print(told(fault), file=sys.stderr)
        return 1
    _print(done, dry=args.dry_run)
    return 1 if done.counts["rejected"] or done.counts["ambiguous"] else 0


def _tell(done_what: str, done: int, total: int) -> None:
    if done == total or not done % 1000:
        say(f"{done} of {total} rows {done_what}")


def _print(done: Import, *, dry: bool) -> None:
    print("This is what would happen; nothing was written." if dry else f"Import {done.id}")
    for line in mapping_lines(done.mapping, done.left_out):
        print(line)
    counts: Mapping[str, Any] = done.counts
    print("  ".join(f"{name} {number}" for name, number in counts.items() if name != "reasons"))
    for code, number in sorted(counts["reasons"].items()):
        print(f"  {code}: {number}")
    if counts["quarantined"]:
        print(
            "Without a lawful basis and its proof these contacts are kept apart and not contacted (--basis, --proof)."
        )
