"""Proving the chains: every event is what was linked, in its place, none is gone, none was slipped in.

Read in one snapshot and in pages: memory does not grow with the ledger. The first fault of a chain ends its proof.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Select, insert, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.ledger.canonical import START, event_of, link_hash, link_signed
from crm_adapter.ledger.chains import Chain, chain_of, registered
from crm_adapter.ledger.checkpoints import Checkpoint, read_checkpoints
from crm_adapter.ledger.tables import checkpoints, ledger_links, unlinked, verifications

_PAGE = 1000
FaultCode = Literal[
    "hash_wrong",  # the event, or its link, is not what was linked
    "previous_wrong",  # the link does not name the link before it
    "signature_wrong",  # the chain was written anew by somebody without the key
    "link_missing",  # a position is empty
    "event_missing",  # linked or waiting, and no longer there
    "event_unlinked",  # there without having been recorded, or its link was taken away
    "end_unsigned",  # the last link was not made by the sequencer, or the links behind it were cut off
    "chain_cut",  # shorter than a checkpoint says
    "checkpoint_differs",  # the link is another than the one that was signed
    "checkpoint_forged",  # a checkpoint that our key did not sign
    "unknown_chain",  # links of a ledger that no room has
]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong; ``event_id`` is ``None`` when nothing says any more which event it was."""

    code: FaultCode
    position: int | None
    event_id: UUID | None


@dataclass(frozen=True, slots=True)
class Proof:
    """One chain's: ``length`` links were proven before the end, or before ``fault``."""

    chain: str
    length: int
    fault: Fault | None


async def prove_chains(
    engine: AsyncEngine, key: Ed25519PublicKey, handed_out: Iterable[Checkpoint] = ()
) -> list[Proof]:
    """Proves every chain against itself, ``key``'s signatures, the stored checkpoints and those ``handed_out``."""
    outside: dict[str, list[Checkpoint]] = {}
    for checkpoint in handed_out:
        outside.setdefault(checkpoint.chain, []).append(checkpoint)
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        strays = await _strays(connection)
        labels = union(select(ledger_links.c.chain), select(unlinked.c.chain), select(checkpoints.c.chain))
        names = {*outside, *strays, *(await connection.execute(labels)).scalars()}
        proofs = []
        for name in sorted(names):
            stored = await read_checkpoints(connection, name)
            proof = await _prove(connection, key, name, [*stored, *outside.get(name, ())])
            if proof.fault is None and name in strays:
                proof = Proof(name, proof.length, strays[name])
            proofs.append(proof)
        return proofs


async def keep_proofs(engine: AsyncEngine, proofs: Sequence[Proof]) -> None:
    """Notes when what was proven, for those who look at the ledger's health."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": uuid7(),
            "chain": proof.chain,
            "at": now,
            "length": proof.length,
            "fault": proof.fault and proof.fault.code,
            "position": proof.fault and proof.fault.position,
            "event_id": proof.fault and proof.fault.event_id,
        }
        for proof in proofs
    ]
    if rows:
        async with engine.begin() as connection:
            await connection.execute(insert(verifications), rows)


async def _prove(connection: AsyncConnection, key: Ed25519PublicKey, label: str, signed: Sequence[Checkpoint]) -> Proof:
    chain = chain_of(label)
    if chain is None:
        return Proof(label, 0, Fault("unknown_chain", None, None))
    wanted: dict[int, list[Checkpoint]] = {}
    for checkpoint in signed:
        if not checkpoint.signed_by(key):
            return Proof(label, 0, Fault("checkpoint_forged", checkpoint.position, None))
        wanted.setdefault(checkpoint.position, []).append(checkpoint)
    length, previous, last, open_end = 0, START, None, False
    async for row in _links(connection, chain, label):
        fault = _examine(chain, key, label, length + 1, previous, row)
        if fault is None and any(one.hash != row["link_hash"] for one in wanted.pop(length + 1, ())):
            fault = Fault("checkpoint_differs", length + 1, row["link_event_id"])
        if fault is not None:
            return Proof(label, length, fault)
        length, previous = length + 1, bytes(row["link_hash"])
        last, open_end = row["link_event_id"], row["link_signature"] is None
    if wanted:
        return Proof(label, length, Fault("chain_cut", length + 1, None))
    if open_end:
        return Proof(label, length, Fault("end_unsigned", length, last))
    return Proof(label, length, None)


def _examine(
    chain: Chain, key: Ed25519PublicKey, label: str, expected: int, previous: bytes, row: Mapping[str, Any]
) -> Fault | None:
    position, event_id = row["link_position"], row["link_event_id"]
    if position != expected:
        return Fault("link_missing", expected, None)
    if row["event_id"] is None:
        return Fault("event_missing", position, event_id)
    if bytes(row["link_previous_hash"]) != previous:
        return Fault("previous_wrong", position, event_id)
    event = event_of(chain, {name: row[f"event_{name}"] for name in chain.columns})
    digest = link_hash(label, position, previous, row["link_linked_at"], event)
    if digest != bytes(row["link_hash"]):
        return Fault("hash_wrong", position, event_id)
    if row["link_signature"] is not None and not link_signed(key, digest, bytes(row["link_signature"])):
        return Fault("signature_wrong", position, event_id)
    return None


async def _links(connection: AsyncConnection, chain: Chain, label: str) -> AsyncIterator[Mapping[str, Any]]:
    links = [column.label(f"link_{column.name}") for column in ledger_links.columns]
    events = [chain.table.c[name].label(f"event_{name}") for name in {"id", *chain.columns}]
    query = (
        select(*links, *events)
        .select_from(ledger_links.outerjoin(chain.table, chain.table.c.id == ledger_links.c.event_id))
        .where(ledger_links.c.chain == label)
        .order_by(ledger_links.c.position)
        .limit(_PAGE)
    )
    after = 0
    while rows := (await connection.execute(query.where(ledger_links.c.position > after))).all():
        for row in rows:
            yield row._asdict()
        after = rows[-1].link_position


async def _strays(connection: AsyncConnection) -> dict[str, Fault]:
    """The first event of each chain that is neither linked nor waiting, or waits and is gone."""
    found: dict[str, Fault] = {}
    for chain in registered().values():
        for row in await connection.execute(_unlinked_events(chain)):
            label = chain.label(row.part)
            found.setdefault(label, Fault("event_unlinked", None, row.id))
        for row in await connection.execute(_vanished_events(chain)):
            found.setdefault(row.chain, Fault("event_missing", None, row.event_id))
    return found


def _vanished_events(chain: Chain) -> Select[Any]:
    known = select(chain.table.c.id).where(chain.table.c.id == unlinked.c.event_id)
    waiting = (unlinked.c.chain == chain.name) | unlinked.c.chain.startswith(chain.label(""), autoescape=True)
    return (
        select(unlinked.c.chain, unlinked.c.event_id)
        .where(waiting, ~known.exists())
        .order_by(unlinked.c.number)
        .limit(_PAGE)
    )


def _unlinked_events(chain: Chain) -> Select[Any]:
    table = chain.table
    linked = select(ledger_links.c.event_id).where(ledger_links.c.event_id == table.c.id)
    waiting = select(unlinked.c.event_id).where(unlinked.c.event_id == table.c.id)
    part = table.c[chain.part] if chain.part else literal(None)
    return (
        select(table.c.id, part.label("part"))
        .where(~linked.exists(), ~waiting.exists())
        .order_by(table.c.id)
        .limit(_PAGE)
    )
