"""Reviews of who has access (PR4, PR9), for privacy officer and administrator."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import Field

from bot.staff.reviews import decide_access, open_review_now
from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.guard import SESSION
from bot.web.console.paging import id_in, page_of, page_reply, place_id, reply
from bot.web.keys import ENGINE, KEYS
from bot.web.routes import Route
from crm_adapter.port import Refused
from crm_adapter.sharing.reviews import Review, ReviewItem, list_reviews, review_items

log = structlog.get_logger(__name__)

_WITHIN_DAYS = 14


class _Open(Body):
    within_days: Annotated[int, Field(ge=1, le=366)] = _WITHIN_DAYS


class _Verdict(Body):
    staff_id: Annotated[UUID, Field(strict=False)]
    decision: Literal["keep", "reduce", "remove"]
    roles: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)] = Field(default_factory=list)
    reason: Annotated[Line, Field(min_length=4, max_length=1000)]


async def show_reviews(request: web.Request) -> web.Response:
    page = page_of(request)
    async with request.app[ENGINE].connect() as connection:
        rows = await list_reviews(connection, before=place_id(page.cursor), limit=page.asked)
    return page_reply(page, rows, lambda row: str(row.id), _shape)


async def open_now(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Open)
    async with request.app[ENGINE].begin() as connection:
        review_id = await open_review_now(connection, timedelta(days=wanted.within_days), datetime.now(UTC))
        if review_id is None:
            raise Refused("review_open")
        (review,) = await list_reviews(connection, limit=1)
    log.info("access_review.opened", review=str(review_id), by=str(request[SESSION].staff.id))
    return reply(_shape(review), 201)


async def show_items(request: web.Request) -> web.Response:
    async with request.app[ENGINE].begin() as connection:
        items = await review_items(connection, request.app[KEYS], id_in(request))
    return reply({"items": [_item(one) for one in items], "next": None})


async def decide(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Verdict)
    by, review_id = request[SESSION].staff.id, id_in(request)
    async with request.app[ENGINE].begin() as connection:
        staff = await decide_access(
            connection,
            request.app[KEYS],
            review_id,
            wanted.staff_id,
            wanted.decision,
            by,
            wanted.reason,
            roles=wanted.roles,
        )
    log.info(
        "access_review.decided",
        review=str(review_id),
        staff=str(staff.id),
        decision=wanted.decision,
        by=str(by),
    )
    return reply({"staff_id": staff.id, "roles": list(staff.roles), "active": staff.active})


def _shape(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "opened_at": review.opened_at,
        "due_at": review.due_at,
        "period_from": review.period_from,
        "closed_at": review.closed_at,
        "open_items": review.open_items,
    }


def _item(item: ReviewItem) -> dict[str, Any]:
    return {
        "staff_id": item.access.staff_id,
        "roles": list(item.access.roles),
        "last_sign_in_at": item.access.last_sign_in_at,
        "reads": item.reads,
        "decision": item.decision,
        "roles_after": None if item.roles_after is None else list(item.roles_after),
        "reason": item.reason,
        "decided_by": item.decided_by,
        "decided_at": item.decided_at,
    }


ROUTES = (
    Route("GET", "/api/access-reviews", show_reviews, Permission.REVIEWS_READ),
    Route("POST", "/api/access-reviews", open_now, Permission.REVIEWS_DECIDE),
    Route("GET", "/api/access-reviews/{id}", show_items, Permission.REVIEWS_READ),
    Route("POST", "/api/access-reviews/{id}/decisions", decide, Permission.REVIEWS_DECIDE),
)
