"""``yingda access``: who read customer data, exports that were approved, reviews of who has access (PR2, PR4)."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from bot.commands.reader import reader
from bot.commands.store import open_sealed_store, open_store
from bot.customers import open_crm
from bot.settings import read_settings
from bot.staff.reviews import open_review_now
from bot.web.problems import describe
from crm_adapter.port import CrmFault, Refused
from crm_adapter.sharing.access import Access, list_accesses
from crm_adapter.sharing.store import SqlSharing


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``access``."""
    parser = commands.add_parser("access")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the access log, newest first")
    listing.add_argument("--actor", help="such as staff:ID or command_reader:USER")
    listing.add_argument("--contact", type=UUID, metavar="ID")
    listing.add_argument("--since", type=_moment, metavar="TIME", help="ISO 8601; without a zone it is UTC")
    listing.add_argument("--until", type=_moment, metavar="TIME")
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true", help="a line of JSON per read")
    listing.set_defaults(run=run_list)
    exporting = actions.add_parser("export", help="carry out an approved use of data: a CSV file")
    exporting.add_argument("use", type=UUID, metavar="USE", help="the id of the approved use")
    exporting.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, readable by you alone")
    exporting.set_defaults(run=run_export)
    actions.add_parser("review", help="open a review of who has access now").set_defaults(run=run_review)


def _moment(given: str) -> datetime:
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given} is no time such as 2026-11-01 or 2026-11-01T08:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def run_list(args: argparse.Namespace) -> int:
    """Prints reads of customer data; ids of customers, never what is known of them."""
    async with open_sealed_store(args) as (engine, keys), engine.begin() as connection:
        found = await list_accesses(
            connection,
            keys,
            actor=args.actor,
            contact_id=args.contact,
            since=args.since,
            until=args.until,
            limit=args.limit,
        )
    for read in found:
        print(json.dumps(asdict(read), ensure_ascii=False, default=str) if args.json else _line(read))
    return 0


async def run_export(args: argparse.Namespace) -> int:
    """Writes the rows of a use that a second person has approved; 1 when it is not, or the file is there."""
    try:
        descriptor = os.open(args.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        print(f"{args.to}: {error.strerror}", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "wb") as file:
        try:
            async with open_sealed_store(args) as (engine, keys):
                gate = SqlSharing(engine, keys, open_crm(read_settings(), engine, keys))
                result = await gate.carry_out(args.use, reader())
        except BaseException as fault:
            args.to.unlink()  # an empty file would look like an export of nobody
            if isinstance(fault, CrmFault):
                return refuse(fault)
            raise
        file.write(result.content)
    print(
        f"{result.rows} rows, {result.left_out} left out; the smallest group that looks alike: {result.smallest_group}"
    )
    return 0


async def run_review(args: argparse.Namespace) -> int:
    """Prints the review's id; 1 when one is open already."""
    settings = read_settings()
    within = timedelta(days=settings.crm.access_review_within_days)
    async with open_store(args) as engine, engine.begin() as connection:
        review_id = await open_review_now(connection, within, datetime.now(UTC))
    if review_id is None:
        return refuse(Refused("review_open"))
    print(review_id)
    return 0


def refuse(fault: CrmFault) -> int:
    """Says why on standard error; 1."""
    title, detail = describe(getattr(fault, "code", "unknown_record"), "en")
    print(f"{title}. {detail}", file=sys.stderr)
    return 1


def _line(read: Access) -> str:
    whom = ", ".join(map(str, read.contact_ids[:3])) + (" …" if len(read.contact_ids) > 3 else "")
    why = read.purpose if read.reason is None else f"{read.purpose}: {read.reason}"
    return f"{read.at:%Y-%m-%d %H:%M:%S}  {read.actor}  {read.action}  {len(read.contact_ids)} [{whom}]  {why}"
