"""``yingda contact list`` and ``contact show ID``: who has written, and every interaction with them (CH2)."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

from bot.commands.naming import named_contact, refuse_unknown
from bot.commands.reader import log_read
from bot.commands.store import open_sealed_store
from bot.customers import open_crm
from bot.domain.sensitive import mask
from bot.settings import read_settings
from crm_adapter.port import UnknownRecord
from crm_adapter.reading import ContactRow, InteractionRow, find_contact, list_contacts, list_interactions
from crm_adapter.records.customers import Contact

SHOWN = 100


async def run_list(args: argparse.Namespace) -> int:
    """Prints the newest contacts, newest first."""
    async with open_sealed_store(args) as (engine, keys):
        async with engine.connect() as connection:
            found = await list_contacts(connection, keys, limit=args.limit)
        await log_read(engine, keys, "contact list", "contacts", [contact.id for contact in found])
    for contact in found:
        print(_json(contact) if args.json else _contact_line(contact))
    if not found and not args.json:
        print("Nobody has written yet. `yingda chat` or the demo page makes the first contact.")
    return 0


async def run_show(args: argparse.Namespace) -> int:
    """Prints one contact and its interactions, oldest first; 1 when there is none of that id."""
    async with open_sealed_store(args) as (engine, keys):
        try:
            contact_id = await named_contact(engine, keys, args.contact)
        except UnknownRecord as unknown:
            return refuse_unknown(unknown)
        async with engine.connect() as connection:
            detail = await find_contact(connection, keys, contact_id)
            if detail is None:
                return refuse_unknown(UnknownRecord(f"there is no contact {contact_id}"))
            found = await list_interactions(connection, keys, contact_id=contact_id, limit=args.limit)
        await log_read(engine, keys, "contact show", "interactions", [detail.contact.id], args.unmask)
        known = await open_crm(read_settings(), engine, keys).contact(detail.contact.id)
    if args.unmask is None:
        found = [replace(one, content=None if one.content is None else mask(one.content)) for one in found]
    if args.json:
        for interaction in reversed(found):
            print(_json(interaction))
        return 0
    print(_contact_line(detail.contact))
    for line in _profile_lines(known, masked=args.unmask is None):
        print(line)
    for identity in detail.identities:
        print(f"  {identity.channel}/{identity.account}  {identity.external_id or '–'}  ({identity.assurance})")
    for interaction in reversed(found):
        print(_interaction_line(interaction))
    return 0


def _contact_line(contact: ContactRow) -> str:
    last = f"{contact.last_interaction_at:%Y-%m-%d %H:%M:%S}" if contact.last_interaction_at else "–"
    return f"{contact.id}  {contact.name or '–'}  {contact.locale}  {', '.join(contact.channels)}  {last}"


def _profile_lines(known: Contact, *, masked: bool) -> Iterator[str]:
    for field, fact in sorted(known.facts.items()):
        if field != "name" and fact.value is not None:
            value = " ".join(fact.value.split())
            yield f"  {field}: {mask(value) if masked else value}  ({fact.assurance})"
    if known.quarantined:
        yield "  quarantined: came without a lawful basis, must not be contacted"
    if known.restricted_at is not None:
        yield f"  restricted since {known.restricted_at:%Y-%m-%d %H:%M:%S}: kept, and used for nothing else"
    if known.merged:
        yield f"  merged with {', '.join(map(str, known.merged))}"


def _interaction_line(interaction: InteractionRow) -> str:
    arrow = "→" if interaction.direction == "in" else "←"
    led_to = ":".join(part for part in (interaction.outcome_kind, interaction.outcome_ref) if part)
    latency = f"  {interaction.latency_ms:.1f} ms" if interaction.latency_ms is not None else ""
    content = " ".join((interaction.content or "–").split())
    shown = content if len(content) <= SHOWN else content[: SHOWN - 1] + "…"
    return f"  {interaction.at:%Y-%m-%d %H:%M:%S}  {interaction.channel:<8} {arrow} {shown}  [{led_to}]{latency}"


def _json(row: ContactRow | InteractionRow) -> str:
    return json.dumps(asdict(row), ensure_ascii=False, default=str)
