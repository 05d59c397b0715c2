"""What customers allow, and what they may demand of their data."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from crm_adapter.records.consent import Consent, ConsentEntry, ConsentReceipt, NewConsentEvent
from crm_adapter.records.customers import Export
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import NewPrivacyRequest, PrivacyRequest, RequestKind, RequestState


class Consents(Protocol):
    """The consent ledger and what stands by it (PR1, PIPL 13-17)."""

    async def record_consent(self, event: NewConsentEvent) -> ConsentReceipt:
        """Appends the event and moves what stands, in one transaction; a withdrawal cancels what is queued.

        Raises :class:`~crm_adapter.records.consent.ConsentRefused`.
        """
        ...

    async def consents(self, contact_id: UUID) -> Sequence[Consent]:
        """What stands, over the whole family the most restrictive choice."""
        ...

    async def may_use(self, contact_id: UUID, purpose: str, channel: str, *, recipient: str | None = None) -> bool:
        """Whether this purpose is allowed for this customer on this channel, now (PR2)."""
        ...

    async def consent_history(self, contact_id: UUID) -> Sequence[ConsentEntry]:
        """Every consent event of the whole family with what was said, newest first."""
        ...


class Rights(Protocol):
    """What a person may demand of their data (PR5, PR6, PIPL 44-50)."""

    async def export(self, contact_id: UUID) -> Export:
        """Everything held about the whole family."""
        ...

    async def erase(
        self, contact_id: UUID, by: str, reason: str, at: datetime, *, end_others: bool = False
    ) -> Certificate:
        """Erases the whole family. What stays is what the certificate says.

        Raises :class:`UnknownRecord`; :class:`OpenRequests` while requests of theirs wait, unless with ``end_others``
        they end unanswered as ``ended_by_erasure``.
        """
        ...

    async def certificate(self, erasure_id: UUID) -> Certificate:
        """The certificate of an erasure, with those who share something as they are today.

        Raises :class:`UnknownRecord`.
        """
        ...


class Requests(Protocol):
    """Requests about one's own data, each with its deadline and its history (PR6, PIPL 44-50)."""

    async def open_privacy_request(self, new: NewPrivacyRequest) -> PrivacyRequest:
        """Writes it down with its deadline in working days.

        Raises :class:`UnknownRecord`, :class:`Refused` ``unknown_kind`` or ``foreign_identity``.
        """
        ...

    async def privacy_request(self, request_id: UUID) -> PrivacyRequest:
        """With its history. Raises :class:`UnknownRecord`."""
        ...

    async def privacy_requests(
        self,
        states: Iterable[RequestState],
        *,
        kinds: Iterable[RequestKind] | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> Sequence[PrivacyRequest]:
        """By deadline, the overdue first; ``kinds`` ``None`` is every kind."""
        ...

    async def privacy_requests_of(self, contact_id: UUID) -> Sequence[PrivacyRequest]:
        """Of the whole family, newest first; of an erased contact those under its pseudonym."""
        ...

    async def check_requester(self, request_id: UUID, method: str, by: str, at: datetime) -> PrivacyRequest:
        """Documents how staff made sure who asks. Raises :class:`Refused` ``unknown_method``, ``bad_transition``."""
        ...

    async def start_privacy_request(
        self, request_id: UUID, by: str, at: datetime, *, expected_version: int | None = None
    ) -> PrivacyRequest:
        """Takes it up. Raises :class:`Refused` ``identity_unchecked``, ``bad_transition``; :class:`VersionConflict`."""
        ...

    async def answer_privacy_request(
        self,
        request_id: UUID,
        words: str,
        by: str,
        at: datetime,
        *,
        fields: Mapping[str, str | None] | None = None,
        end_others: bool = False,
    ) -> PrivacyRequest:
        """Does what was asked and answers. ``fields`` are what ``correct`` sets, ``end_others`` as for ``erase``.

        Raises :class:`Refused` ``reason_needed``, ``bad_transition``, ``fields_needed``, ``busy``;
        :class:`OpenRequests`; and what setting a bad field raises.
        """
        ...

    async def refuse_privacy_request(self, request_id: UUID, words: str, by: str, at: datetime) -> PrivacyRequest:
        """Refuses it with the reason in ``words``. Raises :class:`Refused` ``reason_needed``, ``bad_transition``."""
        ...

    async def lift_restriction(self, contact_id: UUID) -> None:
        """The family's data may be used again. Raises :class:`UnknownRecord`."""
        ...
