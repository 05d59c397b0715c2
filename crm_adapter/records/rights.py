"""What a person asks about their own data (PR6, PIPL 44-50)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from crm_adapter.records.customers import Assurance

RequestKind = Literal["view", "export", "correct", "restrict", "object", "delete", "close_account"]
RequestState = Literal["received", "identity_check", "in_progress", "answered", "refused", "ended_by_erasure"]
CheckMethod = Literal[
    "in_person", "call_back", "identity_document", "account_details", "power_of_attorney", "code"
]  # fmt: skip
"""``code``: a code that was sent to a phone or e-mail known before the request."""

REQUEST_KINDS: tuple[RequestKind, ...] = get_args(RequestKind)
REQUEST_STATES: tuple[RequestState, ...] = get_args(RequestState)
CHECK_METHODS: tuple[CheckMethod, ...] = get_args(CheckMethod)
OPEN_STATES: tuple[RequestState, ...] = ("received", "identity_check", "in_progress")
WITHOUT_CHECK: tuple[RequestKind, ...] = ("restrict", "object")
"""PIPL 15: to stop a use needs no more proof than to allow it did."""
ERASING: tuple[RequestKind, ...] = ("delete", "close_account")


@dataclass(frozen=True, slots=True)
class NewPrivacyRequest:
    """A request as it came in: by whom (``customer`` or ``staff:<id>``), in the customer's words.

    ``identity_id`` is the account it came from; without one the surest of the customer's accounts does not count, and
    staff has to make sure who asks.
    """

    contact_id: UUID
    kind: RequestKind
    by: str
    opened_at: datetime
    words: str | None = None
    identity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that still waits, as who decides an erasure is told of it."""

    id: UUID
    kind: RequestKind
    state: RequestState
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PrivacyEvent:
    """One step of a request; ``method`` says how an identity was checked."""

    at: datetime
    by: str
    from_state: RequestState | None
    to_state: RequestState
    method: str | None


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """``due_at`` is ``provisional`` while a year's holidays are not published. ``words`` and ``answer`` are ``None``
    once the person's key is gone.

    One in the state ``ended_by_erasure`` was never answered: somebody decided (``ended_by``, ``ended_at``) to erase the
    person while it waited. ``ended_reason`` is the erasure's grounds, a code.
    """

    id: UUID
    contact_id: UUID
    kind: RequestKind
    state: RequestState
    assurance: Assurance
    opened_at: datetime
    opened_by: str
    due_at: datetime
    provisional: bool
    checked_method: str | None
    checked_by: str | None
    handled_by: str | None
    answered_at: datetime | None
    words: str | None
    answer: str | None
    erasure_id: UUID | None
    version: int
    events: tuple[PrivacyEvent, ...] = ()
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None
