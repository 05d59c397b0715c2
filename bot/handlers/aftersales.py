"""Returns, exchanges, repairs, technical support: what is needed, when and where, and the case (SV1)."""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
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
from bot.handlers.case_words import kind_name, word
from bot.handlers.service_slots import BY_CALL, slot_shown
from crm_adapter.records.service import CaseKind

KNOWN_ADDRESS = "known"
SAME_ITEM = "same"
_KINDS: dict[str, CaseKind] = {"return": "return", "exchange": "exchange", "repair": "repair", "support": "after_sales"}
_TERMS = {
    "return": "utter_return_terms",
    "exchange": "utter_exchange_terms",
    "repair": "utter_repair_terms",
    "support": "utter_support_terms",
}
_OPENED = {
    "return": "utter_return_opened",
    "exchange": "utter_exchange_opened",
    "repair": "utter_repair_opened",
    "support": "utter_support_opened",
}
_MONTH_D = 30.44


class TellServiceTerms(CaseAction):
    """Says what is needed, and that a time limit has run out where it has; staff decides in the end."""

    reads = frozenset({"service_kind", "case_order"})

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, kind = within(), str(tracker.get_slot("service_kind"))
        dispatcher.utter_message(
            response=_TERMS[kind],
            shown_return_days=self._cases.return_days,
            shown_exchange_days=self._cases.exchange_days,
            shown_warranty_months=self._cases.warranty_months,
        )
        order = await order_of(turn, tracker.get_slot("case_order"))
        limit = {
            "return": self._cases.return_days,
            "exchange": self._cases.exchange_days,
            "repair": self._cases.warranty_months * _MONTH_D,
        }.get(kind)
        if order is not None and limit is not None and (turn.now - order.placed_at).days > limit:
            dispatcher.utter_message(response="utter_service_late")
        return []


class AskServiceReason(CaseAction):
    """Offers the reasons of the settings; own words are taken as well."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        buttons = buttons_of(self._cases.reasons, "service_reason", within().locale)
        dispatcher.utter_message(response="utter_service_reasons", buttons=buttons)
        return []


class AskServiceAddress(LocalAction):
    """Asks where, and offers the address that is known."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        known = await _known_address(within())
        buttons = (
            [{"payload": f"/SetSlots(service_address={KNOWN_ADDRESS})", "title": _in_part(known)}] if known else []
        )
        dispatcher.utter_message(response="utter_service_address_wanted", buttons=buttons)
        return []


class AskServiceConfirmed(CaseAction):
    """Says everything once more, to be confirmed or corrected."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, kind = within(), str(tracker.get_slot("service_kind"))
        address, slot = tracker.get_slot("service_address"), tracker.get_slot("service_slot")
        known = await _known_address(turn) if address == KNOWN_ADDRESS else None
        dispatcher.utter_message(
            response="utter_service_summary" if address or slot else "utter_support_summary",
            shown_kind=kind_name(_KINDS[kind], turn.locale),
            shown_order=order_shown(tracker, turn.locale),
            shown_reason=self._reason(tracker, turn.locale),
            shown_slot=slot_shown(tracker, turn.locale),
            shown_address=_in_part(known) if known else address or word("none", turn.locale),
            shown_reach=await reach_shown(turn, tracker),
            shown_files=files_shown(await files_of(turn, tracker), turn.locale),
        )
        return []

    def _reason(self, tracker: Tracker, locale: str) -> str:
        said = tracker.get_slot("service_reason") or tracker.get_slot("service_fault")
        reason, wanted = label_of(self._cases.reasons, said, locale), tracker.get_slot("service_wanted")
        if not wanted:
            return reason
        return f"{reason} → {word('same_item', locale) if wanted == SAME_ITEM else wanted}"


class OpenServiceCase(AskServiceConfirmed):
    """Opens the case, once for the form."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, kind = within(), str(tracker.get_slot("service_kind"))
        reason = tracker.get_slot("service_reason")
        known = chosen(self._cases.reasons, reason) if reason else None
        address, slot = tracker.get_slot("service_address"), tracker.get_slot("service_slot")
        by_call = slot == BY_CALL
        matter = self._reason(tracker, turn.locale)
        details = {
            "product": tracker.get_slot("case_product"),
            "address": await _known_address(turn) if address == KNOWN_ADDRESS else address,
            "slot": None if by_call else slot,
            "files": await files_of(turn, tracker),
        }
        case = await self._open_case(
            turn,
            tracker,
            _KINDS[kind],
            category=(known or self._cases.reasons[-1]).name if reason else kind,
            matter=f"{matter}\n{slot_shown(tracker, turn.locale)}" if by_call else matter,
            details=details,
        )
        dispatcher.utter_message(
            response=_OPENED[kind],
            shown_number=case.number,
            shown_slot=slot_shown(tracker, turn.locale),
            shown_first_due=due_shown(case.first_due_at, turn.locale),
        )
        return [SlotSet("case_number", case.number)]


async def _known_address(turn: HandlerTurn) -> str | None:
    facts = (await turn.crm.contact(turn.contact_id)).facts
    return facts["address"].value if "address" in facts else None


def _in_part(address: str) -> str:
    """Enough of an address for who lives there to know it again."""
    return f"{address[:6]}***{address[-2:]}" if len(address) > 10 else f"{address[:2]}***"
