"""``yingda outgoing``: what became of mail and text messages, and a test of the settings."""

import argparse
import asyncio
import sys

from uuid_utils.compat import uuid7

from bot.commands.speech import say
from bot.commands.store import open_store
from bot.outgoing.listing import list_messages
from bot.outgoing.mail import normalise_address, send_mail
from bot.outgoing.result import Letter
from bot.outgoing.sms import send_sms
from bot.outgoing.texts import Kind, write
from bot.settings import LOCALES, read_settings
from crm_adapter.customers.fields import normalise
from crm_adapter.port import BadField


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``outgoing``."""
    parser = commands.add_parser("outgoing")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="print the newest messages, without what they say")
    listing.add_argument("--limit", type=int, default=50)
    listing.set_defaults(run=run_list)
    test = actions.add_parser("send-test", help="send a test now, with the settings as they are")
    test.add_argument("recipient", help="an e-mail address, or a phone number")
    test.add_argument("--locale", choices=LOCALES, default=LOCALES[0])
    test.set_defaults(run=run_test)


async def run_list(args: argparse.Namespace) -> int:
    """One line per message: id, kind, purpose, state, attempts, reason, times."""
    async with open_store(args) as engine, engine.connect() as connection:
        found = await list_messages(connection, limit=args.limit)
        for one in found:
            settled = one.settled_at.isoformat(timespec="seconds") if one.settled_at else "-"
            told = (one.kind, one.purpose, one.state, one.attempts, one.reason or "-")
            print(one.id, *told, one.queued_at.isoformat(timespec="seconds"), settled, sep="\t")
    if not found:
        say("There is no message.")
    return 0


def run_test(args: argparse.Namespace) -> int:
    """Sends one mail or text message and says how it went; needs no database."""
    settings = read_settings()
    kind: Kind = "mail" if "@" in args.recipient else "sms"
    try:
        recipient = normalise_address(args.recipient) if kind == "mail" else normalise("phone", args.recipient)
    except BadField:
        recipient = None
    if recipient is None:
        print("That is neither an e-mail address nor a phone number.", file=sys.stderr)
        return 2
    if not (settings.mail.configured if kind == "mail" else settings.sms.configured):
        print(f"There is no [{kind}] in the settings.", file=sys.stderr)
        return 1
    sender = settings.mail.sender_name[args.locale]
    letter = Letter(str(uuid7()), recipient, write("test", kind, args.locale, sender=sender), "000000")
    send = (
        send_mail(settings.mail, sender, letter, _begin) if kind == "mail" else send_sms(settings.sms, letter, _begin)
    )
    result = asyncio.run(send)
    print(result.state if result.reason is None else f"{result.state}: {result.reason}")
    return 0 if result.state == "sent" else 1


async def _begin() -> None:
    """A test is noted nowhere."""
