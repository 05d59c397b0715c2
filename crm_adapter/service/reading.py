"""Rows of cases and tasks as the port's records: unsealed where the key is still there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import DataKey, Keys, key_id_of, seal_json, unseal_json
from crm_adapter.encryption.vault import load_keys
from crm_adapter.records.service import Case, CaseEvent, Task
from crm_adapter.service.tables import case_events

AnyRow = Row[*tuple[Any, ...]]
WORDS = ("matter", "remedy", "reach", "order_ref")
"""What of a case is sealed, each in its own column ``sealed_…``."""


def seal_words(key: DataKey, table: str, record: UUID, words: Mapping[str, str | None]) -> dict[str, bytes | None]:
    """The values of the columns ``sealed_…`` for these words."""
    return {
        f"sealed_{field}": None if value is None else seal_json(key, f"{table}.{field}", record, value)
        for field, value in words.items()
    }


async def read_cases(connection: AsyncConnection, keys: Keys, rows: Sequence[AnyRow]) -> list[Case]:
    """The cases of these rows of ``crm.cases``, without their events."""
    found = await _keys_of(connection, keys, (row._mapping[f"sealed_{field}"] for row in rows for field in WORDS))
    return [_case(found, row) for row in rows]


async def read_case(connection: AsyncConnection, keys: Keys, row: AnyRow) -> Case:
    """One case with its events."""
    query = select(case_events).where(case_events.c.case_id == row.id).order_by(case_events.c.version)
    steps = (await connection.execute(query)).all()
    sealed = [row._mapping[f"sealed_{field}"] for field in WORDS] + [one.sealed_note for one in steps]
    found = await _keys_of(connection, keys, sealed)
    events = tuple(
        CaseEvent(
            one.at,
            one.by,
            one.from_state,
            one.to_state,
            _open(found, f"case_events.note.{one.version}", row.id, one.sealed_note),
            one.owner_id,
        )
        for one in steps
    )
    return _case(found, row, events)


async def read_tasks(connection: AsyncConnection, keys: Keys, rows: Sequence[AnyRow]) -> list[Task]:
    """The tasks of these rows of ``crm.tasks``."""
    found = await _keys_of(connection, keys, (one for row in rows for one in (row.sealed_subject, row.sealed_result)))
    return [
        Task(
            id=row.id,
            contact_id=row.contact_id,
            kind=row.kind,
            subject=_open(found, "tasks.subject", row.id, row.sealed_subject),
            due_at=row.due_at,
            state=row.state,
            owner_id=row.owner_id,
            case_id=row.case_id,
            result=_open(found, "tasks.result", row.id, row.sealed_result),
            closed_at=row.closed_at,
        )
        for row in rows
    ]


def _case(keys: Mapping[UUID, DataKey], row: AnyRow, events: tuple[CaseEvent, ...] = ()) -> Case:
    words = {field: _open(keys, f"cases.{field}", row.id, row._mapping[f"sealed_{field}"]) for field in WORDS}
    return Case(
        id=row.id,
        number=row.number,
        contact_id=row.contact_id,
        kind=row.kind,
        category=row.category,
        state=row.state,
        priority=row.priority,
        owner_id=row.owner_id,
        opened_at=row.opened_at,
        first_due_at=row.first_due_at,
        final_due_at=row.final_due_at,
        version=row.version,
        first_done_at=row.first_done_at,
        final_done_at=row.final_done_at,
        closed_at=row.closed_at,
        root_cause=row.root_cause,
        events=events,
        **words,
    )


async def _keys_of(connection: AsyncConnection, keys: Keys, sealed: Iterable[bytes | None]) -> Mapping[UUID, DataKey]:
    ids = {key_id_of(one) for one in sealed if one is not None}
    return await load_keys(connection, keys, ids) if ids else {}


def _open(keys: Mapping[UUID, DataKey], place: str, record: UUID, sealed: bytes | None) -> str | None:
    key = None if sealed is None else keys.get(key_id_of(sealed))
    return None if sealed is None or key is None else cast(str, unseal_json(key, place, record, sealed))
