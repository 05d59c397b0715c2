"""The record of every contact with a customer (CH2), those that staff logs among them (CH5)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import root_of
from crm_adapter.customers.identities import staff_log
from crm_adapter.customers.locks import Moved, lock_profile
from crm_adapter.encryption import seal
from crm_adapter.encryption.opening import opener_for
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import Interaction, NewInteraction
from crm_adapter.session import Session
from crm_adapter.tables import contacts, identities, interactions

PLACE = "interactions.content"
_TRIES = 50


class SqlInteractions(Session):
    """:class:`~crm_adapter.port.Interactions` over PostgreSQL; what the methods guarantee stands there."""

    async def append_interaction(self, idempotency_key: str, interaction: NewInteraction) -> UUID:
        async with self._work() as connection:
            for _ in range(_TRIES):
                try:
                    async with connection.begin_nested():
                        return await self._append(connection, idempotency_key, interaction)
                except Moved:
                    continue
        raise Refused("busy")

    async def interactions(
        self, contact_id: UUID, *, before: UUID | None = None, limit: int = 50
    ) -> Sequence[Interaction]:
        async with self._work() as connection:
            root_id = await root_of(connection, contact_id)
            rows = (await connection.execute(_newest(root_id, before, limit))).all()
            opener = await opener_for(connection, self._keys, (row.sealed_content for row in rows))
        return [_interaction(row, root_id, opener.text(PLACE, row.id, row.sealed_content)) for row in rows]

    async def _append(self, connection: AsyncConnection, idempotency_key: str, new: NewInteraction) -> UUID:
        there = select(interactions.c.id).where(interactions.c.idempotency_key == idempotency_key)
        known: UUID | None = (await connection.execute(there)).scalar()
        if known is not None:
            return known
        identity_id, key_id = await self._identity(connection, new)
        key = await load_key(connection, self._keys, key_id)
        interaction_id = uuid7()
        added = (
            upsert(interactions)
            .values(
                id=interaction_id,
                identity_id=identity_id,
                conversation_id=new.conversation_id,
                channel=new.channel,
                account=new.account,
                direction=new.direction,
                occurred_at=new.occurred_at,
                sealed_content=seal(key, PLACE, interaction_id, new.content.encode()),
                outcome_kind=new.outcome_kind,
                outcome_ref=new.outcome_ref,
                trace_id=new.trace_id,
                idempotency_key=idempotency_key,
            )
            .on_conflict_do_nothing(index_elements=[interactions.c.idempotency_key])
            .returning(interactions.c.id)
        )
        made: UUID | None = (await connection.execute(added)).scalar()
        if made is None:
            made = (await connection.execute(there)).scalar_one()
        return made

    async def _identity(self, connection: AsyncConnection, new: NewInteraction) -> tuple[UUID, UUID]:
        root_id = await root_of(connection, new.contact_id)
        if new.identity_id is None:
            locked = await lock_profile(connection, root_id, member=new.contact_id)
            key = await load_key(connection, self._keys, locked.key_id)
            return await staff_log(connection, self._keys, root_id, key, at=new.occurred_at)
        query = (
            select(identities.c.id, identities.c.key_id)
            .join(contacts, contacts.c.id == identities.c.contact_id)
            .where(identities.c.id == new.identity_id, contacts.c.root_id == root_id)
        )
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRecord(f"the contact has no identity {new.identity_id}")
        return row.id, row.key_id


def _newest(root_id: UUID, before: UUID | None, limit: int) -> Any:
    # The newest of each identity first: a few steps into the index (identity_id, id), however long the history.
    of_identity = select(interactions).where(interactions.c.identity_id == identities.c.id)
    if before is not None:
        of_identity = of_identity.where(interactions.c.id < before)
    newest = of_identity.order_by(interactions.c.id.desc()).limit(limit).correlate(identities).lateral("newest")
    return (
        select(newest)
        .select_from(contacts.join(identities, identities.c.contact_id == contacts.c.id).join(newest, true()))
        .where(contacts.c.root_id == root_id)
        .order_by(newest.c.id.desc())
        .limit(limit)
    )


def _interaction(row: Row[Any], contact_id: UUID, content: str | None) -> Interaction:
    return Interaction(
        id=row.id,
        contact_id=contact_id,
        channel=row.channel,
        account=row.account,
        direction=row.direction,
        occurred_at=row.occurred_at,
        content=content,
        outcome_kind=row.outcome_kind,
        outcome_ref=row.outcome_ref,
        idempotency_key=row.idempotency_key,
    )
