"""Consents as staff sees and records them, and the state of the ledger (PR1, PIPL 13-17)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from aiohttp import web
from pydantic import AfterValidator, Field

from bot.staff.roles import Permission
from bot.web.bodies import Body, Line, invalid, is_storable, read_model
from bot.web.console.guard import actor_of
from bot.web.console.paging import contact_in, reply
from bot.web.console.seen import SEEN
from bot.web.console.unmask import Veil, veil_of
from bot.web.keys import CRM, ENGINE
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.ledger.health import ChainHealth, read_health
from crm_adapter.records.consent import (
    Consent,
    ConsentEntry,
    ConsentEventType,
    ConsentRefused,
    Guardian,
    NewConsentEvent,
)

Method = Literal["phone", "paper", "face_to_face", "email"]
"""How a choice reaches staff; what is said in a chat is recorded by the chat."""
_STAFF_EVENTS = frozenset(get_args(ConsentEventType)) - {"expired"}
_AHEAD = timedelta(minutes=5)  # what clocks may differ by


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("not storable")
    return text.strip()


Words = Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=10_000)]
Name = Annotated[Line, Field(min_length=1, max_length=100)]


class _Guardian(Body):
    name: Name
    relation: Name
    proof: Words


class _Choice(Body):
    key: Name
    event: ConsentEventType
    purpose: Name
    channel: Name = "*"
    recipient: Name | None = None
    method: Method
    prompt: Words
    reply: Words
    occurred_at: Name
    notice: Name | None = None
    """The hash of the notice that was read to the customer; without it the one in force is meant."""
    guardian: _Guardian | None = None


async def show_consents(request: web.Request) -> web.Response:
    """What stands, and every event with what was said."""
    contact_id = contact_in(request)
    crm, veil = request.app[CRM], veil_of(request)
    stands = await crm.consents(contact_id)
    events = await crm.consent_history(contact_id)
    request[SEEN].add(contact_id)
    return reply({"items": [_shape(one) for one in stands], "events": [_event(one, veil) for one in events]})


async def record_choice(request: web.Request) -> web.Response:
    """A choice that the customer made on the phone, on paper or face to face; its receipt."""
    contact_id = contact_in(request)
    said = await read_model(request, _Choice)
    if said.event not in _STAFF_EVENTS:
        raise invalid(("event", "not_allowed"))
    guardian = None
    if said.guardian is not None:
        guardian = Guardian(said.guardian.name, said.guardian.relation, said.guardian.proof)
    actor = actor_of(request)
    event = NewConsentEvent(
        contact_id=contact_id,
        event=said.event,
        purpose=said.purpose,
        channel=said.channel,
        told_on=said.method,
        assurance="claimed",
        locale=locale_of(request),
        prompt=said.prompt,
        reply=said.reply,
        prompt_message_id=None,
        reply_message_id=None,
        method=said.method,
        actor=actor,
        occurred_at=_time(said.occurred_at),
        recipient=said.recipient,
        notice_hash=said.notice,
        guardian=guardian,
        idempotency_key=f"{actor}:{said.key}",
    )
    try:
        receipt = await request.app[CRM].record_consent(event)
    except ConsentRefused as refused:
        raise Problem(409, refused.code) from None
    request[SEEN].add(contact_id)
    return reply(
        {
            "event_id": receipt.event_id,
            "receipt": receipt.number,
            "event": receipt.event,
            "purpose": receipt.purpose,
            "channel": receipt.channel,
            "notice_version": receipt.notice_version,
            "occurred_at": receipt.occurred_at,
        },
        201,
    )


async def show_purposes(request: web.Request) -> web.Response:
    """What data is used for here, in the reader's language: what a choice can be about, and the words to ask with."""
    notices, locale = request.app[CRM].notices, locale_of(request)
    items = []
    for name, purpose in notices.purposes.items():
        mine = [one for one in notices.all() if one.purpose == name]
        recipients = [
            {"id": one.recipient, "name": one.words(locale)["recipients"][0]["name"], "notice": one.hash}
            for one in mine
            if one.recipient
        ]
        words = mine[0].words(locale)
        items.append(
            {
                "id": name,
                "title": words["title"],
                "text": words["purpose"],
                "ask": words["ask"],
                "notice": mine[0].hash,
                "policy": mine[0].link(locale),
                "basis": purpose.basis,
                "per_recipient": purpose.per_recipient,
                "recipients": recipients,
            }
        )
    return reply({"items": items, "next": None})


async def show_chain(request: web.Request) -> web.Response:
    """How the ledgers stand; names no customer."""
    health = await read_health(request.app[ENGINE])
    waiting = {"count": health.backlog.count, "oldest_s": round(health.backlog.oldest_s, 3)}
    return reply({"waiting": waiting, "chains": [_chain(one) for one in health.chains]})


def _time(value: str) -> datetime:
    """When it was said. Raises 422 for what is no time with a zone, or lies ahead."""
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None or at > datetime.now(UTC) + _AHEAD:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(("occurred_at", "not_allowed")) from None


def _shape(one: Consent) -> dict[str, Any]:
    return {
        "purpose": one.purpose,
        "channel": one.channel,
        "recipient": one.recipient,
        "state": one.state,
        "since": one.since,
        "event_id": one.event_id,
        "notice_version": one.notice_version,
        "current_notice": one.current_notice,
    }


def _event(one: ConsentEntry, veil: Veil) -> dict[str, Any]:
    guardian = one.guardian
    return {
        "id": one.event_id,
        "receipt": one.receipt,
        "event": one.event,
        "purpose": one.purpose,
        "channel": one.channel,
        "recipient": one.recipient,
        "told_on": one.told_on,
        "assurance": one.assurance,
        "method": one.method,
        "actor": one.actor,
        "occurred_at": one.occurred_at,
        "received_at": one.received_at,
        "notice": {"hash": one.notice_hash, "version": one.notice_version, "locale": one.notice_locale},
        "readable": one.readable,
        "prompt": veil.text(one.prompt),
        "reply": veil.text(one.reply),
        "guardian": guardian
        and {"name": guardian.name, "relation": guardian.relation, "proof": veil.text(guardian.proof)},
    }


def _chain(one: ChainHealth) -> dict[str, Any]:
    fault = {"code": one.fault, "position": one.fault_position, "event_id": one.fault_event_id}
    return {
        "chain": one.chain,
        "length": one.length,
        "checkpoint": one.checkpoint and {"position": one.checkpoint, "at": one.checkpoint_at},
        "proof": one.proven_at and {"at": one.proven_at, "length": one.proven, "fault": fault if one.fault else None},
    }


ROUTES = (
    Route("GET", "/api/contacts/{id}/consents", show_consents, Permission.CONSENT_READ),
    Route("POST", "/api/contacts/{id}/consents", record_choice, Permission.CONSENT_WRITE),
    Route("GET", "/api/consent/purposes", show_purposes, Permission.SESSION_OWN),
    Route("GET", "/api/consent/chain", show_chain, Permission.LEDGER_READ),
)
