"""``yingda privacy``: requests about one's own data, for who sits at the machine; erasing, certificates."""

import argparse
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.reader import log_read, reader
from bot.commands.speech import say
from bot.commands.store import open_addresses_aside
from bot.customers import open_crm
from bot.jobs.retention import remove_doomed
from bot.logs import start_logging
from bot.privacy.exporting import Exports
from bot.settings import Settings, read_settings
from bot.storage.blobs import BlobStore
from bot.storage.database import make_engine
from bot.storage.keyring import keyring_path, open_keys
from bot.storage.pool import make_pool
from bot.web.problems import describe
from crm_adapter.encryption import Keys
from crm_adapter.port import BadField, OpenRequests, Refused, UnknownRecord
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import CHECK_METHODS, OPEN_STATES, REQUEST_KINDS, REQUEST_STATES, NewPrivacyRequest
from crm_adapter.rights.certificate import document_of, public_half, verify
from crm_adapter.sql_store import SqlStore

_REFUSALS = (Refused, UnknownRecord, BadField)
_END_OTHERS = "erase although other requests of the person wait: they end unanswered"


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``privacy``."""
    parser = commands.add_parser("privacy")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="print the requests that wait for an answer, the overdue first")
    listing.add_argument("--all", action="store_true", help="also those that are answered, refused or ended")
    listing.add_argument("--kind", choices=REQUEST_KINDS, action="append", help="only this kind; may be given again")
    listing.set_defaults(run=run_list)
    opening = actions.add_parser("open", help="write a customer's request down")
    opening.add_argument("contact", type=UUID)
    opening.add_argument("kind", choices=REQUEST_KINDS)
    opening.add_argument("--words", help="what the customer said")
    opening.set_defaults(run=run_open)
    answering = actions.add_parser("answer", help="do what was asked, and answer")
    answering.add_argument("request", type=UUID)
    answering.add_argument("words", help="the answer, for the customer")
    answering.add_argument("--checked", choices=CHECK_METHODS, help="how you made sure who asks")
    answering.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="what `correct` corrects")
    answering.add_argument("--end-others", action="store_true", help=_END_OTHERS)
    answering.set_defaults(run=run_answer)
    refusing = actions.add_parser("refuse", help="refuse a request, with the reason")
    refusing.add_argument("request", type=UUID)
    refusing.add_argument("words", help="the reason, for the customer")
    refusing.set_defaults(run=run_refuse)
    exporting = actions.add_parser("export", help="write everything held about a contact into a ZIP")
    exporting.add_argument("contact", type=UUID)
    exporting.add_argument("file", type=Path)
    exporting.set_defaults(run=run_export)
    erasing = actions.add_parser("erase", help="erase a contact for good, and print the certificate")
    erasing.add_argument("contact", type=UUID)
    erasing.add_argument("--yes", action="store_true", help="really")
    erasing.add_argument("--end-others", action="store_true", help=_END_OTHERS)
    erasing.set_defaults(run=run_erase)
    verifying = actions.add_parser("verify", help="check a certificate")
    verifying.add_argument("certificate", type=Path)
    verifying.add_argument("--public-key", help="whose signature it has to be; unset: that of our own keyring")
    verifying.set_defaults(run=run_verify)


async def run_list(args: argparse.Namespace) -> int:
    """One line per request: id, kind, state, deadline, contact."""
    async with _opened() as opened:
        states, place = REQUEST_STATES if args.all else OPEN_STATES, 0
        while found := await opened.crm.privacy_requests(states, kinds=args.kind, skip=place):
            for one in found:
                late = "overdue" if one.state in OPEN_STATES and one.due_at < datetime.now(UTC) else one.state
                due = f"{one.due_at:%Y-%m-%d}{'?' if one.provisional else ''}"
                print(one.id, one.kind, late, due, one.contact_id, sep="\t")
            place += len(found)
        if not place:
            say(_nothing(args))
    return 0


async def run_open(args: argparse.Namespace) -> int:
    """Prints the request's id and its deadline; 1 with the reason otherwise."""
    async with _opened() as opened:
        new = NewPrivacyRequest(args.contact, args.kind, reader(), datetime.now(UTC), args.words)
        try:
            made = await opened.crm.open_privacy_request(new)
        except _REFUSALS as refused:
            return _refuse(refused)
    print(made.id, f"{made.due_at:%Y-%m-%d}", sep="\t")
    return 0


async def run_answer(args: argparse.Namespace) -> int:
    """Checks, starts and answers; prints the new state, for an erasure also the certificate."""
    fields = dict(one.partition("=")[::2] for one in args.set) or None
    async with _opened() as opened:
        now = datetime.now(UTC)
        try:
            request = await opened.crm.privacy_request(args.request)
            if args.checked and request.checked_method is None:
                request = await opened.crm.check_requester(args.request, args.checked, reader(), now)
            if request.state in ("received", "identity_check"):
                await opened.crm.start_privacy_request(args.request, reader(), now)
            answered = await opened.crm.answer_privacy_request(
                args.request, args.words, reader(), now, fields=fields, end_others=args.end_others
            )
        except _REFUSALS as refused:
            return _refuse(refused)
        if answered.erasure_id is None:
            print(answered.state)
        else:
            say(answered.state)  # the certificate alone stands on standard output: it can be kept as it is
            await remove_doomed(opened.settings, opened.engine, opened.blobs)
            _tell_erasure(await opened.crm.certificate(answered.erasure_id))
    return 0


async def run_refuse(args: argparse.Namespace) -> int:
    """Prints the new state."""
    async with _opened() as opened:
        try:
            refused = await opened.crm.refuse_privacy_request(args.request, args.words, reader(), datetime.now(UTC))
        except _REFUSALS as fault:
            return _refuse(fault)
    print(refused.state)
    return 0


async def run_export(args: argparse.Namespace) -> int:
    """Writes the ZIP; that it was made is in the access log before it is."""
    async with _opened() as opened:
        try:
            contact = await opened.crm.contact(args.contact)
            await log_read(opened.engine, opened.keys, "privacy export", "export", [contact.id])
            await Exports(opened.settings, opened.crm, opened.blobs).write(contact.id, args.file.absolute())
        except _REFUSALS as refused:
            return _refuse(refused)
        except OSError as fault:
            print(f"{args.file}: {fault.strerror}", file=sys.stderr)
            return 1
    print(args.file)
    return 0


async def run_erase(args: argparse.Namespace) -> int:
    """Prints the certificate; 1 when nobody is erased. It cannot be undone, not even by a restore."""
    if not args.yes:
        print("This cannot be undone. Say --yes when you mean it.", file=sys.stderr)
        return 1
    async with _opened() as opened:
        try:
            certificate = await opened.crm.erase(
                args.contact, reader(), "command", datetime.now(UTC), end_others=args.end_others
            )
        except _REFUSALS as refused:
            return _refuse(refused)
        await remove_doomed(opened.settings, opened.engine, opened.blobs)
        _tell_erasure(certificate)
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """0 when the certificate is what was signed, by the key it should be; 1 otherwise."""
    settings = read_settings()
    trusted = args.public_key
    if trusted is None and (settings.keys.ring is not None or keyring_path(settings).exists()):
        trusted = public_half(open_keys(settings).signing_key)
    try:
        document = json.loads(args.certificate.read_text(encoding="utf-8"))
        verdict = verify(document, trusted)
    except (OSError, ValueError) as fault:
        reason = "is no certificate" if isinstance(fault, ValueError) else fault.strerror
        print(f"{args.certificate}: {reason}", file=sys.stderr)
        return 1
    if verdict == "valid":
        print("valid" if trusted else f"valid, if {document['public_key']} is the company's key")
        return 0
    told = {"changed": "The certificate was changed.", "other_key": "It was signed with another key."}
    print(told[verdict], file=sys.stderr)
    return 1


@dataclass(frozen=True, slots=True)
class _Opened:
    settings: Settings
    engine: AsyncEngine
    keys: Keys
    crm: SqlStore
    blobs: BlobStore


@asynccontextmanager
async def _opened() -> AsyncIterator[_Opened]:
    settings = read_settings()
    start_logging(settings, quiet=True)
    async with open_addresses_aside(settings) as addresses:
        keys = open_keys(settings)
        engine = make_engine(addresses.application_url, settings)
        try:
            async with make_pool(addresses.application_url, settings) as pool:
                blobs = BlobStore(settings.var_dir / "blobs", pool, keys)
                yield _Opened(settings, engine, keys, open_crm(settings, engine, keys), blobs)
        finally:
            await engine.dispose()


def _nothing(args: argparse.Namespace) -> str:
    if args.kind:
        return "There is no such request."
    return "There is no request." if args.all else "No request waits for an answer."


def _tell_erasure(certificate: Certificate) -> None:
    """The certificate alone goes to standard output: it is what the person is given."""
    for one in certificate.content["ended_unanswered"]:
        say(f"Ended without an answer: {one['request']}\t{one['kind']}")
    for contact_id in certificate.shared_reach:
        say(f"Has the same phone or e-mail, decide about it too: {contact_id}")
    print(json.dumps(document_of(certificate), ensure_ascii=False, indent=2))


def _refuse(refused: Exception) -> int:
    code = refused.code if isinstance(refused, Refused | BadField) else "unknown_record"
    title, detail = describe(code, "en", refused.values if isinstance(refused, Refused) else None)
    print(f"{title}. {detail}", file=sys.stderr)
    if isinstance(refused, OpenRequests):
        for one in refused.requests:
            print(one.id, one.kind, one.state, f"{one.due_at:%Y-%m-%d}", sep="\t", file=sys.stderr)
        print("Say --end-others to erase all the same.", file=sys.stderr)
    return 1
