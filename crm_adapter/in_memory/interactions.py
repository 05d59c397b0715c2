"""Interactions and the change feed in memory."""

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from crm_adapter.customers.identities import STAFF
from crm_adapter.in_memory.people import People
from crm_adapter.in_memory.state import Account, Logged
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import ChangePage, Interaction, NewInteraction, Provenance

_CURSOR = re.compile(r"\d{1,18}")


class InMemoryInteractions(People):
    """See :class:`crm_adapter.port.Interactions` and :class:`crm_adapter.port.Feed`."""

    async def append_interaction(self, idempotency_key: str, interaction: NewInteraction) -> UUID:
        """See :meth:`crm_adapter.port.Interactions.append_interaction`."""
        state = self._state
        known = state.keys.get(("interaction", idempotency_key))
        if known is not None:
            return known
        identity = self._with(interaction)
        stored = Interaction(
            id=state.new_id(),
            contact_id=interaction.contact_id,
            channel=interaction.channel,
            account=interaction.account,
            direction=interaction.direction,
            occurred_at=interaction.occurred_at,
            content=interaction.content,
            outcome_kind=interaction.outcome_kind,
            outcome_ref=interaction.outcome_ref,
            idempotency_key=idempotency_key,
        )
        state.interactions[stored.id] = Logged(identity.id, stored)
        state.keys["interaction", idempotency_key] = stored.id
        return stored.id

    async def interactions(
        self, contact_id: UUID, *, before: UUID | None = None, limit: int = 50
    ) -> Sequence[Interaction]:
        """See :meth:`crm_adapter.port.Interactions.interactions`."""
        state = self._state
        family = state.family(contact_id)
        mine = [
            replace(one.interaction, contact_id=family[0])
            for one in state.interactions.values()
            if state.accounts[one.identity_id].home_id in family
        ]
        newest = sorted(mine, key=lambda one: one.id, reverse=True)
        return [one for one in newest if before is None or one.id < before][:limit]

    async def changes_since(self, cursor: str | None, *, limit: int = 500) -> ChangePage:
        """See :meth:`crm_adapter.port.Feed.changes_since`."""
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise Refused("bad_cursor")
        start = int(cursor or 0)
        page = [(number, change) for number, change in self._state.changes.items() if number > start][:limit]
        return ChangePage(tuple(change for _, change in page), str(page[-1][0] if page else start))

    def _with(self, new: NewInteraction) -> Account:
        state = self._state
        family = state.family(new.contact_id)
        if new.identity_id is not None:
            found = state.accounts.get(new.identity_id)
            if found is None or found.home_id not in family:
                raise UnknownRecord
            return found
        log = (one for one in state.accounts.values() if (one.channel, one.home_id) == (STAFF, family[0]))
        said = Provenance(STAFF, "system:log", new.occurred_at)
        return next(log, None) or self._add_account(family[0], STAFF, STAFF, str(family[0]), said)
