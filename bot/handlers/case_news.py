"""News of a case, told to the customer where they talk to us (CO2, CO4, SV3)."""

from typing import Any
from uuid import UUID

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.case_forms import due_shown
from bot.handlers.case_words import kind_name
from crm_adapter.port import UnknownRecord
from crm_adapter.records.service import Case, CaseState

NEWS: dict[CaseState, str] = {
    "open": "utter_case_news_open",
    "investigating": "utter_case_news_investigating",
    "planned": "utter_case_news_planned",
    "executing": "utter_case_news_executing",
    "answered": "utter_case_news_answered",
    "resolved": "utter_case_news_resolved",
    "reopened": "utter_case_news_reopened",
    "mediation": "utter_case_news_mediation",
    "litigation": "utter_case_news_litigation",
    "closed": "utter_case_news_closed",
}


class TellCaseChange(LocalAction):
    """Says what step was taken, with what staff wants told; a solution is put to the customer while it stands."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await _case(turn, tracker.get_slot("case_id"))
        version = tracker.get_slot("case_version")
        if case is None or not isinstance(version, int | float) or not 1 <= int(version) <= len(case.events):
            return [SlotSet("case_asks", False)]
        event = case.events[int(version) - 1]
        changed = event.from_state != event.to_state
        response = NEWS[event.to_state] if changed else "utter_case_news"
        if case.kind == "suggestion" and event.to_state in ("answered", "resolved", "closed"):
            response = "utter_suggestion_news"
        dispatcher.utter_message(
            response=response,
            shown_number=case.number,
            shown_kind=kind_name(case.kind, turn.locale),
            shown_due=due_shown(case.final_due_at, turn.locale),
        )
        if event.told:
            dispatcher.utter_message(response="utter_case_told", shown_told=event.told)
        asks = case.state == "answered" and event.to_state == "answered" and case.kind != "suggestion"
        return [
            SlotSet("case_number", case.number),
            SlotSet("case_state", case.state),
            SlotSet("case_asks", asks),
        ]


async def _case(turn: HandlerTurn, case_id: str | None) -> Case | None:
    try:
        case = await turn.crm.case(UUID(str(case_id)))
    except (UnknownRecord, ValueError):
        return None
    mine = {one.id for one in await turn.crm.cases(turn.contact_id)}
    return case if case.id in mine else None
