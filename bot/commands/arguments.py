"""What several commands take. Nothing heavy is imported here: `--help` answers at once."""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any


def later(place: str) -> Callable[[argparse.Namespace], Any]:
    """Runs ``module:function`` of ``bot.commands``, imported only then."""
    module, _, function = place.partition(":")

    def run(args: argparse.Namespace) -> Any:
        return getattr(import_module(f"bot.commands.{module}"), function)(args)

    return run


def add_contact(parser: argparse.ArgumentParser, name: str = "contact", metavar: str = "ID") -> None:
    """Registers the argument that :func:`bot.commands.naming.named_contact` reads."""
    parser.add_argument(name, metavar=metavar, help="a contact's id, or `last` for the newest")


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Registers ``--map``, which :func:`bot.commands.columns.read_mapping` reads, and ``--sheet``."""
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="HEADER=FIELD",
        help="what a column holds; nothing after = leaves it out",
    )
    parser.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook; else the first")
