"""The customer's own profile, field by field (CP1-CP3): what stands is shown masked, a bad value changes nothing."""

from datetime import date
from typing import Any, Final

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.consent import turn_marketing_off
from bot.handlers.masking import masked
from bot.handlers.moments import day_of_date
from bot.handlers.wording import Wording
from crm_adapter.customers.fault_texts import fault_text, field_name
from crm_adapter.port import BadField
from crm_adapter.records.customers import Fact, Noop, Provenance

words = Wording("profile")
FIELDS: Final = ("name", "phone", "email", "birthday", "address", "language", "preferences")


class AskProfileField(LocalAction):
    """Shows what stands, masked, and asks what to change; asked again, only what is different from what was shown."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        facts = (await turn.crm.contact(turn.contact_id)).facts
        lines = [profile_line(field, facts.get(field), turn.locale) for field in FIELDS]
        buttons = [
            {"id": f"SetSlots(profile_field={field})", "label": field_name(field, turn.locale)} for field in FIELDS
        ]
        buttons.append({"id": "SetSlots(profile_field=done)", "label": words("done", turn.locale)})
        listed = str(tracker.get_slot("profile_listed") or "").splitlines()
        if listed:
            shown = [line for line in lines if line not in listed]
            parts = [*shown, *([""] if shown else []), words("which_else", turn.locale)]
        else:
            parts = [words("known", turn.locale), *lines, "", words("which", turn.locale)]
        dispatcher.utter_message(json_message={"body": {"text": "\n".join(parts), "choices": buttons}})
        return [SlotSet("profile_listed", "\n".join(lines))]


class SaveProfile(LocalAction):
    """Stores the new value as the customer's own word; on a bad one the old value stays, and the reason is told."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        field = str(tracker.get_slot("profile_field"))
        slot = f"profile_{field}"
        value = tracker.get_slot(slot)
        if value is None:
            dispatcher.utter_message(response="utter_profile_unchanged", profile_item=field_name(field, turn.locale))
            return [SlotSet("profile_bad", False)]
        told = Provenance(turn.channel, "customer", turn.now, "claimed")
        try:
            done = await turn.crm.set_fields(turn.contact_id, {field: str(value)}, told)
        except BadField as fault:
            dispatcher.utter_message(response="utter_profile_bad", reason=fault_text(fault.code, turn.locale))
            return [SlotSet(slot, None), SlotSet("profile_bad", True)]
        known = (await turn.crm.contact(turn.contact_id)).facts.get(field)
        dispatcher.utter_message(
            response="utter_profile_same" if isinstance(done, Noop) else "utter_profile_saved",
            profile_item=field_name(field, turn.locale),
            # It was typed just now: shown in full, so that a slip or a day read as a month is seen.
            profile_value=_shown(field, known, turn.locale, openly=True),
        )
        if field == "birthday":
            await mind_age(turn, dispatcher)
        return [SlotSet(slot, None), SlotSet("profile_bad", False)]


class NoteChild(LocalAction):
    """Notes the birthday that was said for a child; under the age marketing ends at once (SL7)."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        said = tracker.get_slot("child_birthday")
        if said:
            told = Provenance(turn.channel, "customer", turn.now, "claimed")
            try:
                await turn.crm.set_fields(turn.contact_id, {"birthday": str(said)}, told)
            except BadField as fault:
                dispatcher.utter_message(response="utter_profile_bad", reason=fault_text(fault.code, turn.locale))
        child = await turn.crm.is_child(turn.contact_id)
        if child:
            await turn_marketing_off(turn, "system:minor")
        return [SlotSet("consent_child", child), SlotSet("child_years", turn.crm.child_below_years)]


async def mind_age(turn: HandlerTurn, dispatcher: CollectingDispatcher) -> None:
    """A birthday that makes a child: marketing ends, and a guardian is asked for."""
    if await turn.crm.is_child(turn.contact_id):
        await turn_marketing_off(turn, "system:minor")
        dispatcher.utter_message(response="utter_profile_child", child_years=turn.crm.child_below_years)


def profile_line(field: str, fact: Fact | None, locale: str, *, openly: bool = False) -> str:
    """One field as its owner is shown it."""
    known = fact is not None and fact.value is not None
    mark = words(fact.assurance if fact.assurance == "verified" else "claimed", locale) if known and fact else ""
    mark = mark if field in ("phone", "email") else ""
    return words("line", locale, name=field_name(field, locale), value=_shown(field, fact, locale, openly), mark=mark)


def _shown(field: str, fact: Fact | None, locale: str, openly: bool = False) -> str:
    if fact is None or fact.value is None:
        return words("nothing", locale)
    if field == "language" and words.has(named := f"language {fact.value}"):
        return words(named, locale)
    if field == "birthday" and openly:
        return day_of_date(date.fromisoformat(fact.value), locale)
    return fact.value if openly else masked(field, fact.value)
