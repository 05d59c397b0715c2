"""Orders: what was bought, once per source and reference (CP1, CP5)."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import contact_row, members_of
from crm_adapter.customers.feed import note_change
from crm_adapter.port import BadField
from crm_adapter.records.value import NewOrder, Order, OrderLine, OrderStatus
from crm_adapter.value.tables import orders

STATUSES: tuple[OrderStatus, ...] = get_args(OrderStatus)
LARGEST_AMOUNT = 10**15
MOST_LINES = 500
LARGEST_QUANTITY = 10**9
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST = {"source": 64, "reference": 128, "sku": 128, "name": 300}


@dataclass(frozen=True, slots=True)
class Stored:
    """``concerned`` are the contacts whose orders have changed: both, when one has moved to another contact."""

    order: Order
    state: Literal["created", "updated", "unchanged"]
    concerned: tuple[UUID, ...] = ()


async def store_order(connection: AsyncConnection, order: NewOrder, now: datetime) -> Stored:
    """Adds the order, or brings it up to date. Raises BadField and UnknownRecord."""
    check_order(order)
    await contact_row(connection, order.contact_id)
    same = (orders.c.source == order.source) & (orders.c.reference == order.reference)
    before = (await connection.execute(select(orders).where(same).with_for_update())).one_or_none()
    values = {
        "contact_id": order.contact_id,
        "placed_at": order.placed_at,
        "amount": order.amount,
        "currency": order.currency,
        "status": order.status,
        "lines": [asdict(line) for line in order.lines],
    }
    if before is not None and all(before._mapping[name] == value for name, value in values.items()):
        return Stored(_order(before), "unchanged")
    put = upsert(orders).values(id=uuid7(), source=order.source, reference=order.reference, updated_at=now, **values)
    put = put.on_conflict_do_update(constraint="orders_source_reference_key", set_={**values, "updated_at": now})
    row = (await connection.execute(put.returning(*orders.c))).one()
    concerned = {order.contact_id} | ({before.contact_id} if before is not None else set())
    await note_change(connection, "order", sorted(concerned), row.id)
    return Stored(_order(row), "created" if before is None else "updated", tuple(sorted(concerned)))


async def read_orders(connection: AsyncConnection, root_id: UUID, limit: int | None = None) -> Sequence[Order]:
    """Of the whole family, newest first."""
    query = select(orders).where(orders.c.contact_id.in_(members_of(root_id)))
    query = query.order_by(orders.c.placed_at.desc(), orders.c.id.desc()).limit(limit)
    return [_order(row) for row in await connection.execute(query)]


def check_order(order: NewOrder) -> None:
    """Raises :class:`BadField` with the first field that is not what it should be."""
    _text("source", order.source)
    _text("reference", order.reference)
    if order.placed_at.tzinfo is None:
        raise BadField("placed_at", "time_without_zone")
    _number("amount", order.amount, 0, LARGEST_AMOUNT)
    if not _CURRENCY.fullmatch(order.currency):
        raise BadField("currency", "not_a_currency")
    if order.status not in STATUSES:
        raise BadField("status", "not_allowed")
    if len(order.lines) > MOST_LINES:
        raise BadField("lines", "too_long")
    for line in order.lines:
        _text("sku", line.sku)
        if line.name:
            _text("name", line.name)
        _number("quantity", line.quantity, 1, LARGEST_QUANTITY)
        _number("amount", line.amount, 0, LARGEST_AMOUNT)


def _text(field: str, value: str) -> None:
    if not value.strip():
        raise BadField(field, "missing")
    if len(value) > _LONGEST[field]:
        raise BadField(field, "too_long")
    if not value.isprintable():
        raise BadField(field, "not_allowed")


def _number(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadField(field, "out_of_bounds")


def _order(row: Row[Any]) -> Order:
    return Order(
        id=row.id,
        contact_id=row.contact_id,
        source=row.source,
        reference=row.reference,
        placed_at=row.placed_at,
        amount=row.amount,
        currency=row.currency,
        status=row.status,
        lines=tuple(OrderLine(**line) for line in row.lines),
    )
