"""Rows of cases and tasks as the port's records: unsealed where the key is still there."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption import DataKey, Keys, seal_json
from crm_adapter.encryption.opening import Opener, opener_for
from crm_adapter.records.service import Case, CaseEvent, Task
from crm_adapter.service.tables import case_events

AnyRow = Row[*tuple[Any, ...]]
WORDS = ("matter", "remedy", "reach", "order_ref", "details")
"""What of a case is sealed, each in its own column ``sealed_…``."""


def seal_words(key: DataKey, table: str, record: UUID, words: Mapping[str, Any]) -> dict[str, bytes | None]:
    """The values of the columns ``sealed_…`` for these words."""
    return {
        f"sealed_{field}": None if value is None else seal_json(key, f"{table}.{field}", record, value)
        for field, value in words.items()
    }


async def read_cases(connection: AsyncConnection, keys: Keys, rows: Sequence[AnyRow]) -> list[Case]:
    """The cases of these rows of ``crm.cases``, without their events."""
    opener = await opener_for(connection, keys, (row._mapping[f"sealed_{field}"] for row in rows for field in WORDS))
    return [_case(opener, row) for row in rows]


async def read_case(connection: AsyncConnection, keys: Keys, row: AnyRow) -> Case:
    """One case with its events."""
    query = select(case_events).where(case_events.c.case_id == row.id).order_by(case_events.c.version)
    steps = (await connection.execute(query)).all()
    sealed = [row._mapping[f"sealed_{field}"] for field in WORDS]
    sealed += [one for step in steps for one in (step.sealed_note, step.sealed_told)]
    opener = await opener_for(connection, keys, sealed)
    events = tuple(
        CaseEvent(
            one.at,
            one.by,
            one.from_state,
            one.to_state,
            opener.value(f"case_events.note.{one.version}", row.id, one.sealed_note),
            one.owner_id,
            opener.value(f"case_events.told.{one.version}", row.id, one.sealed_told),
        )
        for one in steps
    )
    return _case(opener, row, events)


async def read_tasks(connection: AsyncConnection, keys: Keys, rows: Sequence[AnyRow]) -> list[Task]:
    """The tasks of these rows of ``crm.tasks``."""
    opener = await opener_for(
        connection, keys, (one for row in rows for one in (row.sealed_subject, row.sealed_result))
    )
    return [
        Task(
            id=row.id,
            contact_id=row.contact_id,
            kind=row.kind,
            subject=opener.value("tasks.subject", row.id, row.sealed_subject),
            due_at=row.due_at,
            state=row.state,
            owner_id=row.owner_id,
            case_id=row.case_id,
            result=opener.value("tasks.result", row.id, row.sealed_result),
            closed_at=row.closed_at,
        )
        for row in rows
    ]


def _case(opener: Opener, row: AnyRow, events: tuple[CaseEvent, ...] = ()) -> Case:
    words = {field: opener.value(f"cases.{field}", row.id, row._mapping[f"sealed_{field}"]) for field in WORDS}
    words["details"] = words["details"] or {}
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
        conversation_id=row.conversation_id,
        events=events,
        **words,
    )
