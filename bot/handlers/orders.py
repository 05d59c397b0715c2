"""Where an order is: the customer's own orders only, by number or from a list (SV1)."""

import re
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.understanding.heard import ORDER_PATTERNS
from bot.flows.understanding.plain import plain
from bot.handlers.action import LocalAction, within
from bot.handlers.case_forms import order_of
from bot.handlers.moments import day_of
from bot.handlers.wording import Wording, joined
from crm_adapter.records.value import Order

SHOWN_ORDERS = 5
words = Wording("sales")


class BeginOrderStatus(LocalAction):
    """Whether the customer has orders, and which one is meant: a number in the words, or the only one there is."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        orders = await turn.crm.orders(turn.contact_id, limit=2)
        number = tracker.get_slot("order_number") or _number_in(str(turn.message.get("text", "")))
        if number is None and len(orders) == 1:
            number = orders[0].reference
        return [SlotSet("order_any", bool(orders)), SlotSet("order_number", number if orders else None)]


class AskOrderNumber(LocalAction):
    """Offers the newest orders of the customer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        orders = await turn.crm.orders(turn.contact_id, limit=SHOWN_ORDERS)
        buttons = [
            {"payload": f"/SetSlots(order_number={one.reference})", "title": _label(one, turn.locale)} for one in orders
        ]
        dispatcher.utter_message(response="utter_order_wanted", buttons=buttons)
        return []


class ShowOrder(LocalAction):
    """What is known of the order; another customer's is as unknown as one that does not exist."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        order = await order_of(turn, tracker.get_slot("order_number"))
        if order is None:
            dispatcher.utter_message(response="utter_order_unknown")
            return [SlotSet("order_number", None), SlotSet("order_found", False)]
        shown = words(
            "order_line",
            turn.locale,
            number=order.reference,
            day=day_of(order.placed_at, turn.locale),
            status=words(order.status, turn.locale),
            lines=joined([f"{line.name} × {line.quantity:g}" for line in order.lines], turn.locale),
        )
        response = "utter_order_on_its_way" if order.status in ("placed", "paid") else "utter_order_shown"
        dispatcher.utter_message(response=response, shown_order=shown.strip(), order_number=order.reference)
        return [SlotSet("order_number", order.reference), SlotSet("order_found", True)]


def _number_in(said: str) -> str | None:
    """An order number that stands in the words: with digits enough to be no model and no date."""
    for pattern in ORDER_PATTERNS:
        for found in re.findall(pattern, plain(said)):
            if sum(sign.isdigit() for sign in found) >= 6:
                return str(found).upper()
    return None


def _label(order: Order, locale: str) -> str:
    return f"{order.reference} · {words(order.status, locale)}"
