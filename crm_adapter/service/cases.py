"""Cases in SQL: opened once, moved one step at a time, every step kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import members_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.encryption import DataKey, seal_json
from crm_adapter.port import Refused, UnknownRecord, VersionConflict
from crm_adapter.records.service import Case, CaseDue, CaseState, NewCase, RootCause
from crm_adapter.service.checks import check_case, check_step
from crm_adapter.service.deadlines import due_in
from crm_adapter.service.holder import hold
from crm_adapter.service.numbers import new_number, read_number
from crm_adapter.service.reading import WORDS, AnyRow, read_case, read_cases, seal_words
from crm_adapter.service.steps import Standing, assign, final_due, first_due, standing_of, step
from crm_adapter.service.tables import case_events, cases
from crm_adapter.session import Session


class SqlCases(Session):
    """The cases of the port."""

    async def open_case(self, idempotency_key: str, case: NewCase) -> Case:
        """See :meth:`crm_adapter.port.Service.open_case`."""
        check_case(case)
        blind = self._keys.blind("case", idempotency_key)
        async with self._work() as connection:
            holder = await hold(connection, self._keys, case.contact_id)
            if holder is None or holder.key is None:
                raise UnknownRecord
            row = await _of_key(connection, blind)
            if row is None:
                case_id = uuid7()
                values = {
                    "id": case_id,
                    "contact_id": case.contact_id,
                    "key_blind": blind,
                    "kind": case.kind,
                    "category": case.category,
                    "priority": case.priority,
                    "state": "open",
                    "owner_id": case.owner_id or holder.owner_id,
                    "conversation_id": case.conversation_id,
                    "opened_by": case.by,
                    "opened_at": case.opened_at,
                    "first_due_at": first_due(self._policy, case.kind, case.opened_at),
                    "final_due_at": final_due(self._policy, case.category, case.opened_at),
                    "version": 1,
                    **seal_words(
                        holder.key, "cases", case_id, {field: getattr(case, field) or None for field in WORDS}
                    ),
                }
                row = await _store(connection, holder.key, values)
            return await read_case(connection, self._keys, row)

    async def transition_case(
        self,
        case_id: UUID,
        to: CaseState,
        by: str,
        note: str,
        *,
        expected_version: int | None = None,
        root_cause: RootCause | None = None,
        told: str | None = None,
    ) -> Case:
        """See :meth:`crm_adapter.port.Service.transition_case`."""
        check_step(note, root_cause, told)
        async with self._work() as connection:
            row, key = await self._take(connection, case_id, expected_version)
            now = datetime.now(UTC)
            after = step(self._policy, row.kind, row.category, standing_of(row), to, by, now, root_cause)
            return await self._move(connection, row, key, after, by, note, now, told)

    async def add_to_case(
        self,
        case_id: UUID,
        by: str,
        note: str,
        *,
        told: str | None = None,
        files: Sequence[Mapping[str, Any]] = (),
        urgent: bool = False,
        expected_version: int | None = None,
    ) -> Case:
        """See :meth:`crm_adapter.port.Service.add_to_case`."""
        check_step(note, None, told)
        async with self._work() as connection:
            row, key = await self._take(connection, case_id, expected_version)
            if row.state == "closed":
                raise Refused("already_closed")
            case = await self._move(connection, row, key, standing_of(row), by, note, datetime.now(UTC), told)
            values: dict[str, Any] = {"priority": "high"} if urgent else {}
            if files:
                details = {**case.details, "files": [*case.details.get("files", ()), *files]}
                values |= seal_words(key, "cases", case_id, {"details": details})
            if not values:
                return case
            changed = update(cases).where(cases.c.id == case_id).values(**values).returning(cases)
            return await read_case(connection, self._keys, (await connection.execute(changed)).one())

    async def assign_case(
        self, case_id: UUID, owner_id: UUID, by: str, note: str, *, expected_version: int | None = None
    ) -> Case:
        """See :meth:`crm_adapter.port.Service.assign_case`."""
        check_step(note, None)
        async with self._work() as connection:
            row, key = await self._take(connection, case_id, expected_version)
            after = assign(standing_of(row), owner_id)
            return await self._move(connection, row, key, after, by, note, datetime.now(UTC))

    async def case(self, case_id: UUID) -> Case:
        """See :meth:`crm_adapter.port.Service.case`."""
        async with self._work() as connection:
            row = (await connection.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
            if row is None:
                raise UnknownRecord
            return await read_case(connection, self._keys, row)

    async def find_case(self, number: str) -> UUID | None:
        """See :meth:`crm_adapter.port.Service.find_case`."""
        wanted = read_number(number)
        if wanted is None:
            return None
        async with self._work() as connection:
            found: UUID | None = await connection.scalar(select(cases.c.id).where(cases.c.number == wanted))
            return found

    async def cases(self, contact_id: UUID) -> Sequence[Case]:
        """See :meth:`crm_adapter.port.Service.cases`."""
        async with self._work() as connection:
            family = members_of(await root_of(connection, contact_id))
            query = select(cases).where(cases.c.contact_id.in_(family)).order_by(cases.c.id.desc())
            return await read_cases(connection, self._keys, (await connection.execute(query)).all())

    async def due_cases(self, at: datetime, first: timedelta, final: timedelta) -> Sequence[CaseDue]:
        """See :meth:`crm_adapter.port.Service.due_cases`."""
        async with self._work() as connection:
            return await due_in(connection, at, first, final)

    async def _take(
        self, connection: AsyncConnection, case_id: UUID, expected_version: int | None
    ) -> tuple[AnyRow, DataKey]:
        # Contact before case: the order in which an erasure takes them.
        contact_id: UUID | None = await connection.scalar(select(cases.c.contact_id).where(cases.c.id == case_id))
        if contact_id is None:
            raise UnknownRecord
        holder = await hold(connection, self._keys, contact_id)
        if holder is None or holder.key is None:
            raise Refused("erased")
        row = (await connection.execute(select(cases).where(cases.c.id == case_id).with_for_update())).one()
        if expected_version is not None and expected_version != row.version:
            raise VersionConflict(row.version)
        return row, holder.key

    async def _move(
        self,
        connection: AsyncConnection,
        row: AnyRow,
        key: DataKey,
        after: Standing,
        by: str,
        note: str,
        at: datetime,
        told: str | None = None,
    ) -> Case:
        values = {**after.values(), "version": row.version + 1}
        changed = update(cases).where(cases.c.id == row.id).values(values).returning(cases)
        moved = (await connection.execute(changed)).one()
        await _append(connection, key, moved, row.state, by, note, at, told)
        return await read_case(connection, self._keys, moved)


async def _store(connection: AsyncConnection, key: DataKey, values: dict[str, Any]) -> AnyRow:
    while True:
        number = new_number(values["opened_at"])
        new = upsert(cases).values(number=number, **values).on_conflict_do_nothing().returning(cases)
        row: AnyRow | None = (await connection.execute(new)).one_or_none()
        if row is not None:
            await _append(connection, key, row, None, values["opened_by"], "", values["opened_at"])
            return row
        row = await _of_key(connection, values["key_blind"])
        if row is not None:  # somebody else was first with this key; else the number was taken: draw another
            return row


async def _of_key(connection: AsyncConnection, blind: bytes) -> AnyRow | None:
    return (await connection.execute(select(cases).where(cases.c.key_blind == blind))).one_or_none()


async def _append(
    connection: AsyncConnection,
    key: DataKey,
    row: AnyRow,
    before: str | None,
    by: str,
    note: str,
    at: datetime,
    told: str | None = None,
) -> None:
    event = {
        "case_id": row.id,
        "version": row.version,
        "at": at,
        "by": by,
        "from_state": before,
        "to_state": row.state,
        "owner_id": row.owner_id,
        "sealed_note": seal_json(key, f"case_events.note.{row.version}", row.id, note),
        "sealed_told": seal_json(key, f"case_events.told.{row.version}", row.id, told) if told else None,
    }
    await connection.execute(insert(case_events).values(event))
    await note_change(connection, "case", [row.contact_id], row.id)
