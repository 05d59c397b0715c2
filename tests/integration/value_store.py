"""A store for the tests of value and segments, with contacts made in SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keys
from crm_adapter.encryption.vault import make_key
from crm_adapter.policy import Policy
from crm_adapter.records.value import NewOrder
from crm_adapter.tables import contacts, identities, interactions
from crm_adapter.value.incoming import Incoming, Outcome, Whose
from crm_adapter.value.store import SqlValues


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


class Stock(SqlValues):
    """The room under test, and what tests put into it."""

    async def add_contact(self, days: float = 1, **values: Any) -> UUID:
        contact_id = uuid7()
        async with self._work() as connection:
            key = await make_key(connection, self._keys, contact_id)
            row = {"kind": "person", "locale": "zh-Hans", "root_id": contact_id, "version": 1, "quarantined": False}
            times = {"created_at": ago(days), "updated_at": ago(days)}
            await connection.execute(
                insert(contacts).values(id=contact_id, key_id=key.id, **{**row, **times, **values})
            )
        return contact_id

    async def put_orders(self, orders: Sequence[NewOrder]) -> Sequence[Outcome]:
        return await self.take_orders([Incoming(Whose(order.contact_id), order) for order in orders])

    async def add_identity(self, contact_id: UUID, channel: str = "web", **values: Any) -> UUID:
        identity_id = uuid7()
        async with self._work() as connection:
            row = {"assurance": "anonymous", "reachable": True, "created_at": ago(1), "account": "shop", **values}
            await connection.execute(
                insert(identities).values(
                    id=identity_id,
                    contact_id=contact_id,
                    key_id=contact_id,
                    channel=channel,
                    blind=identity_id.bytes,
                    sealed_external_id=b"sealed",
                    **row,
                )
            )
        return identity_id

    async def add_interactions(self, identity_id: UUID, *days: float) -> None:
        async with self._work() as connection:
            for day in days:
                number = uuid7()
                await connection.execute(
                    insert(interactions).values(
                        id=number,
                        identity_id=identity_id,
                        channel="web",
                        account="shop",
                        direction="in",
                        occurred_at=ago(day),
                        sealed_content=b"sealed",
                        trace_id="0",
                        idempotency_key=str(number),
                    )
                )

    async def join_families(self, source: UUID, target: UUID | None) -> None:
        """What a merge does to the tree; ``None`` as target takes it back."""
        async with self._work() as connection:
            await connection.execute(update(contacts).where(contacts.c.id == source).values(root_id=target or source))


def stock_of(engine: AsyncEngine, keys: Keys, policy: Policy | None = None) -> Stock:
    return Stock(engine, keys, policy or Policy())


def an_order(contact_id: UUID, reference: str, days: float = 1, amount: int = 10_000, **values: Any) -> NewOrder:
    return NewOrder(contact_id, "shop", reference, ago(days), amount, **values)
