"""``yingda test``: plays conversations written in Rasa's end-to-end format, on a store of their own."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bot.commands.speech import say
from bot.flows.reading import FlowFaults
from bot.logs import start_logging
from bot.rehearsal.conversations.playing import Departure, Player
from bot.rehearsal.conversations.reading import read_cases
from bot.rehearsal.conversations.script import Case
from bot.rehearsal.conversations.stage import furnish, open_stage
from bot.settings import Settings, read_settings
from bot.settings.customers import KeysSection
from bot.settings.outgoing import Mail, Sms
from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres

CONVERSATIONS = Path("tests/conversations")


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``test``."""
    parser = commands.add_parser("test")
    parser.add_argument("paths", nargs="*", type=Path, help=f"files or folders; by default {CONVERSATIONS}")
    parser.add_argument("--only", default="", metavar="WORDS", help="only cases with these words in file or name")
    parser.add_argument("--show", action="store_true", help="print what is said")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when every conversation goes as written, 1 when one does not, 2 when a file cannot be read."""
    try:
        cases = [case for case in read_cases(args.paths or [CONVERSATIONS]) if args.only in f"{case.file} {case.name}"]
    except (FlowFaults, OSError) as faults:
        print(faults, file=sys.stderr)
        return 2
    if not cases:
        print("There is no conversation to play.", file=sys.stderr)
        return 2
    settings = read_settings()
    start_logging(settings, quiet=True)
    with tempfile.TemporaryDirectory(prefix="yd-") as folder, EmbeddedPostgres(Path(folder) / "pg") as database:
        own = _apart(settings, Path(folder))
        addresses = Addresses(database.owner_url, database.application_url)
        furnish(own, addresses)
        began = time.monotonic()
        departures = asyncio.run(_play(own, addresses, cases, show=args.show))
    for departure in departures:
        print(departure)
    failed = len({(departure.case.file, departure.case.line) for departure in departures})
    print(f"{len(cases) - failed} of {len(cases)} conversations went as written ({time.monotonic() - began:.1f} s)")
    return 1 if departures else 0


async def _play(settings: Settings, addresses: Addresses, cases: list[Case], *, show: bool) -> list[Departure]:
    async with open_stage(settings, addresses, say) as stage:
        player = Player(stage, print if show else None)
        return [departure for case in cases for departure in await player.play(case)]


def _apart(settings: Settings, folder: Path) -> Settings:
    """The company's settings with a store of their own, and without a way out for mail and text messages."""
    own = {"database_url": None, "owner_database_url": None, "redis_url": None, "var_dir": folder, "demo": True}
    return settings.model_copy(update={**own, "keys": KeysSection(), "mail": Mail(), "sms": Sms()})
