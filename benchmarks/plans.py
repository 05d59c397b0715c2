"""Is anything read from one end to the other? ``python -m benchmarks.plans [--contacts N] [--explain]``.

Fills a store (by default 1 million contacts, 10 million messages and as many interactions), then does what a day does:
turns of known and new customers, threads, files, the console's lists, searches, consents, cases, the change feed. Every
statement is explained, and PostgreSQL's own counters say which tables were scanned in sequence, inside functions too.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from benchmarks.floor import bench
from benchmarks.growth import fill
from bot.customers import open_crm
from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Inbound
from bot.rehearsal.keys import KEYS, RING
from bot.settings import KeysSection, Settings
from bot.storage.blobs import BlobStore
from bot.storage.database import Addresses, make_engine
from bot.storage.pool import Pool, make_pool
from bot.turns.decide import Decider
from bot.turns.take import Turns
from bot.turns.thread import Thread
from crm_adapter.reading import find_contact, list_contacts, list_interactions
from crm_adapter.records.customers import Provenance
from crm_adapter.search import index_new
from crm_adapter.search.people import find_people
from crm_adapter.search.transcripts import search_interactions
from crm_adapter.sql_store import SqlStore

# What belongs to the contacts, beside what they said: so much that an index is the better way.
BESIDE = """
INSERT INTO crm.facts (id, contact_id, field, sealed, blind, assurance, source, set_by, at)
SELECT uuidv7(interval '-3 day'), id, field, '\\x00', CASE field WHEN 'phone' THEN uuid_send(id) END, 'claimed', 'web',
       'customer', now()
  FROM crm.contacts, unnest(ARRAY['name', 'phone']) field;
INSERT INTO crm.grams (record_id, kind, grams)
SELECT id, 'name', ARRAY[hashtext(id::text), hashtext(contact_id::text) % 5000] FROM crm.facts WHERE field = 'name';
INSERT INTO crm.grams (record_id, kind, grams)
SELECT id, 'interaction', ARRAY(SELECT hashtext(id::text || s) % 50000 FROM generate_series(1, 12) s)
  FROM (SELECT id FROM crm.interactions LIMIT 500000) i;
INSERT INTO crm.consents (subject, purpose, channel, recipient, state, guardian, covers, event_id, notice_hash,
                          notice_version, since)
SELECT id, 'care_messages', '*', '', 'granted', false, ARRAY[id], id, 'hash', 1, now() FROM crm.contacts;
INSERT INTO crm.orders (id, contact_id, source, reference, placed_at, amount, currency, status, lines, updated_at)
SELECT id, id, 'shop', id::text, now(), 1000, 'CNY', 'completed', '[]', now() FROM crm.contacts;
INSERT INTO crm.tags (id, contact_id, name, by, sealed_reason, at)
SELECT id, id, 'vip', 'staff:1', '\\x00', now() FROM crm.contacts;
INSERT INTO crm.standings (contact_id, value_class, value_rule, value_since, stage, stage_rule, stage_since, tags)
SELECT id, 'general', 'rule', now(), 'growth', 'rule', now(), '{}' FROM crm.contacts;
INSERT INTO crm.cases (id, contact_id, number, key_blind, kind, category, priority, state, opened_by, opened_at)
SELECT id, id, id::text, uuid_send(id), 'complaint', 'delivery', 'normal', 'closed', 'customer', now()
  FROM crm.contacts;
INSERT INTO crm.tasks (id, contact_id, key_blind, kind, sealed_subject, due_at, added_by, added_at)
SELECT id, id, uuid_send(id), 'call', '\\x00', now(), 'staff:1', now() FROM crm.contacts;
INSERT INTO crm.changes (contact_id, kind, record_id) SELECT id, 'contact', id FROM crm.contacts;
"""
PER_CONTACT = 10
LARGE = 5_000
"""Tables below this many rows may be read as PostgreSQL likes: an index would not be faster."""
_SCANS = """SELECT schemaname || '.' || relname, seq_scan, n_live_tup FROM pg_stat_user_tables
             WHERE schemaname IN ('bot', 'crm', 'vault')"""


def echo(inbound: Inbound, situation: Situation) -> Decision:
    """A decision of the usual size."""
    return Decision(({"text": "An answer of about the length that articles have. " * 3},), Outcome("article", "plans"))


def said(identity: str, text: str) -> Inbound:
    """A message of that visitor."""
    return Inbound("web", "shop", uuid7().hex, identity, "anonymous", "en", {"text": text}, datetime.now(UTC), "0" * 32)


async def talk(pool: Pool, settings: Settings) -> None:
    """The hot path: new and known customers, duplicates, threads, receipts, files."""
    turns = Turns(pool, Decider(echo, echo, 5.0, crashes_allowed=2), KEYS)
    for number in range(40):
        first = said(f"visitor:{number % 20}", "Where is my parcel?")
        await turns.take(first)
        await turns.take(first)
        thread = Thread(pool, KEYS, "shop", first.identity)
        await thread.after((await thread.position()).seq - 1)
        await thread.acknowledge(2, 2)
    await BlobStore(settings.var_dir / "blobs", pool, KEYS).find("shop", "visitor:1", (uuid7(),))


async def look(engine: AsyncEngine, crm: SqlStore) -> None:
    """What staff and outside systems read."""
    await index_new(engine, KEYS, timedelta(hours=1))
    async with engine.connect() as connection:
        (newest, *_) = await list_contacts(connection, KEYS)
        await list_contacts(connection, KEYS, before=newest.id)
        detail = await find_contact(connection, KEYS, newest.id)
        assert detail is not None
        await list_interactions(connection, KEYS)
        await list_interactions(connection, KEYS, contact_id=newest.id)
        await find_people(connection, KEYS, "+86 138 0013 8000", ["shop"])
        await find_people(connection, KEYS, "visitor:1", ["shop"])
        await find_people(connection, KEYS, str(newest.id)[-4:], ["shop"])
        await search_interactions(connection, KEYS, "parcel", accounts=["shop"], limit=20)
    await work(crm, newest.id)


async def work(crm: SqlStore, contact_id: UUID) -> None:
    """What changes one customer, what is read of one, and how one goes."""
    provenance = Provenance("web", "customer", datetime.now(UTC))
    await crm.set_fields(contact_id, {"name": "Anna", "phone": "13800138000"}, provenance)
    await crm.link_identity(contact_id, "email", "email", "anna@example.com", "verified", provenance)
    await crm.contact(contact_id)
    await crm.history(contact_id)
    await crm.find_by_identity("web", "shop", "visitor:1")
    await crm.find_by_field("phone", "13800138000")
    await crm.interactions(contact_id)
    await crm.consents(contact_id)
    await crm.may_use(contact_id, "care_messages", "web")
    await crm.cases(contact_id)
    await crm.tasks(contact_id)
    await crm.orders(contact_id)
    await crm.tags(contact_id)
    await crm.changes_since(None)
    await crm.export(contact_id)
    await crm.erase(contact_id, "system:benchmark", "asked for", datetime.now(UTC))


@contextmanager
def explained(engine: AsyncEngine, lines: list[str]) -> Iterator[None]:
    """Adds the plan of every query that is sent meanwhile."""

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
            lines.extend((" ".join(statement.split())[:200], *(f"    {row[0]}" for row in cursor.fetchall())))

    event.listen(engine.sync_engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", explain)


def scans(addresses: Addresses) -> dict[str, tuple[int, int]]:
    """Per table: sequential scans so far, and its rows."""
    with psycopg.connect(addresses.owner_url) as connection:
        return {name: (count, rows) for name, count, rows in connection.execute(_SCANS.encode())}


async def a_day(addresses: Addresses, settings: Settings) -> tuple[dict[str, int], list[str]]:
    """Large tables that were read from one end to the other, with how often, and the plans."""
    lines: list[str] = []
    await asyncio.to_thread(_fill_beside, addresses)
    before = scans(addresses)
    engine = make_engine(addresses.application_url, settings)
    async with make_pool(addresses.application_url, settings) as pool:
        await talk(pool, settings)
    with explained(engine, lines):
        await look(engine, open_crm(settings, engine, KEYS))
    await engine.dispose()
    await asyncio.sleep(1.5)  # sessions report their counters at their end
    after = scans(addresses)
    read = {name: after[name][0] - before[name][0] for name in after if before[name][1] >= LARGE}
    return {name: count for name, count in read.items() if count > 0}, lines


def _fill_beside(addresses: Addresses) -> None:
    with psycopg.connect(addresses.owner_url, autocommit=True) as connection:
        for statement in BESIDE.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")
    time.sleep(1.5)


def main() -> int:
    """Prints what was scanned; 0 when nothing large was."""
    parser = argparse.ArgumentParser(prog="benchmarks.plans")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true", help="the plan of each query")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    # What was filled in cannot be opened, and is said so: here that is no news.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with bench() as place:
        addresses = place.database("plans")
        started = time.perf_counter()
        fill(addresses, 0, args.contacts * PER_CONTACT, PER_CONTACT)
        filled_s = round(time.perf_counter() - started, 1)
        settings = Settings(var_dir=Path(place.folder), keys=KeysSection(ring=SecretStr(RING.document())))
        started = time.perf_counter()
        scanned, lines = asyncio.run(a_day(addresses, settings))
        day_s = round(time.perf_counter() - started, 1)
    if args.explain:
        print(*lines, sep="\n")
    report = {"contacts": args.contacts, "fill_s": filled_s, "day_s": day_s, "scanned": scanned, "plans": len(lines)}
    print(json.dumps(report) if args.json else "\n".join(f"{name:<10} {value}" for name, value in report.items()))
    return 0 if not scanned else 1


if __name__ == "__main__":
    sys.exit(main())
