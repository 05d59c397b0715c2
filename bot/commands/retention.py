"""``yingda retention``: removes what has been kept long enough, as the job does every night; or only counts it."""

import argparse
from datetime import UTC, datetime

from bot.commands.speech import say
from bot.commands.store import open_store
from bot.jobs.retention import enforce_retention, rules_of
from bot.privacy.promises import broken_promises
from bot.settings import read_settings
from crm_adapter.consent.purposes import PurposesFault, read_purposes


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``retention``."""
    parser = commands.add_parser("retention")
    parser.add_argument("--dry-run", action="store_true", help="only count what would go, per category")
    parser.set_defaults(run=run_retention)


async def run_retention(args: argparse.Namespace) -> int:
    """One line per category; on standard error which promises of the notices are not kept by these settings."""
    settings = read_settings()
    try:
        broken = broken_promises(read_purposes(settings.crm.purposes_file), settings.retention)
    except PurposesFault as fault:
        say(str(fault))
        return 1
    for one in broken:
        kept_for = "for good" if one.kept == "keep" else f"{one.kept} days"
        say(f"The notice of {one.purpose} promises {one.promised} days; retention.{one.category} keeps {kept_for}.")
    async with open_store(args) as engine:
        counts = await enforce_retention(settings, engine, datetime.now(UTC), dry=args.dry_run)
    kept = {rule.category: rule.days for rule in rules_of(settings)}
    for category, number in counts.items():
        days = kept.get(category, settings.retention.exports)
        print(f"{category}\t{'kept' if days == 'keep' else f'{days} days'}\t{number}")
    print("Nothing was removed." if args.dry_run else "Done.")
    return 0
