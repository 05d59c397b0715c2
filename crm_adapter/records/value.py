"""What a customer is worth and where they stand: orders, classes, stages, tags, segments (CP5-CP7, CP10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """What the rules look at: recency, frequency, amount, activity; over the whole merged family.

    Amounts are in minor units of the rules' currency; a year is the last 365 days, a quarter the last 90. Cancelled and
    returned orders do not count.
    """

    contact_id: UUID
    known_since: datetime
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
    """What the rules say of a contact: class, stage and tags (by name), with the names of the rules that say so."""

    value_class: ValueClass
    value_rule: str
    stage: Stage
    stage_rule: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An assessment as it stands; ``since`` is when class and stage became what they are."""

    contact_id: UUID
    assessment: Assessment
    value_since: datetime
    stage_since: datetime


@dataclass(frozen=True, slots=True)
class StandingChange:
    """One change of ``what``: ``value_class``, ``stage`` or ``tag`` (added from ``None``, removed to ``None``).

    ``rule`` names the rule that was the reason; ``reason`` is a person's, ``None`` once its key is gone.
    """

    what: Literal["value_class", "stage", "tag"]
    from_value: str | None
    to_value: str | None
    by: str
    rule: str | None
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """A free tag (``by`` a person, ``reason`` in words) or one of the rules' (``by`` ``system:rules``, ``rule`` named).

    ``reason`` of a rule's tag is the rule's name; the rules file has its sentence in each language.
    """

    name: str
    by: str
    reason: str
    at: datetime
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """CP10: what kind of organisation it is; not about a person."""

    contact_id: UUID
    industry: str | None
    size: Literal["micro", "small", "medium", "large"] | None
    region: str | None


@dataclass(frozen=True, slots=True)
class Membership:
    """That a person belongs, or belonged, to an organisation."""

    id: UUID
    organisation_id: UUID
    person_id: UUID
    role: str
    since: datetime
    until: datetime | None = None


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
