"""``yingda consent``: prove the ledgers, sign checkpoints, rebuild what stands, show a customer's choices."""

import argparse
import sys
import time
from pathlib import Path

from bot.commands.arguments import add_contact
from bot.commands.naming import named_contact, refuse_unknown
from bot.commands.reader import log_read
from bot.commands.store import open_customers, open_sealed_store
from bot.customers import open_crm
from bot.settings import read_settings
from crm_adapter.ledger.checkpoints import (
    BadCheckpoint,
    Checkpoint,
    make_checkpoints,
    parse_checkpoints,
    read_checkpoints,
)
from crm_adapter.ledger.proof import Proof, keep_proofs, prove_chains
from crm_adapter.ledger.sequencer import link_all
from crm_adapter.port import UnknownRecord
from crm_adapter.records.consent import ConsentEntry

_MEANING = {
    "hash_wrong": "the event, or its link, was changed",
    "previous_wrong": "the link does not follow the link before it: something was taken out or moved",
    "signature_wrong": "the chain was written anew by somebody without the key",
    "link_missing": "the link at this position is gone",
    "event_missing": "the event is gone",
    "event_unlinked": "the event was inserted past the ledger, or its link was taken away",
    "end_unsigned": "the last link was not made by the sequencer, or links behind it were cut off",
    "chain_cut": "a signed checkpoint knows of more links: the end was cut off",
    "checkpoint_differs": "the link is another than the one that was signed",
    "checkpoint_forged": "a checkpoint was not signed with this house's key",
    "unknown_chain": "no ledger of this program has such links",
}


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``consent`` with its sub-commands."""
    parser = commands.add_parser("consent")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="prove every chain; names the first event that is wrong")
    verify.add_argument(
        "--checkpoints", type=Path, metavar="FILE", help="also against checkpoints that were handed out"
    )
    verify.set_defaults(run=run_verify)
    checkpoint = actions.add_parser("checkpoint", help="sign the end of every chain")
    checkpoint.add_argument("--export", type=Path, metavar="FILE", help="write all checkpoints, a line of JSON each")
    checkpoint.set_defaults(run=run_checkpoint)
    rebuild = actions.add_parser("rebuild", help="make what stands anew from the ledger")
    rebuild.set_defaults(run=run_rebuild)
    show = actions.add_parser("show", help="a customer's choices, and every event with what was said")
    add_contact(show)
    show.set_defaults(run=run_show)


async def run_verify(args: argparse.Namespace) -> int:
    """0 when every chain is proven, 1 when one is broken or the file is none."""
    try:
        handed_out = _read(args.checkpoints) if args.checkpoints else []
    except (OSError, UnicodeDecodeError, BadCheckpoint) as fault:
        print(f"{args.checkpoints}: {fault}", file=sys.stderr)
        return 1
    async with open_sealed_store(args) as (engine, keys):
        began = time.monotonic()
        proofs = await prove_chains(engine, keys.signing_key.public_key(), handed_out)
        took = time.monotonic() - began
        await keep_proofs(engine, proofs)
    for proof in proofs:
        print(_line(proof))
    broken = sum(proof.fault is not None for proof in proofs)
    print(f"{len(proofs)} chain(s), {sum(one.length for one in proofs)} link(s) proven, {broken} broken, {took:.1f} s")
    return 1 if broken else 0


async def run_checkpoint(args: argparse.Namespace) -> int:
    """Signs, and exports if asked; 0."""
    async with open_sealed_store(args) as (engine, keys):
        await link_all(engine, keys)
        async with engine.begin() as connection:
            made = await make_checkpoints(connection, keys)
            stored = await read_checkpoints(connection)
    print(f"{len(made)} new, {len(stored)} in all")
    if args.export:
        try:
            args.export.write_text("".join(f"{one.line()}\n" for one in stored), encoding="utf-8")
        except OSError as fault:
            print(fault, file=sys.stderr)
            return 1
        print(f"{args.export}: keep it apart from the database; it proves that nothing was cut off")
    return 0


async def run_rebuild(args: argparse.Namespace) -> int:
    """Says how many rows of the projection were not what the ledger says; 0."""
    async with open_customers(args) as crm:
        mended = await crm.rebuild_consents()
    print(f"{mended} row(s) mended" if mended else "the projection was right")
    return 0


async def run_show(args: argparse.Namespace) -> int:
    """1 when there is no such contact."""
    async with open_sealed_store(args) as (engine, keys):
        crm = open_crm(read_settings(), engine, keys)
        try:
            contact_id = await named_contact(engine, keys, args.contact)
            stands, events = await crm.consents(contact_id), await crm.consent_history(contact_id)
        except UnknownRecord as unknown:
            return refuse_unknown(unknown)
        await log_read(engine, keys, "consent show", "consents", [contact_id])
    for one in stands:
        asked = "" if one.current_notice else "  (the notice has changed: ask again)"
        about = f"{one.purpose} {one.recipient}" if one.recipient else one.purpose
        print(f"{about}  {one.channel}  {one.state}  since {one.since:%Y-%m-%d %H:%M:%S}{asked}")
    for entry in events:
        print(_told(entry))
    if not events:
        print("Nothing was ever asked or said.")
    return 0


def _read(file: Path) -> list[Checkpoint]:
    return parse_checkpoints(file.read_text(encoding="utf-8").splitlines())


def _line(proof: Proof) -> str:
    if proof.fault is None:
        return f"{proof.chain}: {proof.length} links, proven"
    place = "" if proof.fault.position is None else f" position {proof.fault.position}"
    event = "" if proof.fault.event_id is None else f" event {proof.fault.event_id}"
    return f"{proof.chain}: BROKEN at{place}{event}: {_MEANING[proof.fault.code]} ({proof.fault.code})"


def _told(entry: ConsentEntry) -> str:
    said = f"“{entry.prompt}” — “{entry.reply}”" if entry.readable else "(erased)"
    about = f"{entry.purpose} {entry.recipient}" if entry.recipient else entry.purpose
    return (
        f"{entry.receipt}  {entry.occurred_at:%Y-%m-%d %H:%M:%S}  {entry.event}  {about}  {entry.channel}"
        f"  notice {entry.notice_version}  by {entry.actor} ({entry.method})  {said}"
    )
