"""Which tables are chained, and how an event gets into its chain.

A room with a ledger declares it once, at import, beside its table::

    ACCESS = register(Chain("access", access_log, ("id", "at", "staff_id", ...)))

and appends in the transaction that inserts the row::

    await connection.execute(insert(access_log).values(id=event_id, ...))
    await enqueue(connection, ACCESS, event_id)

Rows must be complete when they are committed and never change: the sequencer links them within seconds, in a
transaction of its own. The table's primary key is ``id`` (a UUID that no other ledger uses), and it belongs into
``bot.storage.schema.APPEND_ONLY``. Room modules that register a chain are named in :data:`ROOMS`.
"""

from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.ledger.tables import unlinked

ROOMS = ("crm_adapter.consent.tables", "crm_adapter.sharing.tables")
"""Modules that register chains when they are imported."""

_SEPARATOR = ":"


@dataclass(frozen=True)
class Chain:
    """One kind of ledger. ``columns`` are what its hashes run over: every column whose change must be found.

    With ``part`` (one of the columns) each value of that column has a chain of its own, named ``name:value``.
    Columns may hold text, integers, booleans, UUIDs, bytes, times, lists of these and JSON; no float.
    """

    name: str
    table: Table
    columns: tuple[str, ...]
    part: str | None = None

    def label(self, part: str | None = None) -> str:
        """The name under which links and checkpoints stand; ``part`` is the value of the column :attr:`part`."""
        return self.name if part is None else f"{self.name}{_SEPARATOR}{part}"


_chains: dict[str, Chain] = {}


def register(chain: Chain) -> Chain:
    """Makes the chain known to sequencer and verification; the same chain. Twice the same name is a fault."""
    missing = {*chain.columns, *([chain.part] if chain.part else []), "id"} - set(chain.table.columns.keys())
    if missing or _SEPARATOR in chain.name or chain.name in _chains:
        raise ValueError(f"chain {chain.name}: {', '.join(sorted(missing)) or 'name taken or with a colon'}")
    _chains[chain.name] = chain
    return chain


def chain_of(label: str) -> Chain | None:
    """The kind of chain that a label belongs to."""
    return registered().get(label.split(_SEPARATOR, 1)[0])


def registered() -> dict[str, Chain]:
    """Every chain by name, those of :data:`ROOMS` included."""
    for room in ROOMS:
        import_module(room)
    return dict(_chains)


async def enqueue(connection: AsyncConnection, chain: Chain, event_id: UUID, part: str | None = None) -> None:
    """Hands the event to the sequencer, in the transaction that inserts it; ``part`` where the chain has parts."""
    await connection.execute(insert(unlinked).values(chain=chain.label(part), event_id=event_id))
