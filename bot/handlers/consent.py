"""Consent in the chat: the notice at the first contact, each choice by itself, a receipt for it (PR1, PIPL 13-17)."""

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.domain.message import Body
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.choices import Choice, choices_of, find_choice, means, record, words
from bot.handlers.evidence import as_shown, exchange
from bot.handlers.moments import day_of
from crm_adapter.consent.notices import Notice
from crm_adapter.records.consent import ANY_CHANNEL, ConsentEventType, ConsentRefused, Guardian, NewConsentEvent

DONE = "done"
SERVICE = "service"


class ShowNotice(LocalAction):
    """Tells who we are and what we use, once per version of the notice; it is recorded that it was shown."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        notice = turn.crm.notices.find(SERVICE)
        if notice is None or tracker.get_slot("consent_notice_seen") == notice.hash:
            return []
        seen = [SlotSet("consent_notice_seen", notice.hash)]
        if not turn.newcomer and await turn.crm.was_told(turn.contact_id, notice):
            return seen
        body = _notice_body(notice, turn.locale)
        dispatcher.utter_message(json_message={"body": body})
        event = NewConsentEvent(
            contact_id=turn.contact_id,
            event="notice_shown",
            purpose=notice.purpose,
            channel=ANY_CHANNEL,
            told_on=turn.channel,
            assurance=turn.assurance,
            locale=turn.locale,
            prompt=as_shown(body),
            reply="",
            prompt_message_id=None,
            reply_message_id=None,
            method="chat",
            actor="system:chat",
            occurred_at=turn.now,
            identity_id=turn.identity_id,
            idempotency_key=f"{turn.conversation_id}:{notice.hash}",
            notice_hash=notice.hash,
        )
        if turn.newcomer:
            await turn.crm.tell_newcomer(event, turn.data_key)
        else:
            await turn.crm.record_consent(event)
        return seen


class RepeatNotice(LocalAction):
    """Shows the notice to whoever asks for it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        notice = turn.crm.notices.find(SERVICE)
        if notice is not None:
            dispatcher.utter_message(json_message={"body": _notice_body(notice, turn.locale)})
        return []


class AskConsentPurpose(LocalAction):
    """Lists every choice with what stands, and asks which one to look at."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        choices = await choices_of(turn)
        lines = [
            words("line", turn.locale, number=number, title=one.title(turn.locale), state=one.state(turn.locale))
            for number, one in enumerate(choices, 1)
        ]
        buttons = [{"id": f"SetSlots(consent_purpose={one.key})", "label": one.title(turn.locale)} for one in choices]
        buttons.append({"id": f"SetSlots(consent_purpose={DONE})", "label": words("done", turn.locale)})
        text = "\n".join([words("choices", turn.locale), *lines, "", words("which", turn.locale)])
        dispatcher.utter_message(json_message={"body": {"text": text, "choices": buttons}})
        return []


class MatchConsent(LocalAction):
    """Finds the choice that was named, and how to go on: ask, ask a guardian first, or not at all."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        said = str(tracker.get_slot("consent_purpose") or DONE)
        if means("done", said):
            return [SlotSet("consent_next", "done")]
        if means("agree_all", said):
            dispatcher.utter_message(response="utter_consent_one_by_one")
            return [SlotSet("consent_next", "unknown")]
        choices = await choices_of(turn)
        if means("refuse_all", said):
            await _refuse_all(turn, choices, dispatcher)
            return [SlotSet("consent_next", "unknown")]
        found = find_choice(choices, said)
        if found is None:
            dispatcher.utter_message(response="utter_consent_which")
            return [SlotSet("consent_next", "unknown")]
        years = turn.crm.child_below_years
        if not await turn.crm.is_child(turn.contact_id):
            then = "ask"
        elif found.marketing:
            dispatcher.utter_message(response="utter_consent_no_marketing", child_years=years)
            then = "unknown"
        else:
            then = "ask" if tracker.get_slot("guardian_proof") else "guardian"
        return [SlotSet("consent_purpose", found.key), SlotSet("consent_next", then), SlotSet("child_years", years)]


class AskConsentAnswer(LocalAction):
    """Shows the notice of one purpose and asks for consent to it alone; nothing is chosen beforehand."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        found = find_choice(await choices_of(turn), str(tracker.get_slot("consent_purpose")))
        if found is None:  # configured no more since it was chosen
            dispatcher.utter_message(response="utter_consent_which")
            return [SlotSet("consent_answer", False)]
        yes, no = ("keep", "take_back") if found.granted else ("agree", "disagree")
        # The purpose is part of the button: one of an older question can never answer this one.
        mark = f"SetSlots(consent_purpose={found.key},consent_answer="
        body: Body = {
            "text": found.told(turn.locale),
            "choices": [
                {"id": f"{mark}true)", "label": words(yes, turn.locale)},
                {"id": f"{mark}false)", "label": words(no, turn.locale)},
            ],
            **_links(found.notice, turn.locale),
        }
        dispatcher.utter_message(json_message={"body": body})
        return []


class RecordConsent(LocalAction):
    """Writes the answer into the ledger with question, answer and the ids of both messages; gives the receipt."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        answer = tracker.get_slot("consent_answer")
        found = find_choice(await choices_of(turn), str(tracker.get_slot("consent_purpose")))
        if found is None or answer is None:
            return []
        said = await exchange(turn, "consent_answer=")
        if f"consent_purpose={found.key}," not in said.offered:  # a button of an older question
            return [SlotSet("consent_answer", None), SlotSet("consent_next", "again")]
        guardian = _guardian(tracker)
        event: ConsentEventType = _event(found, agreed=bool(answer), guardian=guardian is not None)
        try:
            receipt = await record(turn, found, event, said, turn.locale, guardian=guardian if answer else None)
        except ConsentRefused as refused:
            dispatcher.utter_message(response="utter_consent_refused")
            return [SlotSet("consent_refused", refused.code)]
        text = [
            words(f"receipt_{event}", turn.locale, title=found.title(turn.locale)),
            words("number", turn.locale, receipt=receipt.number, date=day_of(receipt.occurred_at, turn.locale)),
        ]
        dispatcher.utter_message(json_message={"body": {"text": "\n".join(text)}})
        return [SlotSet("consent_receipt", receipt.number)]


def _notice_body(notice: Notice, locale: str) -> Body:
    return {"text": words("notice", locale), **_links(notice, locale)}


def _links(notice: Notice, locale: str) -> Body:
    """PR13: the policy stands under every notice."""
    link = notice.link(locale)
    return {"links": [{"label": words("policy", locale), "url": link}]} if link else {}


def _event(choice: Choice, *, agreed: bool, guardian: bool) -> ConsentEventType:
    if agreed:
        return "guardian_granted" if guardian else "granted"
    return "withdrawn" if choice.standing is not None and choice.standing.state == "granted" else "refused"


async def _refuse_all(turn: HandlerTurn, choices: Sequence[Choice], dispatcher: CollectingDispatcher) -> None:
    """Each purpose is refused by itself, or withdrawn where it was agreed to; what is off already stays as it is."""
    said = await exchange(turn, "consent_purpose=")
    for one in choices:
        if one.granted_anywhere:
            await record(turn, one, "withdrawn", said, turn.locale, channel=ANY_CHANNEL)
        elif one.standing is None or one.standing.state not in ("refused", "withdrawn"):
            await record(turn, one, "refused", said, turn.locale)
    dispatcher.utter_message(response="utter_consent_all_refused")


def _guardian(tracker: Tracker) -> Guardian | None:
    proof = tracker.get_slot("guardian_proof")
    if not proof:
        return None
    return Guardian(str(tracker.get_slot("guardian_name")), str(tracker.get_slot("guardian_relation")), str(proof))


async def turn_marketing_off(turn: HandlerTurn, said_by: str) -> int:
    """Ends every marketing consent of a child, whoever gave it (SL7, PIPL 31); how many there were."""
    granted = [
        one for one in await choices_of(turn) if one.marketing and one.standing and one.standing.state == "granted"
    ]
    said = await exchange(turn)
    for one in granted:
        await record(turn, one, "withdrawn", said, turn.locale, channel=ANY_CHANNEL, actor=said_by)
    return len(granted)
