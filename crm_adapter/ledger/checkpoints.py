"""Signed checkpoints: how long a chain was and with which hash it ended, at a time; kept and handed out.

A checkpoint outside the database is what proves that the end of a chain was not cut off, nor the chain written anew:
its signature needs the key, which no database holds.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import Keys
from crm_adapter.ledger.canonical import is_signed, iso
from crm_adapter.ledger.tables import checkpoints, ledger_links


class BadCheckpoint(ValueError):
    """A line of a checkpoint file is none; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is no checkpoint")
        self.line = line


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's link at ``position`` had this hash at that time; signed with Ed25519."""

    chain: str
    position: int
    hash: bytes
    at: datetime
    signature: bytes
    public_key: bytes

    @property
    def message(self) -> bytes:
        """What is signed: the canonical JSON of the other fields."""
        return _message(self.chain, self.position, self.hash, self.at)

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether this key signed it; what the checkpoint itself says of its key is not believed."""
        return is_signed(key, self.message, self.signature)

    def line(self) -> str:
        """One line of JSON, as :func:`parse_checkpoints` reads it."""
        content = {
            "chain": self.chain,
            "position": self.position,
            "hash": self.hash.hex(),
            "at": iso(self.at),
            "signature": base64.b64encode(self.signature).decode(),
            "public_key": base64.b64encode(self.public_key).decode(),
        }
        return json.dumps(content, ensure_ascii=False)


def parse_checkpoints(lines: Iterable[str]) -> list[Checkpoint]:
    """The checkpoints of a JSON-lines file. Raises :class:`BadCheckpoint`."""
    found: list[Checkpoint] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(_parse(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise BadCheckpoint(number) from None
    return found


async def make_checkpoints(connection: AsyncConnection, keys: Keys) -> list[Checkpoint]:
    """Signs the present end of every chain that has grown since its last checkpoint; those that are new."""
    ends = (
        select(ledger_links.c.chain, ledger_links.c.position, ledger_links.c.hash)
        .ext(distinct_on(ledger_links.c.chain))
        .order_by(ledger_links.c.chain, ledger_links.c.position.desc())
    )
    public = keys.signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    made: list[Checkpoint] = []
    for row in (await connection.execute(ends)).all():
        at, digest = datetime.now(UTC), bytes(row.hash)
        signature = keys.signing_key.sign(_message(row.chain, row.position, digest, at))
        values = {"hash": digest, "at": at, "signature": signature, "public_key": public}
        new = insert(checkpoints).values(chain=row.chain, position=row.position, **values).on_conflict_do_nothing()
        if (await connection.execute(new.returning(checkpoints.c.position))).first():
            made.append(Checkpoint(row.chain, row.position, digest, at, signature, public))
    return made


async def read_checkpoints(connection: AsyncConnection, chain: str | None = None) -> list[Checkpoint]:
    """The stored checkpoints, of one chain or all, by chain and position."""
    query = select(checkpoints).order_by(checkpoints.c.chain, checkpoints.c.position)
    if chain is not None:
        query = query.where(checkpoints.c.chain == chain)
    return [
        Checkpoint(row.chain, row.position, bytes(row.hash), row.at, bytes(row.signature), bytes(row.public_key))
        for row in await connection.execute(query)
    ]


def _parse(content: dict[str, Any]) -> Checkpoint:
    chain, position = content["chain"], content["position"]
    if not isinstance(chain, str) or not isinstance(position, int) or isinstance(position, bool):
        raise TypeError
    return Checkpoint(
        chain,
        position,
        bytes.fromhex(content["hash"]),
        datetime.fromisoformat(content["at"]),
        base64.b64decode(content["signature"], validate=True),
        base64.b64decode(content["public_key"], validate=True),
    )


def _message(chain: str, position: int, digest: bytes, at: datetime) -> bytes:
    return rfc8785.dumps({"checkpoint": chain, "position": position, "hash": digest.hex(), "at": iso(at)})
