"""The sequencer: links what was appended into its chain, in batches, behind the customers' turns.

One transaction per batch takes the lock, reads the queue, writes the links and empties the queue. Killed between any
two of its statements, nothing of the batch has happened and the next run does it. An event whose commit came before
another event was begun gets the lower position; events of overlapping transactions may come in either order.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_adapter.encryption import Keys
from crm_adapter.ledger.canonical import START, event_of, link_hash, sign_link
from crm_adapter.ledger.chains import chain_of
from crm_adapter.ledger.tables import ledger_links, unlinked

log = structlog.get_logger(__name__)

BATCH = 100
PAUSE_S = 1.0
WITHIN_S = 30.0
_LOCK = 0x6C696E6B  # any constant; "link"
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is appended and not linked yet; ``oldest_s`` is 0 when there is nothing."""

    count: int
    oldest_s: float


async def run_sequencer(
    engine: AsyncEngine, keys: Keys, watch: Callable[[Backlog], None], pause_s: float = PAUSE_S
) -> None:
    """Links what comes until cancelled, on any number of nodes: one works, the others find the lock taken.

    ``watch`` is told the backlog after every round. Without the database it tries again.
    """
    while True:
        try:
            async with asyncio.timeout(WITHIN_S):
                await link_all(engine, keys)
                watch(await read_backlog(engine))
        except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError) as error:
            log.warning("ledger.not_linked", reason=type(error).__name__)
        await asyncio.sleep(pause_s)


async def link_all(engine: AsyncEngine, keys: Keys) -> int:
    """Links until nothing is left that can be; how many. For commands and jobs that need the chain's very end."""
    total = 0
    while count := await link_batch(engine, keys.signing_key):
        total += count
    return total


async def link_batch(engine: AsyncEngine, key: Ed25519PrivateKey, limit: int = BATCH) -> int:
    """Links up to ``limit`` waiting events; how many. 0 too when another process is at it."""
    async with engine.begin() as connection:
        if not (await connection.execute(_TRY_LOCK, {"key": _LOCK})).scalar_one():
            return 0
        return await _link(connection, key, limit)


async def read_backlog(engine: AsyncEngine) -> Backlog:
    """How much waits, and how long the oldest of it has."""
    query = select(func.count(), func.extract("epoch", func.clock_timestamp() - func.min(unlinked.c.at)))
    async with engine.connect() as connection:
        count, oldest = (await connection.execute(query)).one()
    return Backlog(count, float(oldest or 0))


async def _link(connection: AsyncConnection, key: Ed25519PrivateKey, limit: int) -> int:
    after = 0
    while waiting := await _waiting(connection, after, limit):
        if count := await _link_these(connection, key, waiting):
            return count
        after = waiting[-1].number  # none of these can be linked, but what comes behind them may
    return 0


async def _waiting(connection: AsyncConnection, after: int, limit: int) -> Sequence[Row[Any]]:
    query = select(unlinked).where(unlinked.c.number > after).order_by(unlinked.c.number).limit(limit)
    return (await connection.execute(query)).all()


async def _link_these(connection: AsyncConnection, key: Ed25519PrivateKey, waiting: Sequence[Row[Any]]) -> int:
    by_label: dict[str, list[UUID]] = {}
    for row in waiting:
        by_label.setdefault(row.chain, []).append(row.event_id)
    heads = await _heads(connection, by_label)
    links: list[dict[str, Any]] = []
    for label, ids in by_label.items():
        links += await _continue(connection, key, label, heads.get(label, (0, START)), ids)
    linked = {link["event_id"] for link in links}
    lost = [row for row in waiting if row.event_id not in linked]
    if lost:  # only somebody with more rights than the application can have taken the event away
        log.error("ledger.event_missing", events=[str(row.event_id) for row in lost[:20]])
    if links:
        await connection.execute(insert(ledger_links), links)
        done = [row.number for row in waiting if row.event_id in linked]
        await connection.execute(delete(unlinked).where(unlinked.c.number.in_(done)))
    return len(links)


async def _heads(connection: AsyncConnection, labels: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    last = (
        select(ledger_links.c.chain, ledger_links.c.position, ledger_links.c.hash)
        .ext(distinct_on(ledger_links.c.chain))
        .where(ledger_links.c.chain.in_(list(labels)))
        .order_by(ledger_links.c.chain, ledger_links.c.position.desc())
    )
    return {row.chain: (row.position, bytes(row.hash)) for row in await connection.execute(last)}


async def _continue(
    connection: AsyncConnection, key: Ed25519PrivateKey, label: str, head: tuple[int, bytes], ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    chain = chain_of(label)
    if chain is None:
        return []
    query = select(chain.table).where(chain.table.c.id.in_(ids))
    rows = {row.id: row._asdict() for row in await connection.execute(query)}
    position, previous = head
    links: list[dict[str, Any]] = []
    for event_id in ids:
        if event_id not in rows:
            continue
        await asyncio.sleep(0)  # whoever serves customers in this process goes first
        position, linked_at = position + 1, datetime.now(UTC)
        digest = link_hash(label, position, previous, linked_at, event_of(chain, rows[event_id]))
        links.append(
            {
                "chain": label,
                "position": position,
                "event_id": event_id,
                "previous_hash": previous,
                "hash": digest,
                "linked_at": linked_at,
                "signature": None,
            }
        )
        previous = digest
    if links:
        links[-1]["signature"] = sign_link(key, previous)
    return links
