"""Follow-up tasks in SQL: added once, closed once with their result."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import members_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.service import NewTask, Task
from crm_adapter.service.checks import check_task, check_text
from crm_adapter.service.holder import hold
from crm_adapter.service.reading import read_tasks, seal_words
from crm_adapter.service.tables import cases, tasks
from crm_adapter.session import Session


class SqlTasks(Session):
    """The tasks of the port."""

    async def add_task(self, idempotency_key: str, task: NewTask) -> Task:
        """See :meth:`crm_adapter.port.Service.add_task`."""
        check_task(task)
        async with self._work() as connection:
            holder = await hold(connection, self._keys, task.contact_id)
            if holder is None or holder.key is None:
                raise UnknownRecord
            if task.case_id is not None:
                await _check_case(connection, task.case_id, holder.root_id)
            task_id, blind = uuid7(), self._keys.blind("task", idempotency_key)
            values = {
                "id": task_id,
                "contact_id": task.contact_id,
                "key_blind": blind,
                "case_id": task.case_id,
                "kind": task.kind,
                "due_at": task.due_at,
                "owner_id": task.owner_id,
                "added_by": task.by,
                "added_at": datetime.now(UTC),
                **seal_words(holder.key, "tasks", task_id, {"subject": task.subject}),
            }
            new = upsert(tasks).values(values).on_conflict_do_nothing().returning(tasks)
            row = (await connection.execute(new)).one_or_none()
            if row is None:
                row = (await connection.execute(select(tasks).where(tasks.c.key_blind == blind))).one()
            else:
                await note_change(connection, "task", [row.contact_id], row.id)
            return (await read_tasks(connection, self._keys, [row]))[0]

    async def close_task(self, task_id: UUID, state: Literal["done", "cancelled"], by: str, result: str) -> Task:
        """See :meth:`crm_adapter.port.Service.close_task`."""
        check_text("result", result, optional=True)
        async with self._work() as connection:
            # Contact before task: the order in which an erasure takes them.
            contact_id: UUID | None = await connection.scalar(select(tasks.c.contact_id).where(tasks.c.id == task_id))
            holder = None if contact_id is None else await hold(connection, self._keys, contact_id)
            if holder is None or holder.key is None:
                raise UnknownRecord
            closed = (
                update(tasks)
                .where(tasks.c.id == task_id, tasks.c.state == "open")
                .values(
                    state=state,
                    closed_by=by,
                    closed_at=datetime.now(UTC),
                    **seal_words(holder.key, "tasks", task_id, {"result": result}),
                )
                .returning(tasks)
            )
            row = (await connection.execute(closed)).one_or_none()
            if row is None:
                raise Refused("already_closed")
            await note_change(connection, "task", [row.contact_id], row.id)
            return (await read_tasks(connection, self._keys, [row]))[0]

    async def tasks(self, contact_id: UUID) -> Sequence[Task]:
        """See :meth:`crm_adapter.port.Service.tasks`."""
        async with self._work() as connection:
            family = members_of(await root_of(connection, contact_id))
            query = select(tasks).where(tasks.c.contact_id.in_(family)).order_by(tasks.c.due_at, tasks.c.id)
            return await read_tasks(connection, self._keys, (await connection.execute(query)).all())


async def _check_case(connection: AsyncConnection, case_id: UUID, root_id: UUID) -> None:
    holder_id: UUID | None = await connection.scalar(select(cases.c.contact_id).where(cases.c.id == case_id))
    if holder_id is None:
        raise UnknownRecord
    if await root_of(connection, holder_id) != root_id:
        raise Refused("foreign_case")
