"""Whether an answer helped; after several in a row that did not, a person takes over. Editors see which ones fail."""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.facts import Facts
from bot.handlers.action import LocalAction, within
from bot.settings import Settings


class RateAnswer(LocalAction):
    """Records the rating of the article ``answer_article``; ``answer_gives_up`` once enough in a row did not help.

    An article that there is none of today is rated by nobody.
    """

    def __init__(self, settings: Settings, facts: Facts) -> None:
        self._misses = settings.service.opinions.misses_before_person
        self._facts = facts

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn = within()
        article, helpful = str(tracker.get_slot("answer_article")), bool(tracker.get_slot("answer_helpful"))
        if self._facts.article(article, turn.locale) is not None:
            await turn.crm.rate_answer(turn.contact_id, turn.conversation_id, article, helpful=helpful, at=turn.now)
        missed = [one for one in tracker.get_slot("answer_missed") or [] if one != article]
        missed = [] if helpful else [*missed, article]
        if len(missed) < self._misses:
            return [SlotSet("answer_missed", missed or None), SlotSet("answer_gives_up", None)]
        return [SlotSet("answer_missed", None), SlotSet("answer_gives_up", True)]
