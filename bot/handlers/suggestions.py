"""Suggestions: written down, and the customer hears what came of them (SV3)."""

from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import LocalAction, within
from bot.handlers.case_forms import due_shown, files_of, form_key
from crm_adapter.records.service import NewCase


class RecordSuggestion(LocalAction):
    """Keeps it as a case of its own kind, once for the form."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        files = await files_of(turn, tracker)
        new = NewCase(
            contact_id=turn.contact_id,
            kind="suggestion",
            category="suggestion",
            matter=str(tracker.get_slot("suggestion_words")),
            opened_at=turn.now,
            by="customer",
            conversation_id=turn.conversation_id,
            details={"files": files} if files else {},
        )
        case = await turn.crm.open_case(form_key(turn, tracker), new)
        dispatcher.utter_message(
            response="utter_suggestion_recorded",
            shown_number=case.number,
            shown_final_due=due_shown(case.final_due_at, turn.locale),
        )
        return []
