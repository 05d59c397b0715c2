"""Orders as outside systems give them: for a customer they know by something, many at once, each with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.fields import normalise
from crm_adapter.customers.matching import having
from crm_adapter.encryption import Keys
from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import NewOrder
from crm_adapter.tables import contacts, external_keys
from crm_adapter.value.orders import Stored, store_order

NOBODY = UUID(int=0)
"""The contact of an order whose customer is still to be found."""


@dataclass(frozen=True, slots=True)
class Whose:
    """How an order names its customer: the first of these that is there counts."""

    contact_id: UUID | None = None
    external_key: ExternalKey | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    whose: Whose
    order: NewOrder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order; ``field`` and ``code`` say why it was ``rejected``.

    ``contact_id`` is whose it was found to be, also where the order itself was refused.
    """

    state: Literal["created", "updated", "unchanged", "rejected"]
    order_id: UUID | None = None
    field: str | None = None
    code: str | None = None
    contact_id: UUID | None = None


async def take_orders(
    connection: AsyncConnection, keys: Keys, incoming: Sequence[Incoming], now: datetime
) -> tuple[Sequence[Outcome], set[UUID]]:
    """The outcome of each, in the order given, and the contacts whose orders have changed."""
    outcomes: dict[int, Outcome] = {}
    concerned: set[UUID] = set()
    ready: list[tuple[UUID, str, int]] = []
    for i, one in enumerate(incoming):
        try:
            ready.append((await find_owner(connection, keys, one.whose), one.order.reference, i))
        except BadField as bad:
            outcomes[i] = Outcome("rejected", field=bad.field, code=bad.code)
    # In one order for everybody, so that two imports do not wait for each other.
    for contact_id, _, i in sorted(ready):
        try:
            stored: Stored = await store_order(connection, replace(incoming[i].order, contact_id=contact_id), now)
        except BadField as bad:
            outcomes[i] = Outcome("rejected", field=bad.field, code=bad.code, contact_id=contact_id)
        except UnknownRecord:
            outcomes[i] = Outcome("rejected", field="contact_id", code="unknown_contact")
        else:
            outcomes[i] = Outcome(stored.state, stored.order.id, contact_id=contact_id)
            concerned.update(stored.concerned)
    return [outcomes[i] for i in range(len(incoming))], concerned


async def find_owner(connection: AsyncConnection, keys: Keys, whose: Whose) -> UUID:
    """The contact that is meant. Raises :class:`BadField` ``unknown_contact``, ``several_contacts`` or ``missing``,
    and what a phone number or an e-mail address is refused with."""
    if whose.contact_id is not None:
        known = select(contacts.c.id).where(contacts.c.id == whose.contact_id)
        return _only("contact_id", (await connection.execute(known)).scalars().all())
    if whose.external_key is not None:
        system, key = whose.external_key.system, whose.external_key.key
        blind = keys.blind("external_key", system, key)
        named = select(external_keys.c.contact_id).where(
            external_keys.c.system == system, external_keys.c.key_blind == blind
        )
        return _only("key", (await connection.execute(named)).scalars().all())
    for field, value in (("phone", whose.phone), ("email", whose.email)):
        if value is not None:
            plain = normalise(field, value)
            if plain is not None:
                return _only(field, await having(connection, keys.blind(field, plain)))
    raise BadField("contact_id", "missing")


def _only(field: str, found: Sequence[UUID]) -> UUID:
    if not found:
        raise BadField(field, "unknown_contact")
    if len(found) > 1:
        raise BadField(field, "several_contacts")
    return found[0]
