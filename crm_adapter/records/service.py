"""Cases and follow-ups: complaints, after-sales, suggestions, and what staff has promised to do (CO*, SV*)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

CaseKind = Literal["complaint", "enquiry", "after_sales", "repair", "return", "exchange", "suggestion", "dispute"]
CaseState = Literal[
    "open",
    "investigating",
    "planned",
    "executing",
    "answered",
    "resolved",
    "reopened",
    "mediation",
    "litigation",
    "closed",
]
TaskState = Literal["open", "done", "cancelled"]
RootCause = Literal[
    "product", "delivery", "installation", "service", "staff", "information", "price", "misuse", "other"
]
"""CO5: why it came to it, as statistics count it; stands in clear and outlives the customer's data."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """CO1: time, complainant, matter and contact. ``matter``, ``remedy`` and ``reach`` are the customer's own words.

    ``category`` is a configured name (``a-z``, digits, ``_``, ``-``), no words of the customer's: it stands in clear.
    ``details`` are what else the kind of case needs, as JSON, sealed: ``product``, ``address``, ``slot`` (two moments
    with a slash between), ``files`` (attachments as message bodies have them).
    """

    contact_id: UUID
    kind: CaseKind
    category: str
    matter: str
    opened_at: datetime
    by: str
    remedy: str | None = None
    reach: str | None = None
    order_ref: str | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    owner_id: UUID | None = None
    conversation_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step of a case; ``note`` is ``None`` once its key is gone. ``note`` is for staff, ``told`` for the customer.

    What changes no state (another owner, something added) has the same state twice.
    """

    at: datetime
    by: str
    from_state: CaseState | None
    to_state: CaseState
    note: str | None
    owner_id: UUID | None = None
    told: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """``number`` is what the customer is told. ``first_due_at``: SL2 (complaints and disputes) or SL1 (all else that
    wants an answer), ``final_due_at``: SL8.

    ``first_done_at``: when the first handling opinion was given, ``final_done_at``: when the result was fed back.
    """

    id: UUID
    number: str
    contact_id: UUID
    kind: CaseKind
    category: str
    state: CaseState
    priority: str
    owner_id: UUID | None
    order_ref: str | None
    matter: str | None
    remedy: str | None
    reach: str | None
    opened_at: datetime
    first_due_at: datetime | None
    final_due_at: datetime | None
    version: int
    first_done_at: datetime | None = None
    final_done_at: datetime | None = None
    closed_at: datetime | None = None
    root_cause: RootCause | None = None
    conversation_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[CaseEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseDue:
    """A deadline of a case that has not been met: the first opinion's (SL1, SL2) or the result's (SL8)."""

    case_id: UUID
    contact_id: UUID
    number: str
    kind: CaseKind
    owner_id: UUID | None
    clock: Literal["first", "final"]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class NewTask:
    """A follow-up somebody owes a customer (SV4, SL5). ``kind`` is a configured name, as a case's category is."""

    contact_id: UUID
    kind: str
    subject: str
    due_at: datetime
    by: str
    owner_id: UUID | None = None
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Task:
    id: UUID
    contact_id: UUID
    kind: str
    subject: str | None
    due_at: datetime
    state: TaskState
    owner_id: UUID | None
    case_id: UUID | None
    result: str | None
    closed_at: datetime | None
