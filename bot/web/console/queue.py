"""Who waits for a person: staff sees it, takes one, answers, and lets go again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import select

from bot.desk.faults import DeskRefused, FileUnknown, NotYours, UnknownConversation
from bot.desk.reach import read_reach
from bot.desk.steps import Step
from bot.desk.waiting import Visit, read_queue, read_visit
from bot.staff.roles import Permission
from bot.staff.tables import staff
from bot.web.bodies import Body, read_model
from bot.web.console.cases import Prose
from bot.web.console.guard import SESSION
from bot.web.console.naming import contact_name
from bot.web.console.paging import identifier, number, reply, text
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import BLOBS, DESK, DESK_NEWS, ENGINE, KEYS, WECHAT_ACCOUNTS
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route

LONGEST_WAIT_S = 25
LONGEST_ANSWER = 4000
MOST_FILES = 9
_PREVIEW = 160


def _says_something(words: str) -> str:
    if not words.strip():
        raise ValueError("blank")
    return words.strip()


StepId = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$")]
"""Made by the browser, once per deed: sent again, nothing is done twice."""


class _Take(Body):
    step: StepId


Words = Annotated[Prose, Field(min_length=1, max_length=LONGEST_ANSWER), AfterValidator(_says_something)]
"""What a person says to a customer."""


Files = Annotated[list[StepId], Field(max_length=MOST_FILES, default_factory=list)]
"""The ids of files that go out with it."""


class _Answer(Body):
    step: StepId
    fence: int
    text: Words | None = None
    files: Files

    @model_validator(mode="after")
    def _says_something(self) -> "_Answer":
        if self.text is None and not self.files:
            raise ValueError("neither words nor files")
        return self


class _Leave(Body):
    step: StepId
    fence: int
    kind: Literal["to_queue", "to_bot", "resolve"]


class _Typing(Body):
    on: bool


async def show_queue(request: web.Request) -> web.Response:
    """Who waits, the urgent first, then who is with a person; ``waiting`` counts also those beyond the first 200."""
    veil = veil_of(request)
    async with request.app[ENGINE].connect() as connection:
        visits, waiting = await read_queue(connection, request.app[KEYS])
    return reply({"items": [_listed(request, visit, veil) for visit in visits], "waiting": waiting})


async def show_news(request: web.Request) -> web.Response:
    """Answers as soon as the desk differs from ``cursor``, at the latest after ``wait`` seconds."""
    wait_s = number(request, "wait", default=0, low=0, high=LONGEST_WAIT_S)
    news = await request.app[DESK_NEWS].after(text(request, "cursor"), wait_s)
    return reply({"cursor": news.cursor, "waiting": news.waiting, "oldest": news.oldest})


async def show_visit(request: web.Request) -> web.Response:
    """One conversation at the desk, or what has become of it."""
    return await _visit(request, conversation_of(request))


async def take(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Take)
    step = step_of(request, wanted.step)
    async with refusals(request):
        await request.app[DESK].take(step)
    return await _visit(request, step.conversation_id)


async def answer(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Answer)
    step = step_of(request, wanted.step)
    async with refusals(request):
        said: dict[str, Any] = {} if wanted.text is None else {"text": wanted.text}
        if wanted.files:
            said["attachments"] = await attached(request, step.conversation_id, wanted.files)
        answered = await request.app[DESK].answer(step, wanted.fence, said)
    return reply({"id": answered.message_id, "seq": answered.seq}, 201)


async def leave(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Leave)
    step = step_of(request, wanted.step)
    async with refusals(request):
        await request.app[DESK].leave(step, wanted.fence, wanted.kind)
    return await _visit(request, step.conversation_id)


async def type_on(request: web.Request) -> web.Response:
    """The person is writing, or has stopped; nothing comes of it for anybody but whose conversation it is."""
    wanted = await read_model(request, _Typing)
    await request.app[DESK].show_typing(conversation_of(request), request[SESSION].staff.id, wanted.on)
    return web.Response(status=204)


async def attached(request: web.Request, conversation_id: UUID, files: Sequence[str]) -> list[dict[str, Any]]:
    """These files of the customer's, each once, as bodies carry them; raises :class:`FileUnknown` where one is not
    theirs, :class:`UnknownConversation` where the conversation is not the caller's now."""
    customer = await request.app[DESK].customer(conversation_id, request[SESSION].staff.id)
    ids = tuple(dict.fromkeys(map(UUID, files)))
    found = await request.app[BLOBS].find(customer.account, customer.external_id, ids)
    if len(found) < len(ids):
        raise FileUnknown
    return [blob.as_json() for blob in found]


def conversation_of(request: web.Request) -> UUID:
    """The conversation that the path names; 404 where it names none."""
    found = identifier(request.match_info["id"])
    if found is None:
        raise Problem(404, UnknownConversation.code)
    return found


def step_of(request: web.Request, step_id: str) -> Step:
    """What the caller does to the conversation that the path names."""
    trace_id = structlog.contextvars.get_contextvars().get("trace_id", "")
    return Step(UUID(step_id), conversation_of(request), request[SESSION].staff.id, trace_id)


@asynccontextmanager
async def refusals(request: web.Request) -> AsyncIterator[None]:
    """Turns what the desk refuses into problems that say who has the conversation now."""
    try:
        yield
    except (UnknownConversation, FileUnknown) as unknown:
        raise Problem(404, unknown.code) from None
    except NotYours as refused:
        raise await _not_yours(request, refused) from None
    except DeskRefused as refused:
        raise Problem(409, refused.code) from None


async def _not_yours(request: web.Request, refused: NotYours) -> Problem:
    values = {"owner": refused.owner, "closed": refused.closed}
    if refused.closed:
        return Problem(409, "conversation_closed", **values)
    if refused.agent_id is None or refused.agent_id == request[SESSION].staff.id:
        return Problem(409, "speaker_changed", **values)
    async with request.app[ENGINE].connect() as connection:
        name = await connection.scalar(select(staff.c.display_name).where(staff.c.id == refused.agent_id))
    return Problem(409, "taken_by_another", **values, agent=name or "…")


async def _visit(request: web.Request, conversation_id: UUID) -> web.Response:
    veil = veil_of(request)
    async with request.app[ENGINE].connect() as connection:
        visit = await read_visit(connection, request.app[KEYS], conversation_id)
        reach = await read_reach(connection, conversation_id, request.app[WECHAT_ACCOUNTS])
    if visit is None:
        raise Problem(404, UnknownConversation.code)
    limits = None if reach is None else reach.as_json()
    return reply({**_listed(request, visit, veil), "note": _note(visit, veil), "reach": limits})


def _listed(request: web.Request, visit: Visit, veil: Veil) -> dict[str, Any]:
    if visit.contact_id is not None:
        request[SEEN].add(visit.contact_id)
    mine = visit.agent_id == request[SESSION].staff.id
    contact = None
    if visit.contact_id is not None:
        contact = {"id": visit.contact_id, "name": contact_name(visit.contact_id, visit.name, locale_of(request))}
    return {
        "id": visit.conversation_id,
        "contact": contact,
        "channel": visit.channel,
        "account": visit.account,
        "locale": visit.locale,
        "owner": visit.owner,
        "mine": mine,
        "agent": visit.agent_name,
        "fence": visit.fence,
        "urgent": visit.urgent,
        "queued_at": visit.queued_at,
        "last_at": visit.last_at,
        "closed_at": visit.closed_at,
        "preview": _preview(visit, veil),
        "unanswered": visit.theirs,
    }


def _preview(visit: Visit, veil: Veil) -> dict[str, Any]:
    """What the customer wrote last: its beginning, or how many files, or nothing."""
    said = visit.last or {}
    words = veil.text(str(said.get("text", ""))) or ""
    return {
        "text": words if len(words) <= _PREVIEW else f"{words[:_PREVIEW]}…",
        "files": len(said.get("attachments", ())),
    }


def _note(visit: Visit, veil: Veil) -> dict[str, Any] | None:
    """What goes along with a hand-over, while it is one."""
    if visit.note is None or visit.owner == "bot":
        return None
    return {
        "reason": veil.text(visit.note.get("reason")),
        "asked": [veil.text(one) for one in visit.note.get("asked", ())],
        "tried": [veil.text(one) for one in visit.note.get("tried", ())],
    }


ROUTES = (
    Route("GET", "/api/queue", show_queue, Permission.QUEUE_READ),
    Route("GET", "/api/queue/news", show_news, Permission.QUEUE_WATCH),
    Route("GET", "/api/queue/{id}", show_visit, Permission.QUEUE_READ),
    Route("POST", "/api/queue/{id}/take", take, Permission.QUEUE_SERVE),
    Route("POST", "/api/queue/{id}/answer", answer, Permission.QUEUE_SERVE),
    Route("POST", "/api/queue/{id}/leave", leave, Permission.QUEUE_SERVE),
    Route("POST", "/api/queue/{id}/typing", type_on, Permission.QUEUE_SERVE),
)
