"""A form that ends in a case: what is asked and opened in the same way whatever the case is about."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction
from bot.handlers.case_forms import form_key, priority_of, reach_of
from bot.handlers.case_owners import owner_for
from bot.settings import Settings
from bot.settings.service import Cases
from crm_adapter.records.service import Case, CaseKind, NewCase


class CaseAction(LocalAction):
    """An action of such a form, with the company's settings for cases."""

    def __init__(self, settings: Settings) -> None:
        self._cases: Cases = settings.service.cases

    async def _open_case(
        self,
        turn: HandlerTurn,
        tracker: Tracker,
        kind: CaseKind,
        *,
        category: str,
        matter: str,
        details: Mapping[str, Any],
        remedy: str | None = None,
    ) -> Case:
        """Opens the form's case, once; of ``details`` those that there are."""
        new = NewCase(
            contact_id=turn.contact_id,
            kind=kind,
            category=category,
            matter=matter,
            opened_at=turn.now,
            by="customer",
            remedy=remedy,
            reach=await reach_of(turn, tracker),
            order_ref=tracker.get_slot("case_order"),
            priority=priority_of(turn),
            owner_id=await owner_for(turn.connection, self._cases.owners),
            conversation_id=turn.conversation_id,
            details={name: value for name, value in details.items() if value},
        )
        return await turn.crm.open_case(form_key(turn, tracker), new)
