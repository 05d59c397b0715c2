"""Confirmation codes on behalf of a customer who is on the phone or in the chat: asked for, then told (PR5, CP2)."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, NoReturn, cast

from aiohttp import web
from pydantic import Field

from bot.outgoing import CodeFault
from bot.settings import Locale
from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, read_model
from bot.web.console.guard import actor_of
from bot.web.console.paging import contact_in, reply
from bot.web.console.seen import SEEN
from bot.web.keys import CODES, CRM
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.customers import fault_text, field_name
from crm_adapter.port import UnknownRecord
from crm_adapter.records.customers import Provenance


class _Wanted(Body):
    field: Literal["phone", "email"]
    value: Annotated[Line, Field(min_length=1, max_length=300)]


class _Told(Body):
    """``code`` as the customer says it: blanks and wide digits are fine."""

    field: Literal["phone", "email"]
    code: Annotated[Line, Field(min_length=1, max_length=40)]


async def send_code(request: web.Request) -> web.Response:
    """In the customer's own language; ``sent`` is false where no provider is configured."""
    contact_id, wanted = contact_in(request), await read_model(request, _Wanted)
    try:
        contact = await request.app[CRM].contact(contact_id)
        provenance = Provenance("staff", actor_of(request), datetime.now(UTC))
        locale = cast(Locale, contact.locale)
        done = await request.app[CODES].request_code(contact_id, wanted.field, wanted.value, locale, provenance)
    except UnknownRecord:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown_contact") from None
    if isinstance(done, CodeFault):
        _refuse(request, wanted.field, done)
    request[SEEN].update((contact.id, *contact.merged))
    return reply({"expires_at": done.expires_at, "sent": done.sent}, HTTPStatus.CREATED)


async def take_code(request: web.Request) -> web.Response:
    """``contact_id`` is whom the contact is part of now: what is verified on both sides makes them one."""
    contact_id, told = contact_in(request), await read_model(request, _Told)
    crm = request.app[CRM]
    try:
        await crm.contact(contact_id)
    except UnknownRecord:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown_contact") from None
    done = await request.app[CODES].confirm_code(contact_id, told.field, told.code)
    if isinstance(done, CodeFault):
        _refuse(request, told.field, done)
    contact = await crm.contact(contact_id)
    request[SEEN].update((contact.id, *contact.merged))
    shown: dict[str, Any] = {"field": done.field, "value": done.value}
    return reply({**shown, "contact_id": contact.id, "version": contact.version})


def _refuse(request: web.Request, field: str, fault: CodeFault) -> NoReturn:
    if fault.code == "bad_target":
        locale, code = locale_of(request), f"bad_{field}"
        name, words = field_name(field, locale), fault_text(code, locale)
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_field", field=field, reason=code, name=name, text=words)
    if fault.code == "rate_limited":
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, fault.code, retry_after=60 * fault.values["minutes"])
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, fault.code, **fault.values)


ROUTES = (
    Route("POST", "/api/contacts/{id}/confirmations", send_code, Permission.CONTACTS_WRITE),
    Route("POST", "/api/contacts/{id}/confirmations/confirm", take_code, Permission.CONTACTS_WRITE),
)
