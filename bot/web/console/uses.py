"""New uses of customer data (PR2): asked for, decided by a second person, carried out as a download."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import AwareDatetime, Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.guard import actor_of
from bot.web.console.paging import id_in, page_of, page_reply, place_id, reply, text
from bot.web.console.sharing import Fields
from bot.web.keys import ENGINE, KEYS, SHARING
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.records.customers import FIELDS
from crm_adapter.sharing.deidentify import EXPORTABLE, FIGURES, IDENTIFYING
from crm_adapter.sharing.uses import NewUse, Use, ask_use, decide_use, find_use, list_uses

_Reason = Annotated[Line, Field(min_length=4, max_length=1000)]
_Contact = Annotated[UUID, Field(strict=False)]


class _Ask(Body):
    kind: Literal["export", "analysis", "hand_out"]
    purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
    what_for: _Reason
    fields: Fields
    segment: dict[str, Any] | None = None
    contact_ids: Annotated[list[_Contact], Field(min_length=1, max_length=1000)] | None = None
    deidentified: bool = True
    why_identified: _Reason | None = None
    recipient: Annotated[Line, Field(min_length=1, max_length=200)] | None = None


class _Decide(Body):
    decision: Literal["approved", "refused"]
    reason: _Reason
    valid_until: Annotated[AwareDatetime, Field(strict=False)] | None = None


async def show_uses(request: web.Request) -> web.Response:
    page = page_of(request)
    undecided = text(request, "state", of=("undecided",)) is not None
    async with request.app[ENGINE].begin() as connection:
        rows = await list_uses(
            connection, request.app[KEYS], undecided=undecided, before=place_id(page.cursor), limit=page.asked
        )
    return page_reply(page, rows, lambda row: str(row.id), _shape)


async def show_fields(request: web.Request) -> web.Response:
    """What a use can ask for; what is ``identifying`` is never part of a de-identified one."""
    known = [one for one in (*FIELDS, *FIGURES) if one in EXPORTABLE]
    return reply({"items": [{"id": one, "identifying": one in IDENTIFYING} for one in known], "next": None})


async def ask(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Ask)
    asked = NewUse(
        kind=wanted.kind,
        purpose=wanted.purpose,
        what_for=wanted.what_for,
        fields=tuple(dict.fromkeys(wanted.fields)),
        asked_by=actor_of(request),
        segment=wanted.segment,
        contact_ids=None if wanted.contact_ids is None else tuple(wanted.contact_ids),
        deidentified=wanted.deidentified,
        why_identified=wanted.why_identified,
        recipient=wanted.recipient,
    )
    async with request.app[ENGINE].begin() as connection:
        use = await ask_use(connection, request.app[KEYS], asked)
    return reply(_shape(use), 201)


async def decide(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Decide)
    until: datetime | None = wanted.valid_until
    async with request.app[ENGINE].begin() as connection:
        use = await decide_use(
            connection,
            request.app[KEYS],
            id_in(request),
            wanted.decision,
            actor_of(request),
            wanted.reason,
            valid_until=until,
        )
    return reply(_shape(use))


async def export(request: web.Request) -> web.Response:
    """The rows as a file, for who asked for them and nobody else."""
    async with request.app[ENGINE].begin() as connection:
        use = await find_use(connection, request.app[KEYS], id_in(request))
    if use.asked.asked_by != actor_of(request):
        raise Problem(403, "forbidden")
    trace_id = structlog.contextvars.get_contextvars().get("trace_id", "")
    result = await request.app[SHARING].carry_out(use.id, actor_of(request), trace_id)
    return web.Response(
        body=result.content,
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="use-{use.id}.csv"',
            "Cache-Control": "no-store",
            "X-Rows": str(result.rows),
            "X-Left-Out": str(result.left_out),
            "X-Smallest-Group": str(result.smallest_group),
        },
    )


def _shape(use: Use) -> dict[str, Any]:
    asked = use.asked
    return {
        "id": use.id,
        "kind": asked.kind,
        "purpose": asked.purpose,
        "what_for": asked.what_for,
        "fields": list(asked.fields),
        "segment": asked.segment,
        "contact_ids": None if asked.contact_ids is None else list(asked.contact_ids),
        "deidentified": asked.deidentified,
        "why_identified": asked.why_identified,
        "recipient": asked.recipient,
        "asked_by": asked.asked_by,
        "asked_at": use.asked_at,
        "decision": use.decision,
        "decided_by": use.decided_by,
        "decided_at": use.decided_at,
        "reason": use.reason,
        "valid_until": use.valid_until,
        "used_at": use.used_at,
        "times_used": use.times_used,
    }


ROUTES = (
    Route("GET", "/api/uses", show_uses, Permission.USES_READ),
    Route("GET", "/api/uses/fields", show_fields, Permission.SESSION_OWN),
    Route("POST", "/api/uses", ask, Permission.USES_ASK),
    Route("POST", "/api/uses/{id}/decision", decide, Permission.USES_DECIDE),
    Route("POST", "/api/uses/{id}/export", export, Permission.USES_ASK),
)
