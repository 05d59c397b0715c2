"""``yingda customers``: assess everybody now, count segments, import orders."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from bot.commands.arguments import add_columns
from bot.commands.columns import mapping_lines, read_mapping, told
from bot.commands.store import open_customers, open_store
from bot.customers import limits_of
from bot.settings import read_settings
from bot.web.problems import describe
from crm_adapter.customers import fault_text
from crm_adapter.imports.errors import ImportFault
from crm_adapter.port import BadField
from crm_adapter.records.value import BadSegment
from crm_adapter.sql_store import SqlStore
from crm_adapter.value.following import assess_everybody
from crm_adapter.value.order_file import Read, Rejected, read_orders_file
from crm_adapter.value.rules_file import RulesFault, load_rules

PIECE = 200
"""How many orders are stored in one transaction."""
BY = "system:command-line"


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``customers``."""
    parser = commands.add_parser("customers")
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    assess = parts.add_parser("assess", help="class, stage and tags of everybody, now instead of tonight")
    assess.add_argument("--check", action="store_true", help="only say whether the rules file is right; no database")
    assess.set_defaults(run=run_assess)

    segments = parts.add_parser("segment", help="saved filters over customers").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    segments.add_parser("list", help="the saved ones, with how many customers each holds").set_defaults(run=run_list)
    count = segments.add_parser("count", help="how many customers a filter holds")
    count.add_argument("condition", help='JSON, such as \'{"field": "value_class", "is": "high"}\'')
    count.set_defaults(run=run_count)
    save = segments.add_parser("save", help="save a filter under a name")
    save.add_argument("name")
    save.add_argument("condition", help="JSON")
    save.set_defaults(run=run_save)

    orders = parts.add_parser("order", help="orders").add_subparsers(dest="action", required=True, metavar="ACTION")
    load = orders.add_parser("import", help="take orders from a CSV or XLSX file")
    load.add_argument("file", type=Path)
    load.add_argument("--source", required=True, help="which system they come from; references are unique in it")
    add_columns(load)
    load.add_argument("--dry-run", action="store_true", help="say what would happen, store nothing")
    load.set_defaults(run=run_import)


async def run_assess(args: argparse.Namespace) -> int:
    """Prints how many customers changed; 1 with the place in the rules file when it is faulty."""
    try:
        rules = load_rules(read_settings().crm.rules_file)
    except RulesFault as fault:
        print(fault, file=sys.stderr)
        return 1
    if args.check:
        print(f"{len(rules.value_class)} + {len(rules.stage)} rules, {len(rules.tags)} tags, no fault")
        return 0
    started = perf_counter()
    async with open_store(args) as engine:
        _, changed = await assess_everybody(engine, rules)
    print(f"{changed} customers changed, {perf_counter() - started:.1f} s")
    return 0


async def run_list(args: argparse.Namespace) -> int:
    """A line per segment: count and name."""
    async with open_customers(args) as crm:
        for segment in await crm.segments():
            print(await crm.count_segment(segment.condition), segment.name, sep="\t")
    return 0


async def run_count(args: argparse.Namespace) -> int:
    """Prints the count; 1 with the place of what is wrong."""
    try:
        async with open_customers(args) as crm:
            print(await crm.count_segment(_condition(args.condition)))
    except BadSegment as bad:
        print(_words(bad), file=sys.stderr)
        return 1
    return 0


async def run_save(args: argparse.Namespace) -> int:
    """Prints the segment's id; 1 with the place of what is wrong."""
    try:
        async with open_customers(args) as crm:
            print((await crm.save_segment(args.name, _condition(args.condition), BY)).id)
    except (BadSegment, BadField) as bad:
        print(_words(bad), file=sys.stderr)
        return 1
    return 0


async def run_import(args: argparse.Namespace) -> int:
    """A line per rejected row, then the counts; 1 when a row was rejected or the file is none of orders."""
    try:
        content, mapping = await asyncio.to_thread(args.file.read_bytes), read_mapping(args.map)
        read = read_orders_file(content, args.source, limits_of(read_settings()), mapping, sheet=args.sheet)
    except OSError as fault:
        print(f"{args.file}: {fault.strerror}", file=sys.stderr)
        return 1
    except ImportFault as fault:
        print(f"{args.file}: {told(fault)}", file=sys.stderr)
        return 1
    async with open_customers(args) as crm:
        counts, rejected = await _take(crm, read, dry_run=args.dry_run)
    for line in mapping_lines(read.columns.by_header, read.columns.left_out):
        print(line)
    for one in sorted((*read.rejected, *rejected), key=lambda one: one.line):
        print(f"line {one.line}: {one.field}: {fault_text(one.code, 'en')}")
    total = len(read.rejected) + len(rejected)
    sums = ", ".join(f"{counts[state]} {state}" for state in ("created", "updated", "unchanged"))
    print(f"{sums}, {total} rejected" + (" (dry run: nothing was stored)" if args.dry_run else ""))
    return 1 if total else 0


async def _take(crm: SqlStore, read: Read, *, dry_run: bool) -> tuple[dict[str, int], list[Rejected]]:
    counts, rejected = {"created": 0, "updated": 0, "unchanged": 0}, []
    for start in range(0, len(read.orders), PIECE):
        outcomes = await crm.take_orders(read.orders[start : start + PIECE], dry_run=dry_run)
        for line, outcome in zip(read.lines[start : start + PIECE], outcomes, strict=True):
            if outcome.state == "rejected":
                rejected.append(Rejected(line, outcome.field or "", outcome.code or ""))
            else:
                counts[outcome.state] += 1
    return counts, rejected


def _words(bad: BadSegment | BadField) -> str:
    if isinstance(bad, BadField):
        return f"{bad.field}: {fault_text(bad.code, 'en')}"
    return describe("bad_segment", "en", {"reason": bad.code, "place": bad.place}).detail


def _condition(text: str) -> dict[str, object]:
    try:
        condition = json.loads(text)
    except (ValueError, RecursionError):
        raise BadSegment("no_json", "condition") from None
    if not isinstance(condition, dict):
        raise BadSegment("not_a_condition", "condition")
    return condition
