"""``yingda contact``: what its actions take; each is run by a module of its own, imported only then."""

import argparse
from pathlib import Path
from uuid import UUID

from bot.commands.arguments import add_columns, add_contact, later


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``contact``."""
    parser = commands.add_parser("contact")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the newest contacts")
    listing.add_argument("--limit", type=int, default=20)
    listing.add_argument("--json", action="store_true", help="a line of JSON per contact")
    listing.set_defaults(run=later("contact_show:run_list"))
    showing = actions.add_parser("show", help="one contact: what is known, channels, every interaction")
    add_contact(showing)
    showing.add_argument("--limit", type=int, default=50)
    showing.add_argument("--json", action="store_true", help="a line of JSON per interaction")
    showing.add_argument("--unmask", metavar="REASON", help="show sensitive data as well, and log why")
    showing.set_defaults(run=later("contact_show:run_show"))
    _add_import(actions)
    _add_changes(actions)
    confirming = actions.add_parser("confirm", help="send a code to a phone or mail address; with --code, take it")
    add_contact(confirming)
    confirming.add_argument("target", metavar="FIELD=VALUE", type=_target, help="phone=… or email=…")
    confirming.add_argument("--code", help="what the customer reads there")
    confirming.set_defaults(run=later("contact_confirm:run_confirm"))


def _add_import(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser("import", help="contacts from a CSV or XLSX file")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--system", required=True, metavar="NAME", help="where the file comes from; its keys are unique there"
    )
    add_columns(parser)
    parser.add_argument(
        "--basis",
        help="the lawful basis, such as contract or source_agreement; without one the contacts are quarantined",
    )
    parser.add_argument("--proof", metavar="REFERENCE", help="where the basis is proven: a contract's number, a form")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write the rows that were not taken, with reasons"
    )
    parser.set_defaults(run=later("contact_import:run_import"))


def _add_changes(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    setting = actions.add_parser("set", help="set what is known of a contact")
    add_contact(setting)
    setting.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=_field, help="FIELD= empties it")
    setting.add_argument("--version", type=int, help="only when the contact is still at this version")
    setting.set_defaults(run=later("contact_changes:run_set"))
    merging = actions.add_parser("merge", help="make a contact part of another; `unmerge` takes it back")
    add_contact(merging, "source")
    add_contact(merging, "target", "INTO")
    merging.add_argument("--reason", required=True)
    merging.set_defaults(run=later("contact_changes:run_merge"))
    parting = actions.add_parser("unmerge", help="take a merge back")
    parting.add_argument("merge", metavar="MERGE", type=UUID, help="what `contact merge` printed")
    parting.set_defaults(run=later("contact_changes:run_unmerge"))


def _field(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{word} is not FIELD=VALUE")
    return name, value


def _target(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if name not in ("phone", "email") or not value:
        raise argparse.ArgumentTypeError(f"{word} is neither phone=VALUE nor email=VALUE")
    return name, value
