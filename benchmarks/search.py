"""What does search in sealed messages cost? ``python -m benchmarks.search [--json] [--messages N]``.

Fills a store with sealed messages of the demo company's customers, has them indexed as the indexer does it beside the
turns, and asks for a frequent word, a rare one, one that is nowhere, and a sentence.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from benchmarks.floor import bench
from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from crm_adapter.encryption import DataKey, Keyring, Keys, seal
from crm_adapter.search import find, index_new
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles

WITHIN_MS = 200.0
PER_CUSTOMER = 20
PAGE, TRIES = 200, 15
RARE_EVERY = 5000
ASKED = {"frequent": "退货", "rare": "蓝色珐琅锅", "absent": "量子纠缠", "sentence": "怎么申请退货退款"}


def messages(count: int) -> Iterator[str]:
    """Lines as customers write them: what the demo company is asked, with numbers of orders, now and then a rarity."""
    articles = list(read_articles(ARTICLES))
    lines = [line for one in articles for texts in one.variants.values() for line in texts]
    dice = random.Random(11)
    for number in range(count):
        parts = [*dice.sample(lines, dice.randint(1, 2)), f"订单号 {dice.randrange(10**10):010}"]
        if number % RARE_EVERY == 0:
            parts.append(ASKED["rare"])
        if number % 40 == 0:
            parts.append(ASKED["sentence"])
        yield "，".join(parts)


def fill(addresses: Addresses, keys: Keys, count: int) -> float:
    """Adds the messages; how many characters one has on average."""
    letters, said = 0, messages(count)
    with psycopg.connect(addresses.owner_url) as connection:
        for _ in range(-(-count // PER_CUSTOMER)):
            contact, identity = uuid7(), uuid7()
            key, kek, wrapped = keys.new_data_key(uuid7())
            connection.execute(
                "INSERT INTO vault.data_keys (id, contact_id, kek, wrapped) VALUES (%s, %s, %s, %s)",
                (key.id, contact, kek, wrapped),
            )
            connection.execute(
                "INSERT INTO crm.contacts (id, key_id, root_id, locale) VALUES (%s, %s, %s, 'zh-Hans')",
                (contact, key.id, contact),
            )
            connection.execute(
                "INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id, "
                "assurance) VALUES (%s, %s, %s, 'web', 'shop', %s, '', 'anonymous')",
                (identity, contact, key.id, identity.bytes),
            )
            with connection.cursor().copy(
                "COPY crm.interactions (id, identity_id, channel, account, direction, occurred_at, sealed_content, "
                "trace_id, idempotency_key) FROM STDIN"
            ) as copy:
                for _, text in zip(range(PER_CUSTOMER), said, strict=False):
                    letters += len(text)
                    copy.write_row(_row(identity, key, text))
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")
    return letters / count


def _row(identity: UUID, key: DataKey, text: str) -> tuple[object, ...]:
    record = uuid7()
    sealed = seal(key, "interactions.content", record, text.encode())
    return record, identity, "web", "shop", "in", "now", sealed, "0", str(record)


def sizes(addresses: Addresses, count: int) -> dict[str, float]:
    """Bytes per message, once everything is where it stays."""
    with psycopg.connect(addresses.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE crm.grams")
        row = connection.execute(
            "SELECT pg_table_size('crm.grams'), pg_relation_size('crm.grams_grams_idx'), "
            "pg_relation_size('crm.grams_pkey'), pg_table_size('crm.interactions') "
        ).fetchone()
    table, gin, primary, said = row or (0, 0, 0, 0)
    named = {"grams_b": table, "gin_b": gin, "primary_b": primary, "interactions_b": said}
    return {name: round(size / count, 1) for name, size in named.items()}


async def ask(engine: AsyncEngine, keys: Keys) -> dict[str, float]:
    """The median time of a page of candidates, in milliseconds, for each kind of question."""
    times = {}
    async with engine.connect() as connection:
        for name, text in ASKED.items():
            taken: list[float] = []
            found: list[UUID] = []
            for _ in range(TRIES):
                start = time.perf_counter()
                found = await find(connection, keys, text, "interaction", PAGE)
                taken.append(time.perf_counter() - start)
            times[f"{name}_ms"] = round(statistics.median(taken) * 1000, 2)
            times[f"{name}_found"] = len(found)
    return times


async def measure(addresses: Addresses, count: int) -> dict[str, float]:
    """One row of figures."""
    ring = Keyring.fresh()
    keys = Keys(lambda: ring)
    letters = await asyncio.to_thread(fill, addresses, keys, count)
    engine = make_engine(addresses.application_url, Settings())
    try:
        start = time.perf_counter()
        added = await index_new(engine, keys)
        seconds = time.perf_counter() - start
        figures = await asyncio.to_thread(sizes, addresses, count)
        answers = await ask(engine, keys)
    finally:
        await engine.dispose()
    made = {"messages": added, "letters": round(letters, 1), "indexed_per_s": round(added / seconds)}
    return {**made, **figures, **answers}


def main() -> int:
    """Prints the figures; 0 when everything is indexed and every page of candidates comes within 200 ms."""
    parser = argparse.ArgumentParser(prog="benchmarks.search")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--messages", type=int, default=200_000)
    args, _ = parser.parse_known_args()
    with bench() as place:
        row = asyncio.run(measure(place.database("search"), args.messages))
    print(json.dumps(row) if args.json else "\n".join(f"{name:<16} {value:>12}" for name, value in row.items()))
    slowest = max(value for name, value in row.items() if name.endswith("_ms"))
    return 0 if row["messages"] == args.messages and slowest < WITHIN_MS else 1


if __name__ == "__main__":
    sys.exit(main())
