"""Requests about one's own data, opened in the chat: each with a number and a deadline (PR6, PIPL 44-50)."""

from typing import Any, Final, cast
from uuid import UUID

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.identity import BY, is_known
from bot.handlers.moments import last_day
from bot.handlers.wording import Wording
from crm_adapter.customers.fault_texts import field_name
from crm_adapter.records.rights import OPEN_STATES, NewPrivacyRequest, PrivacyRequest, RequestKind
from crm_adapter.rights.certificate import reasons

words = Wording("privacy")
_NUMBER_LENGTH: Final = 12
_DONE: Final = {"restrict": "utter_restrict_done", "object": "utter_object_done"}


class _Request(LocalAction):
    async def _told(
        self, dispatcher: CollectingDispatcher, turn: HandlerTurn, request: PrivacyRequest, response: str
    ) -> list[EventType]:
        dispatcher.utter_message(
            response=response,
            request_kind=words(f"kind_{request.kind}", turn.locale),
            request_number=number_of(request.id),
            request_due=due_of(request, turn.locale),
        )
        return [
            SlotSet("privacy_request", str(request.id)),
            SlotSet("privacy_checked", await is_known(turn, request)),
        ]


class OpenPrivacyRequest(_Request):
    """Writes the request down, or finds the same one that still waits; tells its number and its deadline."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        kind = cast(RequestKind, tracker.get_slot("privacy_kind"))
        waiting = await _waiting(turn, kind)
        request = waiting or await turn.crm.open_privacy_request(
            NewPrivacyRequest(turn.contact_id, kind, "customer", turn.now, _words_of(turn, tracker), turn.identity_id)
        )
        response = "utter_request_waiting" if waiting else "utter_request_opened"
        return await self._told(dispatcher, turn, request, response)


class FindPrivacyRequest(_Request):
    """Tells of the same request that still waits, so that nobody is asked again whether they want it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        waiting = await _waiting(turn, cast(RequestKind, tracker.get_slot("privacy_kind")))
        if waiting is None:
            return [SlotSet("privacy_request", None)]
        return await self._told(dispatcher, turn, waiting, "utter_request_waiting")


class TellKept(LocalAction):
    """Says before an erasure what the law makes us keep, under which law and for how long."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        lines = []
        for reason in reasons().values():
            law = words(name, turn.locale) if words.has(name := f"law {reason['law']}") else reason["law"]
            kept = "kept_always" if reason["years"] == "keep" else "kept_years"
            until = words(kept, turn.locale, years=reason["years"], law=law)
            why = reason["why"].get(turn.locale, reason["why"]["en"]).rstrip("。.")
            lines.append(words("kept_line", turn.locale, why=why, until=until))
        dispatcher.utter_message(response="utter_erasure_keeps", kept_list="\n".join(lines))
        return []


class SettleRequest(LocalAction):
    """Carries out at once what needs no proof of who asks: stopping a use is as easy as allowing it was (PIPL 15)."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        request = await request_in(turn, tracker)
        await settle(turn, request, words(f"answered_{request.kind}", turn.locale))
        dispatcher.utter_message(response=_DONE[request.kind])
        return []


async def request_in(turn: HandlerTurn, tracker: Tracker) -> PrivacyRequest:
    """The request that the flow is about."""
    return await turn.crm.privacy_request(UUID(str(tracker.get_slot("privacy_request"))))


async def settle(
    turn: HandlerTurn, request: PrivacyRequest, answer: str, fields: dict[str, str | None] | None = None
) -> None:
    """Takes a checked request up and answers it."""
    if request.state != "in_progress":
        await turn.crm.start_privacy_request(request.id, BY, turn.now)
    await turn.crm.answer_privacy_request(request.id, answer, BY, turn.now, fields=fields)


def number_of(request_id: UUID) -> str:
    """What a customer is told: the end of the number under which staff finds it."""
    return request_id.hex[-_NUMBER_LENGTH:].upper()


def due_of(request: PrivacyRequest, locale: str) -> str:
    """The day until which it is answered."""
    return last_day(request.due_at, locale) + (words("provisional", locale) if request.provisional else "")


async def _waiting(turn: HandlerTurn, kind: RequestKind) -> PrivacyRequest | None:
    if kind == "correct":  # each is about something else
        return None
    theirs = await turn.crm.privacy_requests_of(turn.contact_id)
    return next((one for one in theirs if one.kind == kind and one.state in OPEN_STATES), None)


def _words_of(turn: HandlerTurn, tracker: Tracker) -> str | None:
    field, value = tracker.get_slot("correct_field"), tracker.get_slot("correct_value")
    if tracker.get_slot("privacy_kind") == "correct" and field and value:
        return f"{field_name(str(field), turn.locale)}: {value}"
    return str(turn.message.get("text") or "") or None
