"""Flows that are put aside for the customer's next visit, on any channel of the same customer.

What is taken up is no longer on offer: of two conversations that want it, the first gets it, and the second finds
nothing. It belongs to the contact, so whoever was merged with them finds it too.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from sqlalchemy import Select, delete, insert, select
from uuid_utils.compat import uuid7

from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.settings import Settings
from bot.storage.tables import parked_flows
from crm_adapter.customers.families import members_of, root_of
from crm_adapter.encryption import KeyGone, SealBroken, seal_json, unseal_json
from crm_adapter.encryption.vault import load_key

_PLACE = "parked_flows.document"


class ParkFlow(LocalAction):
    """Keeps ``parked_document`` of the flow ``parked_flow``, in the place of an older one of the same flow."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See the class."""
        turn = within()
        flow, document = tracker.get_slot("parked_flow"), tracker.get_slot("parked_document")
        family = await _family(turn)
        await turn.connection.execute(
            delete(parked_flows).where(parked_flows.c.contact_id.in_(family), parked_flows.c.flow == flow)
        )
        parked_id = uuid7()
        await turn.connection.execute(
            insert(parked_flows).values(
                id=parked_id,
                contact_id=turn.contact_id,
                key_id=turn.data_key.id,
                flow=flow,
                sealed_document=seal_json(turn.data_key, _PLACE, parked_id, document),
                parked_at=turn.now,
            )
        )
        return _slots(parked_id=str(parked_id))


class FindParked(LocalAction):
    """``parked_id`` and ``parked_flow`` of what the customer put aside last; neither where nothing is."""

    def __init__(self, settings: Settings) -> None:
        self._kept = timedelta(days=settings.flows.keep_parked_days)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See the class."""
        turn = within()
        query = (
            select(parked_flows.c.id, parked_flows.c.flow)
            .where(parked_flows.c.contact_id.in_(await _family(turn)), parked_flows.c.parked_at > turn.now - self._kept)
            .order_by(parked_flows.c.parked_at.desc(), parked_flows.c.id.desc())
            .limit(1)
        )
        row = (await turn.connection.execute(query)).one_or_none()
        if row is None:
            return []
        return _slots(parked_id=str(row.id), parked_flow=row.flow)


class TakeParked(LocalAction):
    """Claims ``parked_id`` for this conversation: ``parked_document``, or none where another one was faster."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See the class."""
        turn = within()
        try:
            parked_id = UUID(str(tracker.get_slot("parked_id")))
        except ValueError:
            return _slots(parked_document=None)
        taken = (
            delete(parked_flows)
            .where(parked_flows.c.id == parked_id, parked_flows.c.contact_id.in_(await _family(turn)))
            .returning(parked_flows.c.key_id, parked_flows.c.sealed_document)
        )
        row = (await turn.connection.execute(taken)).one_or_none()
        if row is None:
            return _slots(parked_document=None)
        return _slots(parked_document=await _open(turn, parked_id, row.key_id, row.sealed_document))


async def _family(turn: HandlerTurn) -> Select[tuple[UUID]]:
    return members_of(await root_of(turn.connection, turn.contact_id))


async def _open(turn: HandlerTurn, parked_id: UUID, key_id: UUID, sealed: bytes) -> Any:
    """``None`` where the key is gone: the identity that it was parked from was erased."""
    try:
        key = await load_key(turn.connection, turn.keys, key_id)
        return unseal_json(key, _PLACE, parked_id, sealed)
    except (KeyGone, SealBroken):
        return None


def _slots(**values: Any) -> list[EventType]:
    return [SlotSet(name, value) for name, value in values.items()]
