"""Consent: what was asked in which words, what was answered, and what stands (PR1, PIPL 13-17, 69)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from crm_adapter.records.customers import Assurance

ConsentEventType = Literal["notice_shown", "granted", "refused", "withdrawn", "expired", "objected", "guardian_granted"]
ConsentState = Literal["unknown", "granted", "refused", "withdrawn", "expired"]
ANY_CHANNEL = "*"


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who consents for a child under 14 (SL7, PIPL 31): the guardian's name, relation and proof, in clear."""

    name: str
    relation: str
    proof: str


@dataclass(frozen=True, slots=True)
class NewConsentEvent:
    """One event as the channel saw it; ``prompt`` and ``reply`` are the exact words on both sides.

    ``purpose`` names one of the configured purposes, ``channel`` the channel the choice is for, or ``*`` for all.
    ``told_on`` is the channel on which it was said. ``recipient`` names the third party of a sharing consent.
    ``notice_hash`` names the notice that the prompt was made from; without it the one in force is meant. An
    ``idempotency_key`` is unique over all contacts: a repetition gives the first event's receipt, another choice under
    the same key is refused.
    """

    contact_id: UUID
    event: ConsentEventType
    purpose: str
    channel: str
    told_on: str
    assurance: Assurance
    locale: str
    prompt: str
    reply: str
    prompt_message_id: str | None
    reply_message_id: str | None
    method: str
    actor: str
    occurred_at: datetime
    identity_id: UUID | None = None
    recipient: str | None = None
    guardian: Guardian | None = None
    idempotency_key: str | None = None
    notice_hash: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """What the customer is given: ``number`` names the event for ever, also after the customer's data is erased."""

    event_id: UUID
    number: str
    event: ConsentEventType
    purpose: str
    channel: str
    notice_version: int
    notice_hash: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One event of the ledger with what was said; ``readable`` is false, and what was said ``None``, once the data key
    is gone. ``by_guardian`` stays known."""

    event_id: UUID
    receipt: str
    subject: UUID
    event: ConsentEventType
    purpose: str
    channel: str
    recipient: str | None
    told_on: str
    assurance: Assurance
    controller: str
    data_categories: tuple[str, ...]
    recipients: tuple[str, ...]
    retention: str
    jurisdiction: str
    notice_hash: str
    notice_version: int
    notice_locale: str
    prompt: str | None
    reply: str | None
    prompt_message_id: str | None
    reply_message_id: str | None
    guardian: Guardian | None
    by_guardian: bool
    readable: bool
    method: str
    actor: str
    occurred_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """What stands for one purpose and channel. ``current_notice`` is false once the notice has changed: ask again."""

    purpose: str
    channel: str
    recipient: str | None
    state: ConsentState
    event_id: UUID
    notice_version: int
    current_notice: bool
    since: datetime


class ConsentRefused(Exception):
    """The event cannot be taken: ``code`` is ``unknown_purpose``, ``no_consent_needed``, ``guardian_needed``,
    ``minor_no_marketing``, ``recipient_needed``, ``unknown_recipient``, ``notice_missing`` or ``key_reused``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def years_at(birthday: date, day: date) -> int:
    """Full years of age."""
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))
