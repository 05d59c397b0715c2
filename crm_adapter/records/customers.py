"""Customers: who they are, how they are known, and every contact with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Assurance = Literal["anonymous", "claimed", "verified"]
ContactKind = Literal["person", "organisation"]

FIELDS = (
    "name",
    "gender",
    "birthday",
    "occupation",
    "address",
    "phone",
    "email",
    "id_number",
    "language",
    "preferences",
    "needs",
    "suggestions",
    "industry",
    "size",
    "region",
)
"""CP1: what a profile can hold; the last three are an organisation's (CP10)."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """CP2: where a fact came from. ``set_by`` is ``customer``, ``staff:<id>``, ``import:<id>`` or ``system:<what>``."""

    source: str
    set_by: str
    at: datetime
    assurance: Assurance = "claimed"

    @classmethod
    def of(cls, by: str, at: datetime) -> "Provenance":
        """What ``by`` decided: its source is of what kind they are."""
        return cls(by.partition(":")[0], by, at)


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one field; ``value`` is ``None`` when it was emptied, ``superseded_at`` while it stands."""

    field: str
    value: str | None
    assurance: Assurance
    source: str
    set_by: str
    at: datetime
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One account of the customer's on one channel. A confirmed phone or e-mail is one too, its channel as account."""

    id: UUID
    channel: str
    account: str
    external_id: str
    assurance: Assurance
    created_at: datetime
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """One customer with the facts that stand. ``id`` is the root of its merged family; ``merged`` are the others.

    ``completeness`` is the share of CP1's fields that are known, in 0..1; ``fresh_at`` when one was last set or
    reviewed (CP3).
    """

    id: UUID
    kind: ContactKind
    version: int
    locale: str
    created_at: datetime
    updated_at: datetime
    facts: Mapping[str, Fact]
    identities: tuple[Identity, ...]
    merged: tuple[UUID, ...] = ()
    owner_id: UUID | None = None
    lawful_basis: str | None = None
    quarantined: bool = False
    restricted_at: datetime | None = None
    completeness: float = 0.0
    fresh_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExternalKey:
    """How an outside system names a contact."""

    system: str
    key: str


@dataclass(frozen=True, slots=True)
class Created:
    contact_id: UUID
    version: int = 1


@dataclass(frozen=True, slots=True)
class Updated:
    contact_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Noop:
    """Everything stood there already."""

    contact_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several contacts fit; nothing was written. Staff decides."""

    contact_ids: tuple[UUID, ...]


Upserted = Created | Updated | Noop | Ambiguous


@dataclass(frozen=True, slots=True)
class Linked:
    """The identity is the contact's (``new``: since now)."""

    identity_id: UUID
    new: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """Both sides were verified, so two contacts became one; ``unmerge(merge_id)`` takes it back."""

    merge_id: UUID
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class Suggested:
    """It belongs to another contact and is not proven: staff has been given a suggestion, nothing was merged."""

    suggestion_id: UUID
    other_id: UUID


@dataclass(frozen=True, slots=True)
class Noted:
    """A phone or e-mail that nobody has confirmed: set as a claimed fact, and no identity yet."""

    field: str


LinkResult = Linked | Merged | Suggested | Noted


@dataclass(frozen=True, slots=True)
class MergeSuggestion:
    id: UUID
    one_id: UUID
    other_id: UUID
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PastMerge:
    """A merge of two roots as it was made; ``undone_at`` while it no longer holds."""

    id: UUID
    source_id: UUID
    target_id: UUID
    by: str
    reason: str
    at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """One contact with a customer on whatever channel (CH2, CH5): when, what, with what result."""

    contact_id: UUID
    channel: str
    account: str
    direction: Literal["in", "out"]
    occurred_at: datetime
    content: str
    outcome_kind: str | None = None
    outcome_ref: str | None = None
    identity_id: UUID | None = None
    conversation_id: UUID | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """As it was recorded; ``content`` is ``None`` once its key is gone."""

    id: UUID
    contact_id: UUID
    channel: str
    account: str
    direction: str
    occurred_at: datetime
    content: str | None
    outcome_kind: str | None
    outcome_ref: str | None
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change feed: look the record up to learn its present state."""

    contact_id: UUID
    kind: str
    record_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangePage:
    """``cursor`` is where to go on, also when ``changes`` is empty."""

    changes: tuple[Change, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Export:
    """Everything the store holds about one customer, as JSON can hold it; attachments are named, not contained."""

    contact_id: UUID
    made_at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)
