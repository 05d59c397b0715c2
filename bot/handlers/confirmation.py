"""Confirmation codes in the chat: sent, typed, tried again; what a right one proves depends on what it was for."""

import re
import unicodedata
from typing import Any, Final, Literal

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.understanding.plain import core, plain
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.identity import checked_by_code, known_target
from bot.handlers.masking import masked
from bot.handlers.moments import day_of
from bot.outgoing import CodeFault, Codes, describe_fault
from bot.outgoing.codes import DIGITS, Field
from bot.settings import Locale
from crm_adapter.customers.fields import normalise
from crm_adapter.port import BadField
from crm_adapter.records.customers import Provenance

State = Literal["sent", "wrong", "resend", "right", "bad_target", "failed", "given_up"]
_SEND_AGAIN: Final = re.compile(
    r"resend|(?:请|再|重新)*(?:发|发送|获取|来)一?(?:次|个|遍|条)?新?的?(?:验证码|码)?|没收到(?:验证码|短信)?|换一个"
    r"|(?:please )?(?:send|get)(?: it| me)?(?: a)?(?: new| another)?(?: code| one)?(?: again)?"
    r"|(?:i )?did ?n.t (?:get|receive) (?:it|a code|the code)"
)


class SendCode(LocalAction):
    """Sends a code to the phone or mail address in question; the one before is void."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        target = await _target(turn, tracker)
        if target is None:
            return [SlotSet("code_state", "failed"), SlotSet("confirmation_code", None)]
        field, value = target
        if tracker.get_slot("code_for") == field:
            await _note_claimed(turn, field, value)
        codes = self._codes.within(turn.connection)
        provenance = Provenance(turn.channel, "customer", turn.now, "claimed")
        asked = await codes.request_code(turn.contact_id, field, value, _locale(turn), provenance)
        if isinstance(asked, CodeFault):
            dispatcher.utter_message(response="utter_code_fault", reason=describe_fault(asked, _locale(turn)))
            return [SlotSet("code_state", "bad_target" if asked.code == "bad_target" else "failed")]
        shown = masked(field, normalise(field, value) or value)
        dispatcher.utter_message(response="utter_code_sent", code_target=shown, minutes=f"{codes.minutes:g}")
        return [SlotSet("code_state", "sent"), SlotSet("confirmation_code", None)]


class CheckCode(LocalAction):
    """Takes what was typed. A wrong code counts as a try, whatever the turn comes to; the code is not kept."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        state = await self._check(turn, dispatcher, tracker)
        events = [SlotSet("code_state", state), SlotSet("confirmation_code", None)]
        if state == "right" and tracker.get_slot("code_for") == "guardian":
            events.append(SlotSet("guardian_proof", _proof_of(turn, str(tracker.get_slot("guardian_phone")))))
        if state == "right" and tracker.get_slot("code_for") == "proof":
            await checked_by_code(turn, tracker.get_slot("privacy_request"))
            events.append(SlotSet("privacy_checked", True))
        return events

    async def _check(self, turn: HandlerTurn, dispatcher: CollectingDispatcher, tracker: Tracker) -> State:
        typed = tracker.get_slot("confirmation_code")
        target = await _target(turn, tracker)
        if not typed or target is None:
            return "given_up"
        if _SEND_AGAIN.fullmatch(core(plain(str(typed)))):
            return "resend"
        if sum(one.isdigit() for one in unicodedata.normalize("NFKC", str(typed))) != DIGITS:
            dispatcher.utter_message(response="utter_code_form")
            return "wrong"
        codes, (field, value) = self._codes.within(turn.connection), target
        if tracker.get_slot("code_for") == field:
            found = await codes.confirm_code(turn.contact_id, field, str(typed), value=value)
        else:
            found = await codes.prove_code(turn.contact_id, field, str(typed), value)
        if isinstance(found, CodeFault):
            dispatcher.utter_message(response="utter_code_fault", reason=describe_fault(found, _locale(turn)))
            return "wrong"
        return "right"


async def _target(turn: HandlerTurn, tracker: Tracker) -> tuple[Field, str] | None:
    match tracker.get_slot("code_for"):
        case "phone" | "email" as field:
            value = tracker.get_slot(field)
        case "guardian":
            field, value = "phone", tracker.get_slot("guardian_phone")
        case _:
            return await known_target(turn)
    return (field, str(value)) if value else None


async def _note_claimed(turn: HandlerTurn, field: Field, value: str) -> None:
    """What was typed is noted as claimed, unless it would put something proven aside: that a right code may do."""
    known = (await turn.crm.contact(turn.contact_id)).facts.get(field)
    if known is not None and known.value is not None and known.assurance == "verified":
        return
    try:
        told = Provenance(turn.channel, "customer", turn.now, "claimed")
        await turn.crm.set_fields(turn.contact_id, {field: value}, told)
    except BadField:  # the code's own fault says it
        return


def _proof_of(turn: HandlerTurn, phone: str) -> str:
    number = normalise("phone", phone) or phone
    return f"code to {masked('phone', number)} confirmed {day_of(turn.now, 'en')}"


def _locale(turn: HandlerTurn) -> Locale:
    if turn.locale == "zh-Hans" or turn.locale == "zh-Hant":
        return "zh-Hans" if turn.locale == "zh-Hans" else "zh-Hant"
    return "en"
