"""How the chains stand: length, what waits, the last checkpoint and the last proof of each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_adapter.ledger.sequencer import Backlog, read_backlog

_CHAINS = text("""
    WITH RECURSIVE linked (chain) AS (
        (SELECT chain FROM crm.ledger_links ORDER BY chain LIMIT 1)
        UNION ALL
        SELECT (SELECT l.chain FROM crm.ledger_links l WHERE l.chain > linked.chain ORDER BY l.chain LIMIT 1)
          FROM linked WHERE linked.chain IS NOT NULL
    ), named AS (
        SELECT chain FROM linked WHERE chain IS NOT NULL
        UNION SELECT chain FROM crm.unlinked UNION SELECT chain FROM crm.verifications
    )
    SELECT n.chain, coalesce(l.position, 0) AS length, c.position AS checkpoint, c.at AS checkpoint_at,
           v.at AS proven_at, v.length AS proven, v.fault, v.position AS fault_position, v.event_id AS fault_event_id
      FROM named n
      LEFT JOIN LATERAL (SELECT position FROM crm.ledger_links WHERE chain = n.chain
                          ORDER BY position DESC LIMIT 1) l ON true
      LEFT JOIN LATERAL (SELECT position, at FROM crm.checkpoints WHERE chain = n.chain
                          ORDER BY position DESC LIMIT 1) c ON true
      LEFT JOIN LATERAL (SELECT * FROM crm.verifications WHERE chain = n.chain ORDER BY at DESC LIMIT 1) v ON true
     ORDER BY n.chain
""")


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """One chain; what never happened is ``None``. ``fault`` is the last proof's."""

    chain: str
    length: int
    checkpoint: int | None
    checkpoint_at: datetime | None
    proven_at: datetime | None
    proven: int | None
    fault: str | None
    fault_position: int | None
    fault_event_id: UUID | None


@dataclass(frozen=True, slots=True)
class Health:
    backlog: Backlog
    chains: tuple[ChainHealth, ...]


async def read_health(engine: AsyncEngine) -> Health:
    """Reads a few rows per chain, however long it is; proves nothing."""
    backlog = await read_backlog(engine)
    async with engine.connect() as connection:
        rows: list[dict[str, Any]] = [row._asdict() for row in await connection.execute(_CHAINS)]
    return Health(backlog, tuple(ChainHealth(**row) for row in rows))
