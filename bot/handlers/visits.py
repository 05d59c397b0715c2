"""Appointments: a demonstration, a delivery, an installation; each is a task for whoever arranges it (SV1)."""

from datetime import datetime
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers import masking
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.appointments import calendar_of, meant, name_of, offered, shown
from bot.handlers.case_forms import reach_of, reach_shown
from bot.handlers.case_owners import owner_for
from bot.handlers.products import read_range
from bot.handlers.worded import in_language
from bot.handlers.wording import Wording
from bot.settings import Settings
from crm_adapter.records.service import NewTask
from crm_adapter.rights.working_days import ZONE

KNOWN_ADDRESS = "known"
words = Wording("sales")


class _Visit(LocalAction):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cases = settings.service.cases
        self._holidays_file = settings.crm.holidays_file

    def _offered(self, turn: HandlerTurn) -> list[tuple[datetime, datetime]]:
        return offered(self._cases, calendar_of(self._holidays_file), turn.now)

    async def _details(self, turn: HandlerTurn, tracker: Tracker, *, masked: bool) -> dict[str, Any]:
        """What was agreed, in words of the customer's language; ``masked`` for the customer, whole for staff."""
        what = str(tracker.get_slot("visit_place") or tracker.get_slot("visit_service"))
        product = read_range(self._settings.service.products_file).product(tracker.get_slot("visit_product"))
        said = tracker.get_slot("visit_product") or tracker.get_slot("case_product")
        name = in_language(product.name, turn.locale) if product else said
        about = [str(one) for one in (tracker.get_slot("case_order"), name) if one]
        nothing = words("none", turn.locale)
        return {
            "shown_what": words(what, turn.locale),
            "shown_about": " · ".join(about) or nothing,
            "shown_slot": shown(str(tracker.get_slot("visit_slot")), turn.locale),
            "shown_place": await self._place(turn, tracker, what, masked=masked),
            "shown_reach": (await reach_shown(turn, tracker) if masked else await reach_of(turn, tracker)) or nothing,
        }

    async def _place(self, turn: HandlerTurn, tracker: Tracker, what: str, *, masked: bool) -> str:
        if what == "showroom":
            return words("our_showroom", turn.locale)
        address = str(tracker.get_slot("service_address") or words("none", turn.locale))
        if address != KNOWN_ADDRESS:
            return address
        facts = (await turn.crm.contact(turn.contact_id)).facts
        known = str(facts["address"].value) if "address" in facts else words("none", turn.locale)
        return masking.masked("address", known) if masked else known


class BeginVisit(_Visit):
    """Takes the product from the words that the customer came with."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        said = str(tracker.get_slot("visit_product") or within().message.get("text", ""))
        named = read_range(self._settings.service.products_file).products_meant(said)
        return [SlotSet("visit_product", named[0].id)] if named else []


class AskVisitSlot(_Visit):
    """Offers the next appointments of the settings."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        names = [name_of(one) for one in self._offered(turn)]
        buttons = [{"payload": f"/SetSlots(visit_slot={name})", "title": shown(name, turn.locale)} for name in names]
        dispatcher.utter_message(response="utter_visit_slot_wanted", buttons=buttons)
        return []


class NoteVisitSlot(_Visit):
    """Words become one of the appointments; a time that is not offered is asked for again."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        found = meant(str(tracker.get_slot("visit_slot") or ""), self._offered(turn), turn.now, turn.locale)
        if found is None:
            dispatcher.utter_message(response="utter_service_slot_not_offered")
        return [
            SlotSet("visit_slot", name_of(found) if found else None),
            SlotSet("visit_slot_known", found is not None),
        ]


class AskVisitConfirmed(_Visit):
    """Says everything once more, to be confirmed or corrected."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        details = await self._details(within(), tracker, masked=True)
        dispatcher.utter_message(response="utter_visit_summary", **details)
        return []


class BookVisit(_Visit):
    """A task for whoever arranges it, due before the appointment, once for the form."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        details = await self._details(turn, tracker, masked=False)
        begins = datetime.fromisoformat(str(tracker.get_slot("visit_slot")).partition("/")[0]).replace(tzinfo=ZONE)
        task = NewTask(
            contact_id=turn.contact_id,
            kind="visit" if tracker.get_slot("visit_place") else "delivery",
            subject="\n".join(details.values())[:4000],
            due_at=begins,
            by="customer",
            owner_id=await owner_for(turn.connection, self._cases.owners),
        )
        await turn.crm.add_task(turn.key("visit"), task)
        masked = await self._details(turn, tracker, masked=True)
        dispatcher.utter_message(response="utter_visit_booked", **masked)
        return []
