"""A customer's own cases: which there are, how they stand, what was done, and what is added to them (CO2, CO4)."""

from datetime import datetime, timedelta
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.case_forms import due_shown, files_of
from bot.handlers.case_owners import name_of
from bot.handlers.case_words import day_of, kind_name, state_name, word
from bot.settings import Settings
from crm_adapter.port import Refused
from crm_adapter.records.service import Case, NewTask
from crm_adapter.service.numbers import read_number

SHOWN_CASES = 5
SHOWN_STEPS = 6
MISSES_ALLOWED = 3
DONE: frozenset[str] = frozenset({"resolved", "closed"})
WISHES: dict[str, tuple[str, ...]] = {
    "answered": ("accept", "refuse", "add"),
    "resolved": ("reopen", "add"),
    "closed": ("reopen",),
    "mediation": ("refuse", "add"),
    "litigation": ("add",),
}
"""What a customer may want of a case in a state."""
WHILE_WORKED_ON = ("add", "urge", "withdraw")
"""The same of a case in any other state."""
RAISED = "客户情绪激动或表示要向外投诉，已调高优先级 / angry or about to complain elsewhere: priority raised"


class AskCaseNumber(LocalAction):
    """Offers the customer's own cases; the only open one is taken without asking."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        cases = await turn.crm.cases(turn.contact_id)
        pending = [case for case in cases if case.state not in DONE]
        if len(pending) == 1 and not tracker.get_slot("case_misses"):
            return [SlotSet("case_number", pending[0].number)]
        shown = [*pending, *(case for case in cases if case.state in DONE)][:SHOWN_CASES]
        buttons = [
            {"payload": f"/SetSlots(case_number={case.number})", "title": _title(case, turn.locale)} for case in shown
        ]
        dispatcher.utter_message(response="utter_cases_listed" if shown else "utter_no_cases", buttons=buttons)
        return []


class ShowCase(LocalAction):
    """Says how a case stands; somebody else's number is answered as one that there is not."""

    def __init__(self, settings: Settings) -> None:
        self._owner_title = settings.service.cases.owner_title

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, said = within(), str(tracker.get_slot("case_number") or "")
        case = await own_case(turn, said)
        if case is None:
            misses = int(tracker.get_slot("case_misses") or 0) + 1
            lost = misses >= MISSES_ALLOWED
            missed = "utter_case_not_found" if any(sign.isdigit() for sign in said) else "utter_case_no_number"
            dispatcher.utter_message(response="utter_case_not_found_again" if lost else missed)
            return [SlotSet("case_misses", misses), SlotSet("case_number", None), SlotSet("case_lost", lost)]
        dispatcher.utter_message(
            response="utter_case_status",
            shown_number=case.number,
            shown_kind=kind_name(case.kind, turn.locale),
            shown_state=state_name(case.state, turn.locale),
            shown_steps=steps_of(case, turn.locale),
            shown_owner=await name_of(turn.connection, case.owner_id) or dict(self._owner_title)[turn.locale],  # type: ignore[index]
            shown_due=due_shown(next_due(case), turn.locale),
        )
        await raise_priority(turn, case)
        since = tracker.get_slot("case_since") or turn.now.isoformat()
        return [
            SlotSet("case_number", case.number),
            SlotSet("case_state", case.state),
            SlotSet("case_lost", False),
            SlotSet("case_since", since),
        ]


class AskCaseWish(LocalAction):
    """Offers what can be done with the case as it stands."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        wishes = (*WISHES.get(str(tracker.get_slot("case_state")), WHILE_WORKED_ON), "nothing")
        buttons = [
            {"payload": f"/SetSlots(case_wish={wish})", "title": word(f"wish_{wish}", within().locale)}
            for wish in wishes
        ]
        dispatcher.utter_message(response="utter_case_wishes", buttons=buttons)
        return []


class AddToCase(LocalAction):
    """Adds the customer's words and files, and lets the owner know."""

    def __init__(self, settings: Settings) -> None:
        self._hours = settings.service.answer_within_h

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await own_case(turn, tracker.get_slot("case_number"))
        if case is None:
            dispatcher.utter_message(response="utter_case_not_found_again")
            return []
        known = {str(file["id"]) for file in case.details.get("files", ())}
        files = [file for file in await files_of(turn, tracker) if str(file["id"]) not in known]
        words = str(tracker.get_slot("case_addition") or "")
        try:
            await turn.crm.add_to_case(case.id, "customer", words, files=files)
        except Refused:
            dispatcher.utter_message(response="utter_case_closed_already")
            return []
        await remind_owner(turn, case, "case_addition", words, self._hours)
        dispatcher.utter_message(response="utter_case_added", shown_number=case.number)
        return []


async def own_case(turn: HandlerTurn, number: str | None) -> Case | None:
    """The customer's case of that number with its events; ``None`` when there is none of theirs.

    Only the customer's own are looked at, so that a foreign number takes as long as one that there is not.
    """
    wanted = read_number(number or "")
    mine = await turn.crm.cases(turn.contact_id)
    found = next((case for case in mine if case.number == wanted), None)
    return None if found is None else await turn.crm.case(found.id)


async def raise_priority(turn: HandlerTurn, case: Case) -> None:
    """Makes a case urgent once its customer is angry or threatens; one that is over already has no hurry."""
    if turn.upset and case.priority != "high" and case.state not in DONE:
        await turn.crm.add_to_case(case.id, "customer", RAISED, urgent=True)


async def remind_owner(turn: HandlerTurn, case: Case, kind: str, words: str, hours: float) -> None:
    """A task for who owns the case: the customer waits for something."""
    task = NewTask(
        contact_id=turn.contact_id,
        kind=kind,
        subject=f"{case.number} {words}"[:1000],
        due_at=turn.now + timedelta(hours=hours),
        by="customer",
        owner_id=case.owner_id,
        case_id=case.id,
    )
    await turn.crm.add_task(turn.key(kind), task)


def steps_of(case: Case, locale: str) -> str:
    """What was done, newest last: the states with their days, and what staff told the customer."""
    lines = []
    state = None
    for event in case.events:
        if event.to_state != state or event.told:
            line = f"· {day_of(event.at, locale)} {state_name(event.to_state, locale)}"
            lines.append(f"{line}{': ' if locale == 'en' else '：'}{event.told}" if event.told else line)
        state = event.to_state
    return "\n".join(lines[-SHOWN_STEPS:]) or word("nothing_yet", locale)


def next_due(case: Case) -> datetime | None:
    """When the customer is owed the next answer; ``None`` where no time is set, or the result is there."""
    if case.final_done_at is not None:
        return None
    return case.final_due_at if case.first_done_at is not None or case.first_due_at is None else case.first_due_at


def _title(case: Case, locale: str) -> str:
    return f"{case.number} · {kind_name(case.kind, locale)} · {state_name(case.state, locale)}"
