"""Segments: saved filters, and how many customers one would hold (CP5-CP7). No customer is shown here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import psycopg.errors
import structlog
from aiohttp import web
from pydantic import Field
from sqlalchemy.exc import OperationalError

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.guard import SESSION, actor_of
from bot.web.console.paging import id_in, reply
from bot.web.keys import CRM
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.records.value import BadSegment, Segment
from crm_adapter.value.conditions import OPERATORS
from crm_adapter.value.segments import FIELDS

log = structlog.get_logger(__name__)

Condition = dict[str, Any]


class _Saved(Body):
    name: Annotated[Line, Field(min_length=1, max_length=100)]
    condition: Condition


class _Preview(Body):
    condition: Condition


@asynccontextmanager
async def _understood() -> AsyncIterator[None]:
    try:
        yield
    except BadSegment as bad:
        raise Problem(422, "bad_segment", reason=bad.code, place=bad.place) from None
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise Problem(503, "search_too_slow") from None
        raise


async def show_segments(request: web.Request) -> web.Response:
    return reply({"items": [_shape(one) for one in await request.app[CRM].segments()], "next": None})


async def show_fields(request: web.Request) -> web.Response:
    """What a condition can ask about, and how: what a form for conditions is built from."""
    rules = request.app[CRM].rules
    items = [
        {
            "id": name,
            "kind": field.kind,
            "operators": list(field.operators or OPERATORS[field.kind]),
            "words": list(field.words),
            "needed": list(field.needed),
            "optional": list(field.optional),
        }
        for name, field in FIELDS.items()
    ]
    tags = [rule.outcome for rule in rules.tags]
    return reply({"items": items, "next": None, "tags": tags, "currency": rules.currency})


async def save_segment(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Saved)
    async with _understood():
        segment = await request.app[CRM].save_segment(wanted.name, wanted.condition, actor_of(request))
    log.info("segment.saved", by=str(request[SESSION].staff.id), segment=str(segment.id))
    return reply(_shape(segment))


async def remove_segment(request: web.Request) -> web.Response:
    segment_id = id_in(request)
    await request.app[CRM].remove_segment(segment_id)
    log.info("segment.removed", by=str(request[SESSION].staff.id), segment=str(segment_id))
    return web.Response(status=204)


async def preview(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Preview)
    async with _understood():
        count = await request.app[CRM].count_segment(wanted.condition)
    return reply({"count": count})


def _shape(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.id,
        "name": segment.name,
        "condition": segment.condition,
        "saved_by": segment.saved_by,
        "saved_at": segment.saved_at,
    }


ROUTES = (
    Route("GET", "/api/segments", show_segments, Permission.SEGMENTS_READ),
    Route("GET", "/api/segments/fields", show_fields, Permission.SEGMENTS_READ),
    Route("PUT", "/api/segments", save_segment, Permission.SEGMENTS_WRITE),
    Route("DELETE", "/api/segments/{id}", remove_segment, Permission.SEGMENTS_WRITE),
    Route("POST", "/api/segments/preview", preview, Permission.SEGMENTS_READ),
)
