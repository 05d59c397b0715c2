"""Withdrawing consent: as easy as giving it, at once, with a receipt (PIPL 15)."""

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.choices import Choice, choices_of, find_choice, means, record, words
from bot.handlers.evidence import exchange
from bot.handlers.moments import day_of
from bot.handlers.wording import joined
from crm_adapter.records.consent import ANY_CHANNEL

ALL = "all"


class WithdrawAll(LocalAction):
    """ "退订": whatever may be written to this customer unasked ends, on every channel, in this turn's transaction.

    It is recorded although nothing was agreed to: from now on it stands that they do not want it.
    """

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        choices = [one for one in await choices_of(turn) if one.marketing]
        left = [one for one in choices if not one.withdrawn_everywhere]
        if left:
            text = [words("unsubscribed", turn.locale), await _withdraw(turn, left, None)]
        else:
            text = [words("already_unsubscribed", turn.locale)]
        dispatcher.utter_message(json_message={"body": {"text": "\n".join(text)}})
        return [SlotSet("consent_unsubscribed", True)]


class FindGranted(LocalAction):
    """Whether there is anything to withdraw, and whether the customer has said already what. Who names something that
    was never agreed to is told that it is off."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        choices = await choices_of(turn)
        said = "" if turn.message.get("choice") else str(turn.message.get("text") or "")
        named = find_choice(choices, said) if said else None
        if named is not None and not named.granted_anywhere:
            title = named.title(turn.locale)
            dispatcher.utter_message(response="utter_withdraw_is_off", withdraw_title=title)
        return [
            SlotSet("withdraw_any", bool(_granted(choices))),
            SlotSet("withdraw_off", named is not None and not named.granted_anywhere),
            SlotSet("withdraw_named", named.key if named is not None and named.granted_anywhere else None),
        ]


class AskWithdrawPurpose(LocalAction):
    """Lists what is agreed to and asks what of it to withdraw."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        granted = _granted(await choices_of(turn))
        lines = [f"{number}. {one.title(turn.locale)}" for number, one in enumerate(granted, 1)]
        buttons = [{"id": f"SetSlots(withdraw_purpose={one.key})", "label": one.title(turn.locale)} for one in granted]
        if len(granted) > 1:
            buttons.append({"id": f"SetSlots(withdraw_purpose={ALL})", "label": words("all", turn.locale)})
        text = "\n".join([words("withdraw_which", turn.locale), *lines, "", words("withdraw_ask", turn.locale)])
        dispatcher.utter_message(json_message={"body": {"text": text, "choices": buttons}})
        return []


class WithdrawConsent(LocalAction):
    """Withdraws the one that was named, or all; nothing else is asked."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        named = tracker.get_slot("withdraw_named")
        said = str(tracker.get_slot("withdraw_purpose") or named or "")
        granted = _granted(await choices_of(turn))
        everything = means("everything", said)
        found = None if everything else find_choice(granted, said)
        if not everything and found is None:
            dispatcher.utter_message(response="utter_consent_which")
            return [SlotSet("withdraw_purpose", None), SlotSet("withdraw_done", False)]
        chosen = granted if found is None else [found]
        titles = joined([one.title(turn.locale) for one in chosen], turn.locale)
        text = [
            words("receipt_withdrawn", turn.locale, title=titles),
            await _withdraw(turn, chosen, None if named else "withdraw_purpose="),
        ]
        dispatcher.utter_message(json_message={"body": {"text": "\n".join(text)}})
        return [SlotSet("withdraw_done", True)]


def _granted(choices: Sequence[Choice]) -> list[Choice]:
    return [one for one in choices if one.granted_anywhere]


async def _withdraw(turn: HandlerTurn, choices: Sequence[Choice], marker: str | None) -> str:
    said = await exchange(turn, marker)
    receipts = [await record(turn, one, "withdrawn", said, turn.locale, channel=ANY_CHANNEL) for one in choices]
    numbers = joined([one.number for one in receipts], turn.locale)
    return words("receipts", turn.locale, receipts=numbers, date=day_of(turn.now, turn.locale))
