"""Follow-ups, as staff reads, adds and closes them (SV4, SL5)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import AfterValidator, Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, read_model
from bot.web.console.cases import Id, Key, Prose, owner_of
from bot.web.console.guard import SESSION, actor_of
from bot.web.console.paging import id_in, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM
from bot.web.routes import Route
from crm_adapter.records.service import NewTask, Task

log = structlog.get_logger(__name__)


def _is_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("no zone")
    return text


Moment = Annotated[str, Field(max_length=40), AfterValidator(_is_moment)]
"""ISO 8601 with its offset from UTC."""


class _New(Body):
    key: Key
    kind: Annotated[str, Field(max_length=64)]
    subject: Prose
    due_at: Moment
    owner_id: Id | None = None
    case_id: Id | None = None


class _Closing(Body):
    state: Literal["done", "cancelled"]
    result: Prose = ""


async def show_tasks(request: web.Request) -> web.Response:
    contact_id, veil = id_in(request), veil_of(request)
    tasks = await request.app[CRM].tasks(contact_id)
    request[SEEN].add(contact_id)
    return reply({"items": [_shape(task, veil) for task in tasks], "next": None})


async def add_task(request: web.Request) -> web.Response:
    contact_id = id_in(request)
    wanted = await read_model(request, _New)
    owner_id = await owner_of(request, wanted.owner_id)
    new = NewTask(
        contact_id=contact_id,
        kind=wanted.kind,
        subject=wanted.subject,
        due_at=datetime.fromisoformat(wanted.due_at),
        by=actor_of(request),
        owner_id=owner_id or request[SESSION].staff.id,
        case_id=None if wanted.case_id is None else UUID(wanted.case_id),
    )
    task = await request.app[CRM].add_task(f"console:{contact_id}:{wanted.key}", new)
    return _changed(request, "task.added", task, 201)


async def close_task(request: web.Request) -> web.Response:
    task_id = id_in(request)
    wanted = await read_model(request, _Closing)
    task = await request.app[CRM].close_task(task_id, wanted.state, actor_of(request), wanted.result)
    return _changed(request, "task.closed", task)


def _changed(request: web.Request, event: str, task: Task, status: int = 200) -> web.Response:
    request[SEEN].add(task.contact_id)
    log.info(event, by=str(request[SESSION].staff.id), task=str(task.id), state=task.state)
    return reply(_shape(task, veil_of(request)), status)


def _shape(task: Task, veil: Veil) -> dict[str, Any]:
    return {
        "id": task.id,
        "contact_id": task.contact_id,
        "case_id": task.case_id,
        "kind": task.kind,
        "subject": veil.text(task.subject),
        "due_at": task.due_at,
        "state": task.state,
        "owner_id": task.owner_id,
        "result": veil.text(task.result),
        "closed_at": task.closed_at,
    }


ROUTES = (
    Route("GET", "/api/contacts/{id}/tasks", show_tasks, Permission.CASES_READ),
    Route("POST", "/api/contacts/{id}/tasks", add_task, Permission.CASES_WRITE),
    Route("POST", "/api/tasks/{id}/close", close_task, Permission.CASES_WRITE),
)
