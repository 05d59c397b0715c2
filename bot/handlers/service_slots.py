"""When something is picked up or a technician comes: what is offered, what words mean, and who suits no time."""

import re
from collections.abc import Sequence
from typing import Any, Final

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.engine.terms import Terms
from bot.flows.understanding.plain import plain
from bot.flows.understanding.values.contacts import read_address, read_phone
from bot.flows.understanding.values.dates import read_date
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.appointments import Appointment, calendar_of, meant, name_of, offered, shown
from bot.handlers.case_words import word
from bot.settings import Settings
from bot.settings.service import Cases
from crm_adapter.rights.working_days import ZONE

BY_CALL: Final = "by_call"
"""In place of an appointment: somebody calls and agrees on one."""
MISSES_ALLOWED = 2
_REGION: Final = Terms().region
_WISH_LENGTH = 200
_PLACE: Final = re.compile(r"第\s?([1-9一二两三四五六七八九])\s?个|\b(first|second|third|fourth|fifth|sixth) one\b")
_SIGNS: Final = {
    sign: place
    for place, signs in enumerate(("1一", "2二两", "3三", "4四", "5五", "6六", "7七", "8八", "9九"), 1)
    for sign in signs
}
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth")
_SOONEST: Final = re.compile(
    r"越快越好|越早越好|尽快|尽早|最快|最早|随便|随时|哪个都|都可以|都行"
    r"|\b(?:asap|as soon as possible|soonest|earliest|any ?time|any of (?:them|these)|whichever|whenever)\b"
)
_NONE: Final = re.compile(
    r"不方便|不合适|不行|没空|没时间|没有?合适|都不|周末|礼拜天|星期天"
    r"|\b(?:none|neither|weekends?|no time|cannot|can'?t|(?:not|n'?t) (?:work|suit|fit|good|possible|available))\b"
)


class AskServiceSlot(LocalAction):
    """Offers the next appointments, and that somebody calls to agree on another."""

    def __init__(self, settings: Settings) -> None:
        self._cases: Cases = settings.service.cases
        self._holidays_file = settings.crm.holidays_file

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        names = [name_of(one) for one in offered(self._cases, calendar_of(self._holidays_file), turn.now)]
        buttons = [{"payload": f"/SetSlots(service_slot={name})", "title": shown(name, turn.locale)} for name in names]
        buttons.append({"payload": "/skip", "title": word("slot_by_call", turn.locale)})
        visit = tracker.get_slot("service_kind") in ("repair", "support")
        dispatcher.utter_message(response="utter_visit_slots" if visit else "utter_pickup_slots", buttons=buttons)
        return []


class NoteServiceSlot(AskServiceSlot):
    """Words become one of the appointments. A time that is not offered is asked for again once; after that, and where
    the customer says that none suits, somebody calls and knows what was said."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, said = within(), tracker.get_slot("service_slot")
        choices = offered(self._cases, calendar_of(self._holidays_file), turn.now)
        words = plain(str(said or ("" if turn.message.get("choice") else turn.message.get("text", ""))))
        found = meant(str(said or ""), choices, turn.now, turn.locale) or _loosely(words, choices)
        if found is not None:
            return _settled(name_of(found))
        if not said:
            return _settled(BY_CALL)
        if ahead := self._ahead(str(said), words, turn):
            dispatcher.utter_message(response="utter_service_noted_ahead")
            return [SlotSet("service_slot", None), SlotSet("service_slot_known", False), *ahead]
        misses = int(tracker.get_slot("service_slot_misses") or 0) + 1
        if _NONE.search(words) or misses >= MISSES_ALLOWED:
            dispatcher.utter_message(response="utter_service_slot_by_call")
            return _settled(BY_CALL, str(said)[:_WISH_LENGTH])
        dispatcher.utter_message(response="utter_service_slot_not_offered")
        return [
            SlotSet("service_slot", None),
            SlotSet("service_slot_known", False),
            SlotSet("service_slot_misses", misses),
        ]

    @staticmethod
    def _ahead(said: str, words: str, turn: HandlerTurn) -> list[EventType]:
        """A phone number or an address in place of a time, ahead of its question."""
        if read_date(words, turn.now.astimezone(ZONE).date(), past=False, locale=turn.locale).value is not None:
            return []
        phone = read_phone(said, words, _REGION, turn.locale)
        if phone.code is None:
            return [SlotSet("case_phone", phone.value)]
        return [SlotSet("service_address", said)] if read_address(said, words).code is None else []


def slot_shown(tracker: Tracker, locale: str) -> str:
    """The appointment of the form as its customer reads it."""
    slot, wish = tracker.get_slot("service_slot"), tracker.get_slot("service_slot_wish")
    if not slot:
        return word("none", locale)
    if slot != BY_CALL:
        return shown(slot, locale)
    agreed = word("slot_agreed_by_call", locale)
    return f"{agreed} · {wish}" if wish else agreed


def _settled(slot: str, wish: str | None = None) -> list[EventType]:
    return [
        SlotSet("service_slot", slot),
        SlotSet("service_slot_known", True),
        SlotSet("service_slot_misses", None),
        SlotSet("service_slot_wish", wish),
    ]


def _loosely(words: str, choices: Sequence[Appointment]) -> Appointment | None:
    """The one of a place within more words ("第一个都行"), and the first for who wants it soon or has no wish."""
    if place := _PLACE.search(words):
        number = _SIGNS[place[1]] if place[1] else _ORDINALS.index(place[2]) + 1
        return choices[number - 1] if number <= len(choices) else None
    return choices[0] if choices and _SOONEST.search(words) and not _NONE.search(words) else None
