"""Seeing, taking along and correcting one's own data in the chat (PR6, PIPL 44-46)."""

from datetime import timedelta
from typing import Any, Final

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.choices import choices_of
from bot.handlers.export_link import write_token
from bot.handlers.identity import BY
from bot.handlers.profile import mind_age, profile_line
from bot.handlers.requests import due_of, number_of, request_in, settle, words
from bot.handlers.wording import joined
from bot.settings import Settings
from crm_adapter.customers.fault_texts import fault_text
from crm_adapter.customers.fields import normalise
from crm_adapter.port import BadField
from crm_adapter.records.customers import FIELDS

COUNTED: Final = 200
"""So many messages are counted; more are said to be more."""


class ShowData(LocalAction):
    """Sums up what is held: openly for who is known to be the person, else masked. An open one is the answer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        request = await request_in(turn, tracker)
        openly = bool(tracker.get_slot("privacy_checked"))
        lines = [words("data_full" if openly else "data_masked", turn.locale), *await _summary(turn, openly=openly)]
        dispatcher.utter_message(json_message={"body": {"text": "\n".join(lines)}})
        if openly:
            await settle(turn, request, words("answered_view", turn.locale))
        else:
            _tell_staff_checks(dispatcher)
        return []


class OfferExport(LocalAction):
    """A link that works once and for a set time, for who is known to be the person; else staff has to check."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        request = await request_in(turn, tracker)
        if not tracker.get_slot("privacy_checked"):
            _tell_staff_checks(dispatcher)
            return []
        if request.state != "in_progress":
            await turn.crm.start_privacy_request(request.id, BY, turn.now)
        hours = self._settings.crm.export_link_h
        token = write_token(turn.keys, request.id, turn.now + timedelta(hours=hours))
        link = f"{self._settings.base_url}/privacy/file/{token}?lang={turn.locale}"
        dispatcher.utter_message(response="utter_export_ready", export_link=link, export_hours=f"{hours:g}")
        return []


class TellErasure(LocalAction):
    """Says what happens now with a request to be erased: staff does it until its deadline."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        request = await request_in(turn, tracker)
        if not tracker.get_slot("privacy_checked"):
            _tell_staff_checks(dispatcher)
            return []
        dispatcher.utter_message(
            response="utter_erasure_taken",
            request_number=number_of(request.id),
            request_due=due_of(request, turn.locale),
        )
        return []


class CheckCorrection(LocalAction):
    """Whether the new value is one of its field, before anybody is asked to correct it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn, field = within(), str(tracker.get_slot("correct_field"))
        slot = f"profile_{field}" if field in FIELDS else "correct_value"
        value = tracker.get_slot(slot)
        if value is None:
            return [SlotSet("correct_ready", None)]
        try:
            if field in FIELDS:
                normalise(field, str(value))
        except BadField as fault:
            dispatcher.utter_message(response="utter_profile_bad", reason=fault_text(fault.code, turn.locale))
            return [SlotSet(slot, None), SlotSet("correct_ready", False)]
        return [SlotSet("correct_value", value), SlotSet("correct_ready", True)]


class CorrectData(LocalAction):
    """Corrects at once what who is known to be the person wants; for anybody else, and for what is no field, staff."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        request = await request_in(turn, tracker)
        field, value = str(tracker.get_slot("correct_field")), str(tracker.get_slot("correct_value"))
        if not tracker.get_slot("privacy_checked"):
            _tell_staff_checks(dispatcher)
        elif field not in FIELDS:
            dispatcher.utter_message(response="utter_correct_by_staff")
        else:
            await settle(turn, request, words("answered_correct", turn.locale), {field: value})
            known = (await turn.crm.contact(turn.contact_id)).facts.get(field)
            # As in the profile: it was typed just now, and is shown in full, so that a slip is seen.
            line = profile_line(field, known, turn.locale, openly=True)
            dispatcher.utter_message(response="utter_correct_done", profile_line=line)
            if field == "birthday":
                await mind_age(turn, dispatcher)
        return []


async def _summary(turn: HandlerTurn, *, openly: bool) -> list[str]:
    contact = await turn.crm.contact(turn.contact_id)
    said = len(await turn.crm.interactions(turn.contact_id, limit=COUNTED))
    agreed = [one.title(turn.locale) for one in await choices_of(turn) if one.granted]
    channels = sorted({one.channel for one in contact.identities})
    many = words("more_than", turn.locale, count=COUNTED) if said >= COUNTED else str(said)
    known = [
        profile_line(name, contact.facts[name], turn.locale, openly=openly) for name in FIELDS if name in contact.facts
    ]
    return [
        *known,
        words("accounts", turn.locale, channels=joined(channels, turn.locale)),
        words("conversations", turn.locale, count=many),
        words("orders", turn.locale, count=len(await turn.crm.orders(turn.contact_id))),
        words("cases", turn.locale, count=len(await turn.crm.cases(turn.contact_id))),
        words("consents", turn.locale, consents=joined(agreed, turn.locale) or words("none", turn.locale)),
    ]


def _tell_staff_checks(dispatcher: CollectingDispatcher) -> None:
    # The number and the date were told when the request was opened.
    dispatcher.utter_message(response="utter_request_by_staff")
