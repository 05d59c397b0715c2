"""``yingda lab``: the server with an emulated WeChat beside it, and a phone to try them with."""

import argparse
import os
import sys
import webbrowser

from bot.commands.speech import say, spoken_locale
from bot.lab.phones import FAULTS
from bot.lab.running import run_lab
from bot.lab.surroundings import surroundings_of

MOST_USERS = 100_000


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``lab``."""
    parser = commands.add_parser("lab")
    parser.add_argument("--users", type=_count, default=3, metavar="N", help="how many phones there are (3)")
    parser.add_argument("--two", action="store_true", help="two servers share the account")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        choices=sorted(FAULTS),
        help="goes wrong from the start; may be repeated",
    )
    parser.add_argument("--open", action="store_true", help="open the phone in a browser")
    parser.add_argument("--locale", choices=("zh-Hans", "zh-Hant", "en"), help="the language of its lines")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace) -> int:
    """Serves until stopped; 0 after that, 1 when a part of it ended by itself."""
    surroundings = surroundings_of(os.environ, servers=2 if args.two else 1, readable=sys.stderr.isatty())
    show = webbrowser.open if args.open else None
    locale = args.locale or spoken_locale()
    return await run_lab(surroundings, say, locale, users=args.users, faults=args.fault, show=show)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MOST_USERS:
        raise argparse.ArgumentTypeError(f"0 to {MOST_USERS}")
    return number
