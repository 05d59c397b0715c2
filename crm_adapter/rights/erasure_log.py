"""The erasure log as a file apart from the database: a restored backup must not bring anybody back.

One line of JSON per erasure. The table ``crm.erasures`` says the same; what a crash kept out of the file is added by
:func:`complete`, and what a restore brought back is erased again by :func:`replay`.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.rights.ending import answer_by_erasure, end_by_erasure, still_open
from crm_adapter.rights.tables import erasures, kept_orders


class LogDamaged(ValueError):
    """A line of the file cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One erasure: who is gone, under which keys, with its certificate."""

    id: UUID
    contact_id: UUID
    contact_ids: tuple[UUID, ...]
    key_ids: tuple[UUID, ...]
    at: datetime
    by: str
    certificate: dict[str, Any]
    signature: str
    public_key: str


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Adds a line each; they survive a power cut when it returns."""
    lines = "".join(json.dumps(asdict(entry), default=str, ensure_ascii=False) + "\n" for entry in entries)
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+b") as file:
        # A line that a crash cut off is closed first, so that it spoils no other.
        if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) is not None and file.read(1) != b"\n":
            lines = "\n" + lines
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_log(path: Path) -> list[Entry]:
    """Every entry, each once, oldest first; none when there is no file. A line cut short by a crash does not count.

    Raises :class:`LogDamaged` for any other line that cannot be read.
    """
    if not path.exists():
        return []
    found: dict[UUID, Entry] = {}
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entry = _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as fault:
            if _is_cut_short(line):
                continue  # its erasure stands in the database, and complete() writes it again
            raise LogDamaged(f"{path}, line {number}: cannot be read") from fault
        found.setdefault(entry.id, entry)
    return list(found.values())


async def complete(connection: AsyncConnection, path: Path) -> int:
    """Adds to the file what the database knows and it does not; how many."""
    known = {entry.id for entry in read_log(path)}
    rows = (await connection.execute(select(erasures).order_by(erasures.c.id))).all()
    missing = [entry_of(row) for row in rows if row.id not in known]
    append(path, missing)
    return len(missing)


async def replay(connection: AsyncConnection, entries: Sequence[Entry]) -> int:
    """Erases again whatever a restored backup brought back; how many of the entries had something left. Idempotent."""
    again = 0
    for entry in entries:
        done = await connection.scalar(
            text("SELECT crm.erase_people(:contacts, :keys)"),
            {"contacts": list(entry.contact_ids), "keys": list(entry.key_ids)},
        )
        # As long as the certificate says, counted from the erasure itself.
        theirs = kept_orders.c.pseudonym.in_(entry.contact_ids)
        await connection.execute(update(kept_orders).where(theirs).values(erased_at=entry.at))
        again += any(done["erased"].values())
        await connection.execute(upsert(erasures).values(**asdict(entry)).on_conflict_do_nothing())
        answered = entry.certificate.get("request")
        if answered is not None:
            await answer_by_erasure(connection, UUID(answered), entry.by, entry.at, entry.id)
        waiting = await still_open(connection, entry.contact_ids, None)
        grounds = str(entry.certificate["grounds"])
        await end_by_erasure(connection, waiting, entry.by, entry.at, grounds, entry.id)
    return again


async def record(connection: AsyncConnection, entry: Entry) -> None:
    """Puts it into the table, as part of the erasing transaction."""
    await connection.execute(insert(erasures).values(**asdict(entry)))


def _entry(content: dict[str, Any]) -> Entry:
    return Entry(
        id=UUID(content["id"]),
        contact_id=UUID(content["contact_id"]),
        contact_ids=tuple(UUID(one) for one in content["contact_ids"]),
        key_ids=tuple(UUID(one) for one in content["key_ids"]),
        at=datetime.fromisoformat(content["at"]),
        by=content["by"],
        certificate=content["certificate"],
        signature=content["signature"],
        public_key=content["public_key"],
    )


def entry_of(row: Any) -> Entry:
    """From a row of the table."""
    values = row._asdict()
    return Entry(**{**values, "contact_ids": tuple(row.contact_ids), "key_ids": tuple(row.key_ids)})


def _is_cut_short(line: bytes) -> bool:
    return line.startswith(b"{") and not line.endswith(b"}")
