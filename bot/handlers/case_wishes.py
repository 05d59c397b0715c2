"""What a customer wants of a case that is worked on: an answer soon, at once, or that it ends (CO2, CO4)."""

from datetime import timedelta
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.case_forms import due_shown
from bot.handlers.cases import DONE, next_due, own_case, raise_priority, remind_owner
from bot.settings import Settings
from crm_adapter.port import Refused
from crm_adapter.records.service import Case

URGED = "客户催办 / urged by the customer"
WITHDRAWN = "客户撤回 / withdrawn by the customer"
ONCE_IN = timedelta(hours=24)
"""A case is urged once in that time; more of it would only bury its owner in tasks."""


class _Wish(LocalAction):
    def __init__(self, settings: Settings) -> None:
        self._hours = settings.service.answer_within_h

    async def _case(self, turn: HandlerTurn, dispatcher: CollectingDispatcher, tracker: Tracker) -> Case | None:
        """The customer's case that is worked on; where there is none, they are told so."""
        case = await own_case(turn, tracker.get_slot("case_number"))
        if case is None or case.state in DONE:
            dispatcher.utter_message(response="utter_case_moved_on")
            return None
        return case


class UrgeCase(_Wish):
    """Notes that the customer waits, once a day, and lets the owner know."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await self._case(turn, dispatcher, tracker)
        if case is None:
            return []
        due = due_shown(next_due(case), turn.locale)
        if any(one.by == "customer" and one.note == URGED and turn.now - one.at < ONCE_IN for one in case.events):
            dispatcher.utter_message(response="utter_case_urged_already", shown_number=case.number, shown_due=due)
            return []
        await turn.crm.add_to_case(case.id, "customer", URGED)
        await remind_owner(turn, case, "case_urge", URGED, self._hours)
        dispatcher.utter_message(response="utter_case_urged", shown_number=case.number, shown_due=due)
        return []


class RaiseCase(LocalAction):
    """Makes the case that is being spoken of urgent; says nothing of it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await own_case(turn, tracker.get_slot("case_number"))
        if case is not None:
            await raise_priority(turn, case)
        return []


class WithdrawCase(_Wish):
    """Closes a case by its customer's wish. Where work on it has begun, its owner is asked to end it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await self._case(turn, dispatcher, tracker)
        if case is None:
            return []
        try:
            moved: Case = await turn.crm.transition_case(case.id, "closed", "customer", WITHDRAWN, root_cause="other")
        except Refused:
            moved = await turn.crm.add_to_case(case.id, "customer", WITHDRAWN)
        ended = moved.state == "closed"
        await remind_owner(turn, case, "case_withdrawal", WITHDRAWN, self._hours)
        response = "utter_case_withdrawn" if ended else "utter_case_withdrawal_noted"
        dispatcher.utter_message(response=response, shown_number=case.number)
        return [SlotSet("case_state", moved.state)]
