"""``yingda retention``: removes what has been kept long enough, as the job does every night; or only counts it."""

import argparse
from datetime import UTC, datetime

from bot.commands.store import open_store
from bot.jobs.retention import enforce_retention
from bot.settings import read_settings
from crm_adapter.rights.retention import KEPT_ORDERS_DAYS


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``retention``."""
    parser = commands.add_parser("retention", help="remove what has been kept long enough")
    parser.add_argument("--dry-run", action="store_true", help="only count what would go, per category")
    parser.set_defaults(run=run_retention)


async def run_retention(args: argparse.Namespace) -> int:
    """One line per category."""
    settings = read_settings()
    async with open_store(args) as engine:
        counts = await enforce_retention(settings, engine, datetime.now(UTC), dry=args.dry_run)
    for category, number in counts.items():
        days = getattr(settings.retention, category, KEPT_ORDERS_DAYS)
        print(f"{category}\t{'kept' if days == 'keep' else f'{days} days'}\t{number}")
    print("Nothing was removed." if args.dry_run else "Done.")
    return 0
