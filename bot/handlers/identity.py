"""Who asks about their own data: a verified account, or a code to what was known before (PR6)."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.outgoing.codes import Field
from crm_adapter.records.customers import Fact
from crm_adapter.records.rights import WITHOUT_CHECK, PrivacyRequest

BY: Final = "system:chat"
SETTLED: Final = timedelta(days=30)
"""A phone or e-mail that replaced another more recently proves nothing: whoever replaced it would prove himself."""
_FIELDS: Final[tuple[Field, ...]] = ("phone", "email")


class FindProof(LocalAction):
    """Whether there is a phone or mail address on file that a code can go to; without one staff has to check."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        return [SlotSet("proof_possible", await known_target(within()) is not None)]


async def known_target(turn: HandlerTurn) -> tuple[Field, str] | None:
    """The phone or mail address that proves who this is: a verified one before a claimed one, never a fresh change."""
    facts = (await turn.crm.contact(turn.contact_id)).facts
    history = await turn.crm.history(turn.contact_id)
    known: list[tuple[bool, Field, str]] = []
    for field in _FIELDS:
        fact = facts.get(field)
        if fact is not None and fact.value is not None and not _changed_lately(turn, fact, history):
            known.append((fact.assurance != "verified", field, fact.value))
    return min(known, key=lambda one: one[0])[1:] if known else None


async def is_known(turn: HandlerTurn, request: PrivacyRequest) -> bool:
    """Whether the account that writes now needs no proof for this request.

    That somebody else of the family, or staff, proved it for a request which still waits says nothing about who writes
    now: only their own account's assurance counts.
    """
    if request.kind in WITHOUT_CHECK:
        return True
    identities = (await turn.crm.contact(turn.contact_id)).identities
    verified = any(one.id == turn.identity_id and one.assurance == "verified" for one in identities)
    return verified and request.checked_method is not None


async def checked_by_code(turn: HandlerTurn, request: Any) -> None:
    """Documents with the request that a code proved who asks; one that is being worked on has been checked before."""
    found = await turn.crm.privacy_request(UUID(str(request)))
    if found.state in ("received", "identity_check"):
        await turn.crm.check_requester(found.id, "code", BY, turn.now)


def _changed_lately(turn: HandlerTurn, fact: Fact, history: Any) -> bool:
    return any(
        one.field == fact.field
        and one.value not in (None, fact.value)
        and one.superseded_at is not None
        and turn.now - one.superseded_at < SETTLED
        and not (fact.assurance == "verified" and one.assurance != "verified" and one.set_by == "customer")
        for one in history
    )
