"""What a customer says to a solution: takes it, refuses it, has the case taken up again, or goes on to dispute (CO3).

Negotiation, then mediation by a third party, then the courts: each step is one of the case, and recorded.
"""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import LocalAction, within
from bot.handlers.case_words import word
from bot.handlers.cases import own_case, raise_priority, remind_owner
from bot.settings import Settings
from crm_adapter.port import Refused
from crm_adapter.records.service import CaseState

PATHS: dict[str, tuple[str, ...]] = {"answered": ("negotiate", "mediate"), "mediation": ("negotiate", "litigate")}
_TO: dict[tuple[str, str], CaseState] = {
    ("answered", "negotiate"): "reopened",
    ("answered", "mediate"): "mediation",
    ("mediation", "litigate"): "litigation",
}
_SAID = {"negotiate": "utter_case_negotiate", "mediate": "utter_case_mediate", "litigate": "utter_case_litigate"}


class _Answer(LocalAction):
    def __init__(self, settings: Settings) -> None:
        self._hours = settings.service.answer_within_h

    async def _step(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, to: CaseState | None, note: str, response: str
    ) -> list[EventType]:
        """One step of the case in the customer's name; ``None``: only the words. Says so where it has moved on."""
        turn = within()
        case = await own_case(turn, tracker.get_slot("case_number"))
        try:
            if case is None:
                raise Refused("unknown")
            moved = (
                await turn.crm.add_to_case(case.id, "customer", note)
                if to is None
                else await turn.crm.transition_case(case.id, to, "customer", note)
            )
        except Refused:
            dispatcher.utter_message(response="utter_case_moved_on")
            return []
        await raise_priority(turn, moved)
        if to != "resolved":
            await remind_owner(turn, case, f"case_{to or 'dispute'}", note, self._hours)
        dispatcher.utter_message(response=response, shown_number=case.number, shown_again_hours=f"{self._hours:g}")
        return [SlotSet("case_state", moved.state)]


class AcceptSolution(_Answer):
    """The customer is content."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        return await self._step(dispatcher, tracker, "resolved", "", "utter_case_accepted")


class ReopenCase(_Answer):
    """The customer wants it taken up again."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        reason = str(tracker.get_slot("case_reopen_reason") or "")
        return await self._step(dispatcher, tracker, "reopened", reason, "utter_case_reopened")


class AskCasePath(LocalAction):
    """Explains the ways on for who refuses a solution, and offers those that are open now."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        paths = PATHS.get(str(tracker.get_slot("case_state")), ("negotiate",))
        buttons = [
            {"payload": f"/SetSlots(case_path={path})", "title": word(f"path_{path}", within().locale)}
            for path in paths
        ]
        dispatcher.utter_message(response="utter_case_paths", buttons=buttons)
        return []


class RefuseSolution(_Answer):
    """The customer refuses, and says how to go on."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        state, path = str(tracker.get_slot("case_state")), str(tracker.get_slot("case_path"))
        if path not in PATHS.get(state, ("negotiate",)):
            dispatcher.utter_message(response="utter_case_path_closed")
            return [SlotSet("case_path", None)]
        reason = str(tracker.get_slot("case_refusal") or "")
        return await self._step(dispatcher, tracker, _TO.get((state, path)), reason, _SAID[path])
