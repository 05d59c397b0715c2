"""``yingda questionnaire``: which there are, and what customers answered (CP11, SV4)."""

import argparse

from bot.commands.arguments import later


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``questionnaire`` with its sub-commands."""
    parser = commands.add_parser("questionnaire")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the questionnaires, with their versions")
    listing.set_defaults(run=later("opinions:run_list"))
    results = actions.add_parser("results", help="how often each choice was made")
    results.add_argument("name", metavar="NAME")
    results.add_argument("--version", metavar="VERSION", help="of that version only; else of every one")
    results.add_argument("--texts", action="store_true", help="also what customers wrote; it stands in the access log")
    results.set_defaults(run=later("opinions:run_results"))
