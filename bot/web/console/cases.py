"""Cases and follow-ups, as staff reads and moves them (CO1-CO6, SV4)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import AfterValidator, Field

from bot.staff.accounts import find_staff
from bot.staff.errors import StaffInactive
from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, is_storable, read_model
from bot.web.console.case_news import tell_change
from bot.web.console.guard import SESSION, actor_of
from bot.web.console.paging import id_in, identifier, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM, ENGINE, KEYS, NOTICES
from bot.web.routes import Route
from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.service import Case, CaseKind, CaseState, NewCase, RootCause
from crm_adapter.service.steps import TRANSITIONS

log = structlog.get_logger(__name__)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("not storable")
    return text.strip()


Prose = Annotated[str, AfterValidator(_storable), Field(max_length=10_000)]
Key = Annotated[Line, Field(min_length=1, max_length=100)]
"""Made by the client, once per thing it wants done: sent again, nothing is done twice."""
Id = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")]


class _New(Body):
    key: Key
    kind: CaseKind
    category: Annotated[str, Field(max_length=64)]
    matter: Prose
    remedy: Prose | None = None
    reach: Prose | None = None
    order_ref: Annotated[Line, Field(max_length=200)] | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    owner_id: Id | None = None
    conversation_id: Id | None = None


class _Step(Body):
    to: CaseState
    note: Prose = ""
    """For staff only."""
    told: Prose = ""
    """For the customer, who is told of every step."""
    version: int
    root_cause: RootCause | None = None


class _Note(Body):
    note: Prose = ""
    told: Prose = ""
    version: int


class _Owner(Body):
    owner_id: Id
    note: Prose = ""
    version: int


async def show_cases(request: web.Request) -> web.Response:
    contact_id, veil = id_in(request), veil_of(request)
    cases = await request.app[CRM].cases(contact_id)
    request[SEEN].add(contact_id)
    return reply({"items": [_shape(case, veil) for case in cases], "next": None})


async def show_case(request: web.Request) -> web.Response:
    """By its id, or by its number as the customer says it."""
    wanted, crm, veil = request.match_info["id"], request.app[CRM], veil_of(request)
    case_id = identifier(wanted) or (await crm.find_case(wanted) if is_storable(wanted) else None)
    if case_id is None:
        raise UnknownRecord
    case = await crm.case(case_id)
    request[SEEN].add(case.contact_id)
    return reply(_whole(case, veil))


async def open_case(request: web.Request) -> web.Response:
    contact_id, by = id_in(request), actor_of(request)
    wanted = await read_model(request, _New)
    owner_id = await owner_of(request, wanted.owner_id)
    new = NewCase(
        contact_id=contact_id,
        kind=wanted.kind,
        category=wanted.category,
        matter=wanted.matter,
        opened_at=datetime.now(UTC),
        by=by,
        remedy=wanted.remedy,
        reach=wanted.reach,
        order_ref=wanted.order_ref,
        priority=wanted.priority,
        owner_id=owner_id,
        conversation_id=None if wanted.conversation_id is None else UUID(wanted.conversation_id),
    )
    case = await request.app[CRM].open_case(f"console:{contact_id}:{wanted.key}", new)
    return _changed(request, "case.opened", case, 201)


async def move_case(request: web.Request) -> web.Response:
    case_id = id_in(request)
    step = await read_model(request, _Step)
    async with request.app[ENGINE].begin() as connection:
        case = (
            await request.app[CRM]
            .within(connection)
            .transition_case(
                case_id,
                step.to,
                actor_of(request),
                step.note,
                expected_version=step.version,
                root_cause=step.root_cause,
                told=step.told or None,
            )
        )
        await tell_change(connection, request.app[KEYS], case, request.app.get(NOTICES))
    return _changed(request, "case.moved", case)


async def note_case(request: web.Request) -> web.Response:
    case_id = id_in(request)
    wanted = await read_model(request, _Note)
    if not (wanted.note or wanted.told):
        raise BadField("note", "empty")
    async with request.app[ENGINE].begin() as connection:
        case = (
            await request.app[CRM]
            .within(connection)
            .add_to_case(
                case_id, actor_of(request), wanted.note, told=wanted.told or None, expected_version=wanted.version
            )
        )
        await tell_change(connection, request.app[KEYS], case, request.app.get(NOTICES))
    return _changed(request, "case.noted", case)


async def assign_case(request: web.Request) -> web.Response:
    case_id = id_in(request)
    wanted = await read_model(request, _Owner)
    owner_id = await owner_of(request, wanted.owner_id)
    case = await request.app[CRM].assign_case(
        case_id, owner_id or UUID(wanted.owner_id), actor_of(request), wanted.note, expected_version=wanted.version
    )
    return _changed(request, "case.assigned", case)


async def owner_of(request: web.Request, owner_id: str | None) -> UUID | None:
    """The member of staff who is to own something. Raises ``UnknownStaff`` or ``StaffInactive``."""
    if owner_id is None:
        return None
    async with request.app[ENGINE].connect() as connection:
        staff = await find_staff(connection, UUID(owner_id))
    if not staff.active:
        raise StaffInactive
    return staff.id


def _changed(request: web.Request, event: str, case: Case, status: int = 200) -> web.Response:
    request[SEEN].add(case.contact_id)
    log.info(event, by=str(request[SESSION].staff.id), case=str(case.id), state=case.state, version=case.version)
    return reply(_whole(case, veil_of(request)), status)


def _whole(case: Case, veil: Veil) -> dict[str, Any]:
    events = [
        {
            "at": event.at,
            "by": event.by,
            "from": event.from_state,
            "to": event.to_state,
            "owner_id": event.owner_id,
            "note": veil.text(event.note),
            "told": veil.text(event.told),
        }
        for event in case.events
    ]
    return {**_shape(case, veil), "events": events}


def _shape(case: Case, veil: Veil) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "contact_id": case.contact_id,
        "kind": case.kind,
        "category": case.category,
        "state": case.state,
        "priority": case.priority,
        "owner_id": case.owner_id,
        "order_ref": veil.text(case.order_ref),
        "matter": veil.text(case.matter),
        "remedy": veil.text(case.remedy),
        "reach": veil.text(case.reach),
        "opened_at": case.opened_at,
        "first_due_at": case.first_due_at,
        "first_done_at": case.first_done_at,
        "final_due_at": case.final_due_at,
        "final_done_at": case.final_done_at,
        "closed_at": case.closed_at,
        "root_cause": case.root_cause,
        "conversation_id": case.conversation_id,
        "details": veil.body(case.details),
        "version": case.version,
        "next": sorted(TRANSITIONS[case.state]),
    }


ROUTES = (
    Route("GET", "/api/contacts/{id}/cases", show_cases, Permission.CASES_READ),
    Route("POST", "/api/contacts/{id}/cases", open_case, Permission.CASES_WRITE),
    Route("GET", "/api/cases/{id}", show_case, Permission.CASES_READ),
    Route("POST", "/api/cases/{id}/transition", move_case, Permission.CASES_WRITE),
    Route("POST", "/api/cases/{id}/notes", note_case, Permission.CASES_WRITE),
    Route("POST", "/api/cases/{id}/owner", assign_case, Permission.CASES_WRITE),
)
