"""How it was: 1 to 5 after a resolved conversation, 0 to 10 now and then (SV3, SV4, KP1, KP2), and never too often."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.settings import Settings
from crm_adapter.records.opinions import SurveyKind

LOW = {"satisfaction": 2, "nps": 6}
"""Up to this score the customer is offered a way to have it put right."""


class SeekSurvey(LocalAction):
    """``survey_wanted``: which survey this customer may be asked now, or ``none``.

    Nobody is asked who has withdrawn a consent or restricted the use of their data (PIPL 44), or was asked lately.
    """

    def __init__(self, settings: Settings) -> None:
        self._opinions = settings.service.opinions

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        return [SlotSet("survey_wanted", await self._wanted(within()))]

    async def _wanted(self, turn: HandlerTurn) -> str:
        contact = await turn.crm.contact(turn.contact_id)
        if contact.restricted_at is not None or contact.quarantined:
            return "none"
        if any(one.state == "withdrawn" for one in await turn.crm.consents(turn.contact_id)):
            return "none"
        asked = await turn.crm.last_asked(turn.contact_id)
        if asked and turn.now - max(asked.values()) < timedelta(days=self._opinions.survey_every_days):
            return "none"
        return "nps" if self._nps_due(turn.now, contact.created_at, asked.get("nps")) else "satisfaction"

    def _nps_due(self, now: datetime, known_since: datetime, last: datetime | None) -> bool:
        every = self._opinions.nps_every_days
        if not every or now - known_since < timedelta(days=self._opinions.nps_after_days):
            return False
        return last is None or now - last >= timedelta(days=every)


class BeginSurvey(LocalAction):
    """Notes that the survey ``survey_kind`` is being asked; an answer that does not come is counted too."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        if tracker.get_slot("survey_id"):
            return []
        turn, kind = within(), cast("SurveyKind", tracker.get_slot("survey_kind"))
        asked = await turn.crm.ask_opinion(turn.contact_id, kind, turn.conversation_id, turn.now)
        return [SlotSet("survey_id", str(asked))]


class RecordSurvey(LocalAction):
    """Records score and reason; ``survey_low`` for one that should be put right."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, kind = within(), str(tracker.get_slot("survey_kind"))
        given: Any = tracker.get_slot("survey_score" if kind == "satisfaction" else "nps_score")
        score = int(given)
        survey, reason = UUID(str(tracker.get_slot("survey_id"))), tracker.get_slot("survey_reason")
        await turn.crm.give_opinion(turn.contact_id, survey, score, reason, turn.now)
        return [SlotSet("survey_low", score <= LOW[kind])]
