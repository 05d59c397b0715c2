"""``yingda survey``: satisfaction, recommendation, and which answers did not help (KP1, KP2)."""

import argparse

from bot.commands.arguments import later


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``survey`` with its sub-commands."""
    parser = commands.add_parser("survey")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    results = actions.add_parser("results", help="satisfaction (1 to 5) and NPS (0 to 10)")
    results.add_argument(
        "--reasons", action="store_true", help="also what customers wrote; it stands in the access log"
    )
    results.set_defaults(run=later("opinions:run_survey"))
    answers = actions.add_parser("answers", help="how often an article's answer helped, the least helpful first")
    answers.set_defaults(run=later("opinions:run_answers"))
    for each in (results, answers):
        each.add_argument("--days", type=int, default=90, metavar="N", help="of the last so many days (90)")
