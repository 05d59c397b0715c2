"""What a customer is worth and where they stand: orders, classes, stages, tags, segments (CP5-CP7, CP10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

ValueClass = Literal["high", "potential", "general", "lost"]
Stage = Literal["prospect", "acquisition", "growth", "retention", "churn"]
OrderStatus = Literal["placed", "paid", "delivered", "completed", "cancelled", "returned"]


@dataclass(frozen=True, slots=True)
class OrderLine:
    sku: str
    name: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """One purchase. ``reference`` is unique per ``source``; ``amount`` is in minor units of ``currency``."""

    contact_id: UUID
    source: str
    reference: str
    placed_at: datetime
    amount: int
    currency: str = "CNY"
    status: OrderStatus = "placed"
    lines: Sequence[OrderLine] = ()


@dataclass(frozen=True, slots=True)
class Order:
    id: UUID
    contact_id: UUID
    source: str
    reference: str
    placed_at: datetime
    amount: int
    currency: str
    status: OrderStatus
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rules look at: recency, frequency, amount, activity; over the whole merged family."""

    contact_id: UUID
    orders: int
    amount: int
    amount_year: int
    orders_year: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_interaction_at: datetime | None
    interactions_quarter: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """A contact's class, stage and tags with the reason of each, as the rules file words it."""

    value_class: ValueClass
    value_reason: str
    stage: Stage
    stage_reason: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tag:
    """``by`` a rule or a person; ``reason`` in words."""

    name: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """A saved filter; ``condition`` is its JSON form."""

    id: UUID
    name: str
    condition: Mapping[str, Any]
    saved_by: str
    saved_at: datetime


class BadSegment(ValueError):
    """The filter cannot be understood; ``place`` says where in it, ``code`` why."""

    def __init__(self, code: str, place: str) -> None:
        super().__init__(f"{place}: {code}")
        self.code = code
        self.place = place
