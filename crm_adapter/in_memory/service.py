"""Cases and tasks in memory, by the same steps as in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from crm_adapter.in_memory.state import Room
from crm_adapter.port import Refused, UnknownRecord, VersionConflict
from crm_adapter.records.service import Case, CaseDue, CaseEvent, CaseState, NewCase, NewTask, RootCause, Task
from crm_adapter.service.checks import check_case, check_step, check_task, check_text
from crm_adapter.service.numbers import new_number, read_number
from crm_adapter.service.steps import Standing, assign, final_due, first_due, standing_of, step


class InMemoryService(Room):
    """See :class:`crm_adapter.port.Service`."""

    async def open_case(self, idempotency_key: str, case: NewCase) -> Case:
        """See :meth:`crm_adapter.port.Service.open_case`."""
        check_case(case)
        state = self._state
        holder = state.person(case.contact_id)
        known = state.keys.get(("case", idempotency_key))
        if known is not None:
            return state.cases[known]
        owner = case.owner_id or state.people[state.root(case.contact_id)].owner_id or holder.owner_id
        opened = Case(
            id=state.new_id(),
            number=self._number(case.opened_at),
            contact_id=case.contact_id,
            kind=case.kind,
            category=case.category,
            state="open",
            priority=case.priority,
            owner_id=owner,
            order_ref=case.order_ref,
            matter=case.matter,
            remedy=case.remedy,
            reach=case.reach,
            opened_at=case.opened_at,
            first_due_at=first_due(state.policy, case.kind, case.opened_at),
            final_due_at=final_due(state.policy, case.category, case.opened_at),
            version=1,
            conversation_id=case.conversation_id,
            details=dict(case.details),
            events=(CaseEvent(case.opened_at, case.by, None, "open", "", owner),),
        )
        state.keys["case", idempotency_key] = opened.id
        return self._keep_case(opened)

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
        before, now = self._take(case_id, expected_version), self._state.clock()
        policy = self._state.policy
        after = step(policy, before.kind, before.category, standing_of(before), to, by, now, root_cause)
        return self._move(before, after, by, note, now, told)

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
        before = self._take(case_id, expected_version)
        if before.state == "closed":
            raise Refused("already_closed")
        case = self._move(before, standing_of(before), by, note, self._state.clock(), told)
        if urgent:
            case = self._keep_case(replace(case, priority="high"))
        if not files:
            return case
        details = {**case.details, "files": [*case.details.get("files", ()), *files]}
        return self._keep_case(replace(case, details=details))

    async def assign_case(
        self, case_id: UUID, owner_id: UUID, by: str, note: str, *, expected_version: int | None = None
    ) -> Case:
        """See :meth:`crm_adapter.port.Service.assign_case`."""
        check_step(note, None)
        before = self._take(case_id, expected_version)
        return self._move(before, assign(standing_of(before), owner_id), by, note, self._state.clock())

    async def case(self, case_id: UUID) -> Case:
        """See :meth:`crm_adapter.port.Service.case`."""
        if case_id not in self._state.cases:
            raise UnknownRecord
        return self._state.cases[case_id]

    async def find_case(self, number: str) -> UUID | None:
        """See :meth:`crm_adapter.port.Service.find_case`."""
        wanted = read_number(number)
        return next((case.id for case in self._state.cases.values() if case.number == wanted), None)

    async def cases(self, contact_id: UUID) -> Sequence[Case]:
        """See :meth:`crm_adapter.port.Service.cases`."""
        family = self._state.family(contact_id)
        mine = (case for case in self._state.cases.values() if case.contact_id in family)
        return [replace(case, events=()) for case in sorted(mine, key=lambda case: case.id, reverse=True)]

    async def due_cases(self, at: datetime, first: timedelta, final: timedelta) -> Sequence[CaseDue]:
        """See :meth:`crm_adapter.port.Service.due_cases`."""
        clocks: tuple[Literal["first", "final"], ...] = ("first", "final")
        found = [
            CaseDue(case.id, case.contact_id, case.number, case.kind, case.owner_id, clock, due)
            for case in self._state.cases.values()
            if case.closed_at is None and case.contact_id in self._state.people
            for clock, due, done, ahead in zip(
                clocks,
                (case.first_due_at, case.final_due_at),
                (case.first_done_at, case.final_done_at),
                (first, final),
                strict=True,
            )
            if due is not None and done is None and due <= at + ahead
        ]
        return sorted(found, key=lambda one: (one.due_at, one.case_id))

    async def add_task(self, idempotency_key: str, task: NewTask) -> Task:
        """See :meth:`crm_adapter.port.Service.add_task`."""
        check_task(task)
        state = self._state
        root = state.root(task.contact_id)
        if task.case_id is not None and state.root((await self.case(task.case_id)).contact_id) != root:
            raise Refused("foreign_case")
        known = state.keys.get(("task", idempotency_key))
        if known is not None:
            return state.tasks[known]
        added = Task(
            id=state.new_id(),
            contact_id=task.contact_id,
            kind=task.kind,
            subject=task.subject,
            due_at=task.due_at,
            state="open",
            owner_id=task.owner_id,
            case_id=task.case_id,
            result=None,
            closed_at=None,
        )
        state.keys["task", idempotency_key] = added.id
        return self._keep_task(added)

    async def close_task(self, task_id: UUID, state: Literal["done", "cancelled"], by: str, result: str) -> Task:
        """See :meth:`crm_adapter.port.Service.close_task`."""
        check_text("result", result, optional=True)
        task = self._state.tasks.get(task_id)
        if task is None:
            raise UnknownRecord
        if task.state != "open":
            raise Refused("already_closed")
        return self._keep_task(replace(task, state=state, result=result, closed_at=self._state.clock()))

    async def tasks(self, contact_id: UUID) -> Sequence[Task]:
        """See :meth:`crm_adapter.port.Service.tasks`."""
        family = self._state.family(contact_id)
        mine = (task for task in self._state.tasks.values() if task.contact_id in family)
        return sorted(mine, key=lambda task: (task.due_at, task.id))

    def _take(self, case_id: UUID, expected_version: int | None) -> Case:
        case = self._state.cases.get(case_id)
        if case is None:
            raise UnknownRecord
        if case.contact_id not in self._state.people:
            raise Refused("erased")
        if expected_version is not None and expected_version != case.version:
            raise VersionConflict(case.version)
        return case

    def _move(self, before: Case, after: Standing, by: str, note: str, at: datetime, told: str | None = None) -> Case:
        event = CaseEvent(at, by, before.state, after.state, note, after.owner_id, told or None)
        return self._keep_case(
            replace(before, **after.values(), version=before.version + 1, events=(*before.events, event))
        )

    def _keep_case(self, case: Case) -> Case:
        self._state.cases[case.id] = case
        self._state.changed(case.contact_id, "case", case.id)
        return case

    def _keep_task(self, task: Task) -> Task:
        self._state.tasks[task.id] = task
        self._state.changed(task.contact_id, "task", task.id)
        return task

    def _number(self, at: datetime) -> str:
        taken = {case.number for case in self._state.cases.values()}
        return next(
            number for number in iter(lambda: new_number(at, self._state.dice.choice), None) if number not in taken
        )
