"""Complaints: what they are about, what is settled at once, and the case (CO1, CO2, CO6, SL2)."""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, within
from bot.handlers.case_forms import (
    buttons_of,
    chosen,
    due_shown,
    files_of,
    files_shown,
    label_of,
    order_of,
    order_shown,
    reach_shown,
)
from bot.handlers.case_opening import CaseAction
from bot.handlers.case_owners import name_of, owner_for
from bot.settings.service import Cases, Settlement
from crm_adapter.records.service import Case, NewTask

BY_RULE = "system:settlement"


class WeighComplaint(CaseAction):
    """Takes the category from the customer's words where they leave no doubt."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("complaint_category"):
            return []
        choice = chosen(self._cases.categories, tracker.get_slot("complaint_matter") or "")
        return [SlotSet("complaint_category", choice.name if choice else None)]


class AskComplaintCategory(CaseAction):
    """Offers the categories of the settings."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        buttons = buttons_of(self._cases.categories, "complaint_category", within().locale)
        dispatcher.utter_message(response="utter_complaint_categories", buttons=buttons)
        return []


class NoteComplaintCategory(CaseAction):
    """Own words become a category. Words that are none are asked for once more; after that it is the last one, and
    the customer is told so."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        said, last = tracker.get_slot("complaint_category"), self._cases.categories[-1]
        choice = chosen(self._cases.categories, said or "")
        if choice is None and said and not tracker.get_slot("complaint_category_missed"):
            dispatcher.utter_message(response="utter_complaint_category_unknown")
            return [SlotSet("complaint_category", None), SlotSet("complaint_category_missed", True)]
        if choice is None:
            label = label_of(self._cases.categories, last.name, within().locale)
            dispatcher.utter_message(response="utter_complaint_category_last", shown_category=label)
        return [SlotSet("complaint_category", (choice or last).name), SlotSet("complaint_category_missed", None)]


class AskComplaintRemedy(CaseAction):
    """Offers the remedies of the settings; own words are taken as well."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        buttons = buttons_of(self._cases.remedies, "complaint_remedy", within().locale)
        dispatcher.utter_message(response="utter_complaint_remedies", buttons=buttons)
        return []


class AskComplaintConfirmed(CaseAction):
    """Says everything once more, to be confirmed or corrected."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        dispatcher.utter_message(
            response="utter_complaint_summary",
            shown_matter=tracker.get_slot("complaint_matter"),
            shown_category=label_of(self._cases.categories, tracker.get_slot("complaint_category"), turn.locale),
            shown_order=order_shown(tracker, turn.locale),
            shown_remedy=label_of(self._cases.remedies, tracker.get_slot("complaint_remedy"), turn.locale),
            shown_reach=await reach_shown(turn, tracker),
            shown_files=files_shown(await files_of(turn, tracker), turn.locale),
        )
        return []


class SeekSettlement(CaseAction):
    """Looks for a rule by which this complaint can be settled at once."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        rule = await _settlement(self._cases, turn, tracker)
        if rule is not None and await owner_for(turn.connection, self._cases.owners) is None:
            rule = None  # nobody is there to keep the promise
        return [SlotSet("complaint_offer", rule.name if rule else None)]


class AskComplaintOfferTaken(CaseAction):
    """Offers what the rule allows."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        rule = _rule(self._cases, tracker.get_slot("complaint_offer"))
        if rule is None:
            return [SlotSet("complaint_offer_taken", False)]
        dispatcher.utter_message(response="utter_complaint_offered", shown_offer=_offer(rule, within().locale))
        return []


class OpenComplaint(CaseAction):
    """Opens the case, once for the form; settles it at once where the customer took the offer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        case = await self._open_complaint(turn, tracker)
        rule = _rule(self._cases, tracker.get_slot("complaint_offer"))
        response = "utter_complaint_opened"
        if rule is not None and tracker.get_slot("complaint_offer_taken") and case.owner_id is not None:
            response = "utter_complaint_settled"
            if case.state == "open":
                await _settle(turn, case, rule)
        due = case.first_due_at
        hours = f"{(due - case.opened_at).total_seconds() / 3600:g}" if due is not None else ""
        dispatcher.utter_message(
            response=response,
            shown_number=case.number,
            shown_owner=await name_of(turn.connection, case.owner_id) or dict(self._cases.owner_title)[turn.locale],  # type: ignore[index]
            shown_hours=hours,
            shown_first_due=due_shown(due, turn.locale),
            shown_final_due=due_shown(case.final_due_at, turn.locale),
            shown_offer=_offer(rule, turn.locale) if rule else "",
        )
        return [SlotSet("case_number", case.number)]

    async def _open_complaint(self, turn: HandlerTurn, tracker: Tracker) -> Case:
        remedy = tracker.get_slot("complaint_remedy")
        return await self._open_case(
            turn,
            tracker,
            "complaint",
            category=str(tracker.get_slot("complaint_category")),
            matter=str(tracker.get_slot("complaint_matter")),
            details={"product": tracker.get_slot("case_product"), "files": await files_of(turn, tracker)},
            remedy=label_of(self._cases.remedies, remedy, turn.locale) if remedy else None,
        )


async def _settlement(cases: Cases, turn: HandlerTurn, tracker: Tracker) -> Settlement | None:
    order = await order_of(turn, tracker.get_slot("case_order"))
    if order is None:
        return None
    category, remedy = tracker.get_slot("complaint_category"), tracker.get_slot("complaint_remedy")
    return next(
        (
            rule
            for rule in cases.settlements
            if (not rule.categories or category in rule.categories)
            and (not rule.remedies or remedy in rule.remedies)
            and rule.currency == order.currency
            and order.amount < rule.below
        ),
        None,
    )


async def _settle(turn: HandlerTurn, case: Case, rule: Settlement) -> None:
    offer = _offer(rule, turn.locale)
    await turn.crm.transition_case(case.id, "answered", BY_RULE, f"rule {rule.name}", told=offer)
    await turn.crm.transition_case(case.id, "resolved", "customer", f"took the offer of rule {rule.name}")
    task = NewTask(
        contact_id=turn.contact_id,
        kind="settlement",
        subject=f"{case.number}: {offer}",
        due_at=case.first_due_at or turn.now,
        by=BY_RULE,
        owner_id=case.owner_id,
        case_id=case.id,
    )
    await turn.crm.add_task(f"settlement:{case.id}", task)


def _rule(cases: Cases, name: str | None) -> Settlement | None:
    return next((rule for rule in cases.settlements if rule.name == name), None)


def _offer(rule: Settlement, locale: str) -> str:
    return dict(rule.offer)[locale]  # type: ignore[index]
