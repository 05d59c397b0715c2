"""What every form that opens a case asks for: which order, how the customer is reached, which files came along."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from sqlalchemy import select

from bot.flows.understanding.plain import plain
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.case_words import masked_email, masked_phone, moment_of, word
from bot.settings.service import Choice
from bot.storage.tables import blobs, messages
from crm_adapter.encryption import unseal
from crm_adapter.records.value import Order

SHOWN_ORDERS = 3
KNOWN_PHONE, KNOWN_EMAIL, BY_EMAIL = "known", "known_email", "email"


class BeginCaseForm(LocalAction):
    """Gives the form a name of its own, by which its case is opened once, and notes when it began."""

    reads = frozenset({"case_form"})

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("case_form"):
            return []
        turn = within()
        return [SlotSet("case_form", str(turn.message_id)), SlotSet("case_since", turn.now.isoformat())]


def priority_of(turn: HandlerTurn) -> Literal["normal", "high"]:
    """Anger and threats make a case urgent, wherever in the conversation they were heard."""
    return "high" if turn.upset else "normal"


def form_key(turn: HandlerTurn, tracker: Tracker) -> str:
    """By what the form's case is opened once; of a form that was not begun, by this run of the action."""
    form = tracker.get_slot("case_form")
    return f"form:{form}" if form else turn.key("case")


class AskCaseOrder(LocalAction):
    """Offers the newest orders of the customer."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        orders = await turn.crm.orders(turn.contact_id, limit=SHOWN_ORDERS)
        buttons = [{"payload": f"/SetSlots(case_order={one.reference})", "title": _order_label(one)} for one in orders]
        response = "utter_ask_case_order_known" if orders else "utter_ask_case_order_unknown"
        dispatcher.utter_message(response=response, buttons=buttons)
        return []


class NoteCaseOrder(LocalAction):
    """Looks the order up among the customer's own; one that is not there is kept as it was said."""

    reads = frozenset({"case_order"})

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        reference = tracker.get_slot("case_order")
        if not reference:
            return [SlotSet("case_product", None)]
        order = await order_of(within(), reference)
        if order is None:
            dispatcher.utter_message(response="utter_case_order_not_found")
            return [SlotSet("case_product", None)]
        return [SlotSet("case_order", order.reference), SlotSet("case_product", _product(order))]


class AskCasePhone(LocalAction):
    """Asks how the customer is reached, and offers what is known; an e-mail address given before is enough."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("case_email"):
            return [SlotSet("case_phone", BY_EMAIL)]
        phone, email = await _known_reach(within())
        buttons = []
        if phone:
            buttons.append({"payload": f"/SetSlots(case_phone={KNOWN_PHONE})", "title": masked_phone(phone)})
        if email:
            buttons.append({"payload": f"/SetSlots(case_phone={KNOWN_EMAIL})", "title": masked_email(email)})
        dispatcher.utter_message(response="utter_case_phone_wanted", buttons=buttons)
        return []


async def reach_of(turn: HandlerTurn, tracker: Tracker) -> str | None:
    """How the customer wants to be reached; ``None``: in the conversation itself."""
    said = tracker.get_slot("case_phone")
    if said == BY_EMAIL:
        return tracker.get_slot("case_email")
    if said in (KNOWN_PHONE, KNOWN_EMAIL):
        return (await _known_reach(turn))[said == KNOWN_EMAIL]
    return said


async def reach_shown(turn: HandlerTurn, tracker: Tracker) -> str:
    """The same for a summary; what was known before is shown in part only."""
    said, reach = tracker.get_slot("case_phone"), await reach_of(turn, tracker)
    if reach is None:
        return word("here", turn.locale)
    if said == KNOWN_PHONE:
        return masked_phone(reach)
    return masked_email(reach) if said == KNOWN_EMAIL else reach


async def order_of(turn: HandlerTurn, reference: str | None) -> Order | None:
    """The customer's own order of that number."""
    if not reference:
        return None
    wanted = _bare(reference)
    return next((one for one in await turn.crm.orders(turn.contact_id) if _bare(one.reference) == wanted), None)


async def files_of(turn: HandlerTurn, tracker: Tracker) -> list[dict[str, Any]]:
    """What the customer sent since the form began, with this message too, as message bodies have it."""
    since = tracker.get_slot("case_since")
    found: dict[str, dict[str, Any]] = {}
    if since:
        query = (
            select(blobs.c.id, blobs.c.sealed_name, blobs.c.type, blobs.c.size)
            .join(messages, messages.c.id == blobs.c.message_id)
            .where(blobs.c.identity_id == turn.identity_id, messages.c.at >= datetime.fromisoformat(since))
            .order_by(messages.c.at, blobs.c.id)
        )
        for row in await turn.connection.execute(query):
            name = unseal(turn.data_key, "blobs.name", row.id, row.sealed_name).decode()
            found[str(row.id)] = {"id": str(row.id), "name": name, "type": row.type, "size": row.size}
    for item in turn.message.get("attachments", ()):
        found[str(item["id"])] = dict(item)
    return list(found.values())


def files_shown(files: Sequence[dict[str, Any]], locale: str) -> str:
    """Their names."""
    return ("、" if locale != "en" else ", ").join(str(one["name"]) for one in files) or word("none", locale)


def order_shown(tracker: Tracker, locale: str) -> str:
    """The order and the product that the case is about."""
    said = (tracker.get_slot("case_order"), tracker.get_slot("case_product"))
    return " · ".join(filter(None, said)) or word("none", locale)


def chosen(choices: Sequence[Choice], said: str) -> Choice | None:
    """The choice that words mean: by name or label, or where they hold words of it and of no other."""
    words = plain(said)
    for choice in choices:
        if words == choice.name or words in {plain(label) for label in choice.label.values()}:
            return choice
    meant = [choice for choice in choices if any(plain(one) in words for one in choice.words)]
    return meant[0] if len(meant) == 1 else None


def label_of(choices: Sequence[Choice], said: str | None, locale: str) -> str:
    """How a choice is called; the customer's own words where they chose none."""
    if not said:
        return word("none", locale)
    return next((str(dict(one.label)[locale]) for one in choices if one.name == said), said)  # type: ignore[index]


def buttons_of(choices: Sequence[Choice], slot: str, locale: str) -> list[dict[str, str]]:
    """The choices as buttons that set the slot."""
    return [
        {"payload": f"/SetSlots({slot}={one.name})", "title": label_of(choices, one.name, locale)} for one in choices
    ]


def due_shown(at: datetime | None, locale: str) -> str:
    """When something is due."""
    return word("no_time", locale) if at is None else moment_of(at, locale)


async def _known_reach(turn: HandlerTurn) -> tuple[str | None, str | None]:
    facts = (await turn.crm.contact(turn.contact_id)).facts
    phone, email = (facts[name].value if name in facts else None for name in ("phone", "email"))
    return phone, email


def _order_label(order: Order) -> str:
    product = _product(order)
    return f"{order.reference} · {product[:24]}" if product else order.reference


def _product(order: Order) -> str:
    return "、".join(line.name for line in order.lines)[:200]


def _bare(reference: str) -> str:
    return "".join(sign for sign in reference.casefold() if sign.isalnum())
