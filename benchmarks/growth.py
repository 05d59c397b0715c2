"""Does a message cost the same with a million in the store? ``python -m benchmarks.growth [--json] [--messages N]``.

Fills the store by generated SQL in steps, and after each step measures throughput and the turn's own stages.
"""

import argparse
import asyncio
import json
import sys

import psycopg

from benchmarks.floor import KEY, VISITORS, Bench, bench
from benchmarks.load import Load, questions_answered
from bot.storage.database import Addresses

# Two messages each, as a turn leaves them; ids are random v7-like times in the past, content of a usual length.
FILL = """
WITH visitor AS (
    SELECT uuidv7(interval '-3 day') AS contact, uuidv7(interval '-3 day') AS identity,
           uuidv7(interval '-3 day') AS conversation, n
      FROM generate_series(%(from)s::int, %(to)s::int) n
), c AS (
    INSERT INTO crm.contacts (id, root_id, key_id, locale) SELECT contact, contact, contact, 'en' FROM visitor
), v AS (
    INSERT INTO vault.data_keys (id, contact_id, kek, wrapped)
    SELECT contact, contact, 'filled', %(key)s::bytea FROM visitor
), i AS (
    INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id, assurance)
    SELECT identity, contact, contact, 'web', 'shop', uuid_send(identity), %(short)s::bytea, 'anonymous' FROM visitor
), k AS (
    INSERT INTO bot.conversations (id, identity_id, channel, account, locale, last_seq)
    SELECT conversation, identity, 'web', 'shop', 'en', %(lines)s FROM visitor
), line AS (
    SELECT uuidv7(interval '-3 day' + s * interval '1 second') AS id, v.*, s
      FROM visitor v, generate_series(1, %(lines)s::int) s
), m AS (
    INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, client_msg_id, at)
    SELECT id, conversation, s, CASE WHEN s %% 2 = 1 THEN 'in' ELSE 'out' END,
           CASE WHEN s %% 2 = 1 THEN 'customer' ELSE 'bot' END,
           %(long)s::bytea, 'c' || s, now() FROM line
), o AS (
    INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, state)
    SELECT id, conversation, s, 'shop', '0', 'sent' FROM line WHERE s %% 2 = 0
), b AS (
    INSERT INTO bot.inbox (account, blind, conversation_id, message_id, received_at)
    SELECT 'shop', uuid_send(id), conversation, id, now() FROM line WHERE s %% 2 = 1
)
INSERT INTO crm.interactions (id, identity_id, conversation_id, channel, account, direction, occurred_at,
                              sealed_content, trace_id, idempotency_key)
SELECT id, identity, conversation, 'web', 'shop', CASE WHEN s %% 2 = 1 THEN 'in' ELSE 'out' END, now(),
       %(long)s::bytea, '0',
       'm:' || id FROM line
"""
# What was filled is no text: the search index need not look at it.
INDEXED = """INSERT INTO crm.index_progress (kind, watermark) VALUES ('interaction', uuidv7(interval '-2 day'))
             ON CONFLICT DO NOTHING"""
# Of the lengths that sealed keys, account names and messages have.
SEALS = {"key": bytes(60), "short": bytes(77), "long": bytes(240)}
PER_VISITOR = 20
BATCH = 1000


def fill(addresses: Addresses, start: int, messages: int, per_visitor: int = PER_VISITOR) -> None:
    """Adds ``messages`` to the store, ``start`` being how many it has been filled with."""
    with psycopg.connect(addresses.owner_url, autocommit=True) as connection:
        for visitor in range(start // per_visitor, (start + messages) // per_visitor, BATCH):
            last = min(visitor + BATCH, (start + messages) // per_visitor) - 1
            connection.execute(FILL, {"from": visitor, "to": last, "lines": per_visitor, **SEALS})
        connection.execute(INDEXED)
        connection.execute("VACUUM ANALYZE")


def measure(place: Bench, total: int, count: int, seconds: float) -> list[dict[str, float]]:
    """A row per size of the store: messages per second of ``count`` as fast as they go, p50 and p99 at 100 a second."""
    rows = []
    with place.ours() as server:
        load = Load(server.url, KEY, VISITORS, questions_answered(server.url, KEY))
        asyncio.run(load.closed(1000))
        filled = 0
        for size in (0, total // 10, total):
            fill(server.addresses, filled, size - filled)
            filled = size
            fast = asyncio.run(load.closed(count))
            paced = asyncio.run(load.open(100, seconds))
            rows.append(
                {
                    "stored": size,
                    "per_s": round(fast.per_s, 1),
                    "p50_ms": round(paced.percentile(0.5), 2),
                    "p99_ms": round(paced.percentile(0.99), 2),
                }
            )
    return rows


def main() -> int:
    """Prints a row per size; 0 when the fullest store costs at most half as much again as the empty one."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="a short form, for tests")
    args = parser.parse_args()
    with bench() as place:
        rows = measure(place, args.messages, *((1000, 2.0) if args.quick else (2000, 8.0)))
    for row in rows:
        print(json.dumps(row) if args.json else "  ".join(f"{name} {value:>10}" for name, value in row.items()))
    first, last = rows[0], rows[-1]
    return 0 if last["per_s"] > first["per_s"] / 1.5 and last["p50_ms"] < 1.5 * first["p50_ms"] else 1


if __name__ == "__main__":
    sys.exit(main())
