"""``yingda contact confirm ID phone=…``: a code to the customer; with ``--code``, what they read there."""

import argparse
import sys
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.naming import named_contact, refuse_unknown
from bot.commands.reader import log_read, reader
from bot.commands.store import open_sealed_store
from bot.customers import open_crm
from bot.outgoing import CodeFault, Codes, Confirmed, Outgoing, describe_fault
from bot.settings import Locale, read_settings
from bot.web.problems import describe
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import Provenance
from crm_adapter.sql_store import SqlStore


async def run_confirm(args: argparse.Namespace) -> int:
    """Prints what was done; 1 with the reason when nothing was."""
    settings = read_settings()
    async with open_sealed_store(args) as (engine, keys):
        crm, outgoing = open_crm(settings, engine, keys), Outgoing(settings, keys)
        try:
            contact_id = await named_contact(engine, keys, args.contact)
            told = await _confirm(args, contact_id, crm, Codes(engine, outgoing, crm.within))
        except UnknownRecord as unknown:
            return refuse_unknown(unknown)
        except Refused as refused:
            print(describe(refused.code, "en").detail, file=sys.stderr)
            return 1
        if isinstance(told, CodeFault):
            print(describe_fault(told, "en"), file=sys.stderr)
            return 1
        await _log(engine, outgoing, contact_id)
    print(told)
    return 0


async def _confirm(args: argparse.Namespace, contact_id: UUID, crm: SqlStore, codes: Codes) -> str | CodeFault:
    field, value = args.target
    contact = await crm.contact(contact_id)
    if args.code is not None:
        done = await codes.confirm_code(contact_id, field, args.code, value=value)
        if not isinstance(done, Confirmed):
            return done
        return f"The {field} of {(await crm.contact(contact_id)).id} is verified."
    provenance = Provenance("command", f"system:{reader()}", datetime.now(UTC))
    asked = await codes.request_code(contact_id, field, value, cast(Locale, contact.locale), provenance)
    if isinstance(asked, CodeFault):
        return asked
    until = f"{asked.expires_at.astimezone():%H:%M}"
    if asked.sent:
        return f"A code is on its way, good until {until}. Then: --code with what the customer reads."
    return f"Nothing was sent, there is no provider. The code, good until {until}, is on the page /dev/outgoing."


async def _log(engine: AsyncEngine, outgoing: Outgoing, contact_id: UUID) -> None:
    await log_read(engine, outgoing.keys, "contact confirm", "contacts", [contact_id])
