"""An order to import a file: made, looked up, started; its rows wait sealed until they are worked on."""

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row as SqlRow
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal, seal_json, unseal, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.imports.basis import LawfulBasis, lawful_basis
from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.mapping import map_columns
from crm_adapter.imports.reading import read_table
from crm_adapter.imports.rows import Entry, entries_of
from crm_adapter.imports.table import Limits
from crm_adapter.imports.tables import import_pieces, imports
from crm_adapter.port import Refused, UnknownRecord

PIECE = 100
"""How many rows are worked on in one transaction."""
_LONGEST_SYSTEM = 100


@dataclass(frozen=True, slots=True)
class NewImport:
    """``system`` names the source, whose keys the rows carry; ``mapping`` overrides guesses, header to target."""

    name: str
    content: bytes = field(repr=False)
    system: str
    by: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    basis: LawfulBasis | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it stands. States: ``new`` (the dry run is under way), ``checked``, ``running``, ``finished``,
    ``expired`` (never started, its rows are gone).

    ``counts`` has ``created``, ``updated``, ``unchanged``, ``ambiguous``, ``rejected``, ``quarantined`` and under
    ``reasons`` how often each code; ``checked`` is what the dry run foretold, ``left_out`` the headers not stored.
    """

    id: UUID
    name: str
    system: str
    state: str
    mapping: Mapping[str, str]
    left_out: tuple[str, ...]
    basis: LawfulBasis | None
    rows_total: int
    rows_done: int
    counts: Mapping[str, Any]
    checked: Mapping[str, Any] | None
    by: str
    at: datetime
    started_at: datetime | None
    finished_at: datetime | None


async def create_import(engine: AsyncEngine, keys: Keys, limits: Limits, new: NewImport) -> UUID:
    """Reads the whole file once and keeps its mapped columns, sealed. Raises :class:`ImportFault`."""
    if not 0 < len(new.system) <= _LONGEST_SYSTEM:
        raise ImportFault("import_bad_system", limit=_LONGEST_SYSTEM)
    table = await asyncio.to_thread(read_table, new.content, limits, new.sheet)
    columns = map_columns(table.headers, new.mapping)
    entries = entries_of(columns, table.rows)
    import_id, total = uuid7(), 0
    about = {
        "name": new.name,
        "mapping": columns.by_header,
        "left_out": columns.left_out,
        "proof": new.basis.proof if new.basis else None,
    }
    async with engine.begin() as connection:
        house = await house_key(connection, keys)
        await connection.execute(
            insert(imports).values(
                id=import_id,
                system=new.system,
                state="new",
                basis=new.basis.kind if new.basis else None,
                sealed=seal_json(house, "imports.sealed", import_id, about),
                rows_total=0,
                rows_done=0,
                counts={},
                by=new.by,
                at=func.now(),
            )
        )
        while True:
            count, sealed = await asyncio.to_thread(_next_piece, house, import_id, entries)
            if not count:
                break
            piece = {"import_id": import_id, "number": total // PIECE, "sealed": sealed}
            await connection.execute(insert(import_pieces), piece)
            total += count
        if not total:
            raise ImportFault("import_empty")
        await connection.execute(update(imports).where(imports.c.id == import_id).values(rows_total=total))
    return import_id


def _next_piece(house: DataKey, import_id: UUID, entries: Iterator[Entry]) -> tuple[int, bytes]:
    taken = list(islice(entries, PIECE))
    clear = zlib.compress(json.dumps(taken, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)
    return len(taken), seal(house, "import_pieces.sealed", import_id, clear)


async def read_piece(connection: AsyncConnection, house: DataKey, import_id: UUID, number: int) -> list[Entry]:
    """The rows of one piece. Raises :class:`UnknownRecord`."""
    query = select(import_pieces.c.sealed).where(
        import_pieces.c.import_id == import_id, import_pieces.c.number == number
    )
    sealed = await connection.scalar(query)
    if sealed is None:
        raise UnknownRecord(f"import {import_id} has no piece {number}")
    rows = json.loads(zlib.decompress(unseal(house, "import_pieces.sealed", import_id, sealed)))
    return [Entry(line, values, tuple(fault) if fault else None) for line, values, fault in rows]


async def start_import(connection: AsyncConnection, import_id: UUID) -> None:
    """After the dry run: from now on rows are written. Raises :class:`Refused` ``not_checked``."""
    start = (
        update(imports)
        .where(imports.c.id == import_id, imports.c.state == "checked")
        .values(state="running", rows_done=0, checked=imports.c.counts, counts={}, started_at=func.now())
    )
    if not (await connection.execute(start)).rowcount:
        raise Refused("not_checked")


async def drop_import(connection: AsyncConnection, import_id: UUID) -> None:
    """Takes a dry run back as if it had never been; one that has started stays."""
    await connection.execute(
        delete(imports).where(imports.c.id == import_id, imports.c.state.in_(("new", "checked", "expired")))
    )


async def find_import(connection: AsyncConnection, keys: Keys, import_id: UUID) -> Import:
    """One import. Raises :class:`UnknownRecord`."""
    row = (await connection.execute(select(imports).where(imports.c.id == import_id))).one_or_none()
    if row is None:
        raise UnknownRecord(f"there is no import {import_id}")
    return import_of(await house_key(connection, keys), row)


async def list_imports(
    connection: AsyncConnection, keys: Keys, *, before: UUID | None = None, limit: int = 50
) -> Sequence[Import]:
    """Newest first, those made before ``before``."""
    query = select(imports).order_by(imports.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(imports.c.id < before)
    rows = (await connection.execute(query)).all()
    house = await house_key(connection, keys)
    return [import_of(house, row) for row in rows]


def import_of(house: DataKey, row: SqlRow[Any]) -> Import:
    """The import of a row of ``crm.imports``."""
    about = unseal_json(house, "imports.sealed", row.id, row.sealed)
    values = row._asdict()
    del values["sealed"]
    return Import(
        **{
            **values,
            "name": about["name"],
            "mapping": about["mapping"],
            "left_out": tuple(about["left_out"]),
            "basis": lawful_basis(row.basis, about["proof"]),
        }
    )
