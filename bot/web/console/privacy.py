"""Requests about one's own data: opened by whoever is asked, handled by the privacy officer (PR6, PIPL 44-50)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from aiohttp import hdrs, web
from pydantic import Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, invalid, is_storable, read_model
from bot.web.console.guard import actor_of
from bot.web.console.naming import names_in
from bot.web.console.paging import id_in, page_of, page_reply, place_number, reply, text
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM, EXPORTS
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.port import UnknownRecord
from crm_adapter.records.rights import (
    ERASING,
    OPEN_STATES,
    REQUEST_KINDS,
    REQUEST_STATES,
    CheckMethod,
    NewPrivacyRequest,
    PrivacyRequest,
    RequestKind,
)
from crm_adapter.rights.certificate import document_of

_Words = Annotated[str, Field(max_length=4000)]


class _New(Body):
    kind: RequestKind
    words: _Words | None = None
    identity_id: Annotated[UUID, Field(strict=False)] | None = None


class _Check(Body):
    method: CheckMethod


class _Start(Body):
    expected_version: Annotated[int, Field(ge=1)] | None = None


class _Answer(Body):
    words: _Words
    fields: Annotated[dict[Line, _Words | None], Field(max_length=32)] | None = None
    end_others: bool = False


class _Refusal(Body):
    words: _Words


async def show_requests(request: web.Request) -> web.Response:
    """By deadline, the overdue first; ``state=open`` is every state that waits for us, ``kind`` one kind."""
    page = page_of(request)
    start = place_number(page.cursor)
    state = text(request, "state", of=("open", *REQUEST_STATES)) or "open"
    states = OPEN_STATES if state == "open" else tuple(one for one in REQUEST_STATES if one == state)
    kind = text(request, "kind", of=REQUEST_KINDS)
    kinds = None if kind is None else tuple(one for one in REQUEST_KINDS if one == kind)
    veil = veil_of(request)
    found = await request.app[CRM].privacy_requests(states, kinds=kinds, skip=start, limit=page.asked)
    request[SEEN].update(one.contact_id for one in found[: page.limit])
    names = await names_in(request, (one.contact_id for one in found))
    return page_reply(page, found, lambda _: str(start + page.limit), lambda one: _shape(one, names, veil))


async def show_requests_of(request: web.Request) -> web.Response:
    contact_id, veil = id_in(request), veil_of(request)
    found = await request.app[CRM].privacy_requests_of(contact_id)
    request[SEEN].update((contact_id, *(one.contact_id for one in found)))
    names = await names_in(request, (one.contact_id for one in found))
    return reply({"items": [_shape(one, names, veil) for one in found], "next": None})


async def show(request: web.Request) -> web.Response:
    return await _answer(request, await request.app[CRM].privacy_request(id_in(request)))


async def open_one(request: web.Request) -> web.Response:
    wanted = await read_model(request, _New)
    _check_words(wanted.words or "")
    new = NewPrivacyRequest(
        id_in(request), wanted.kind, actor_of(request), datetime.now(UTC), wanted.words, wanted.identity_id
    )
    return await _answer(request, await request.app[CRM].open_privacy_request(new), 201)


async def check(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Check)
    crm = request.app[CRM]
    checked = await crm.check_requester(id_in(request), wanted.method, actor_of(request), datetime.now(UTC))
    return await _answer(request, checked)


async def start(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Start)
    started = await request.app[CRM].start_privacy_request(
        id_in(request), actor_of(request), datetime.now(UTC), expected_version=wanted.expected_version
    )
    return await _answer(request, started)


async def answer(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Answer)
    for words in (wanted.words, *(value or "" for value in (wanted.fields or {}).values())):
        _check_words(words)
    answered = await request.app[CRM].answer_privacy_request(
        id_in(request),
        wanted.words,
        actor_of(request),
        datetime.now(UTC),
        fields=wanted.fields,
        end_others=wanted.end_others,
    )
    return await _answer(request, answered)


async def refuse(request: web.Request) -> web.Response:
    wanted = await read_model(request, _Refusal)
    _check_words(wanted.words)
    refused = await request.app[CRM].refuse_privacy_request(
        id_in(request), wanted.words, actor_of(request), datetime.now(UTC)
    )
    return await _answer(request, refused)


async def lift(request: web.Request) -> web.Response:
    contact = await request.app[CRM].contact(id_in(request))
    request[SEEN].add(contact.id)
    await request.app[CRM].lift_restriction(contact.id)
    return web.Response(status=204)


async def download(request: web.Request) -> web.StreamResponse:
    """The ZIP, only for who handles the request."""
    found = await request.app[CRM].privacy_request(id_in(request))
    if found.handled_by != actor_of(request):
        raise Problem(403, "not_handler")
    path = await request.app[EXPORTS].file_of(found)
    request[SEEN].add(found.contact_id)
    headers = {
        hdrs.CONTENT_TYPE: "application/zip",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{path.name}"',
        hdrs.CACHE_CONTROL: "no-store",
    }
    return web.FileResponse(path, headers=headers)


async def show_certificate(request: web.Request) -> web.Response:
    found = await request.app[CRM].privacy_request(id_in(request))
    if found.erasure_id is None:
        raise UnknownRecord(str(found.id))
    request[SEEN].add(found.contact_id)
    return reply(document_of(await request.app[CRM].certificate(found.erasure_id)))


async def _answer(request: web.Request, found: PrivacyRequest, status: int = 200) -> web.Response:
    request[SEEN].add(found.contact_id)
    shape = _shape(found, await names_in(request, [found.contact_id]), veil_of(request))
    return reply({**shape, "others_open": await _others_open(request, found), **await _erased(request, found)}, status)


async def _others_open(request: web.Request, found: PrivacyRequest) -> list[dict[str, Any]]:
    """What else the person waits for, as far as answering this one would leave it without an answer."""
    if found.kind not in ERASING or found.state not in OPEN_STATES:
        return []
    theirs = await request.app[CRM].privacy_requests_of(found.contact_id)
    others = [one for one in theirs if one.state in OPEN_STATES and one.id != found.id]
    return [{"id": one.id, "kind": one.kind, "state": one.state, "due_at": one.due_at} for one in others]


async def _erased(request: web.Request, found: PrivacyRequest) -> dict[str, list[UUID]]:
    """Living contacts that share a phone or an e-mail with whom it erased, by id only."""
    if found.erasure_id is None:
        return {"shared_reach": []}
    shared = (await request.app[CRM].certificate(found.erasure_id)).shared_reach
    request[SEEN].update(shared)
    return {"shared_reach": list(shared)}


def _shape(found: PrivacyRequest, names: Mapping[UUID, str], veil: Veil) -> dict[str, Any]:
    waiting = found.state in OPEN_STATES
    shape = asdict(found)
    shape["events"] = [{**one, "at": one["at"].isoformat()} for one in shape["events"]]
    overdue = waiting and found.due_at < datetime.now(UTC)
    masked = {"words": veil.text(found.words), "answer": veil.text(found.answer)}
    return {**shape, **masked, "contact_name": names[found.contact_id], "overdue": overdue}


def _check_words(words: str) -> None:
    if not is_storable(words):
        raise invalid(("words", "not_allowed"))


ROUTES = (
    Route("GET", "/api/privacy-requests", show_requests, Permission.PRIVACY_HANDLE),
    Route("GET", "/api/privacy-requests/{id}", show, Permission.PRIVACY_HANDLE),
    Route("POST", "/api/privacy-requests/{id}/check", check, Permission.PRIVACY_HANDLE),
    Route("POST", "/api/privacy-requests/{id}/start", start, Permission.PRIVACY_HANDLE),
    Route("POST", "/api/privacy-requests/{id}/answer", answer, Permission.PRIVACY_HANDLE),
    Route("POST", "/api/privacy-requests/{id}/refuse", refuse, Permission.PRIVACY_HANDLE),
    Route("GET", "/api/privacy-requests/{id}/export.zip", download, Permission.PRIVACY_HANDLE),
    Route("GET", "/api/privacy-requests/{id}/certificate", show_certificate, Permission.PRIVACY_HANDLE),
    Route("GET", "/api/contacts/{id}/privacy-requests", show_requests_of, Permission.PRIVACY_OPEN),
    Route("POST", "/api/contacts/{id}/privacy-requests", open_one, Permission.PRIVACY_OPEN),
    Route("POST", "/api/contacts/{id}/lift-restriction", lift, Permission.PRIVACY_HANDLE),
)
