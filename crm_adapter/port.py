"""The CRM port: everything the bot asks of a customer store, whichever store that is.

Every adapter passes ``tests/contract/crm``. What an adapter cannot do it leaves out of :meth:`Crm.capabilities`, and
the methods of that capability raise :class:`NotSupported`. Each call is one unit: all of it is stored, or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from crm_adapter.records.consent import Consent, ConsentEntry, ConsentReceipt, NewConsentEvent
from crm_adapter.records.customers import (
    Assurance,
    ChangePage,
    Contact,
    Export,
    ExternalKey,
    Fact,
    Interaction,
    LinkResult,
    MergeSuggestion,
    NewInteraction,
    PastMerge,
    Provenance,
    Upserted,
)
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.opinions import ArticleTally, OpinionKind, Reply, SurveyKind, Tally
from crm_adapter.records.rights import NewPrivacyRequest, OpenRequest, PrivacyRequest, RequestKind, RequestState
from crm_adapter.records.service import Case, CaseDue, CaseState, NewCase, NewTask, RootCause, Task
from crm_adapter.records.value import NewOrder, Order, Segment, Tag

Capability = Literal[
    "contacts", "merge", "interactions", "cases", "tasks", "consent", "tags", "segments", "orders", "opinions",
    "erase", "export", "requests", "changes", "within"
]  # fmt: skip
"""``within``: the adapter can work inside the caller's transaction (only the SQL store can)."""


class CrmFault(Exception):
    """Any refusal of the store; nothing was written."""


class NotSupported(CrmFault):
    """The adapter lacks the capability."""


class UnknownRecord(CrmFault):
    """There is no contact, case, task, merge or segment of that id."""


class VersionConflict(CrmFault):
    """Somebody changed the record since the caller read it; ``actual`` is the version it has now."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the record is at version {actual}")
        self.actual = actual


class BadField(CrmFault):
    """A value is not what its field holds; the old one stands. ``code`` names why, for a text in any language."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


class Refused(CrmFault):
    """The rules do not allow it; ``code`` names why (``bad_transition``, ``already_undone``, ``same_contact``, …)."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
        """For the text that explains the code."""


class OpenRequests(Refused):
    """``open_requests``: whom an erasure would erase still waits for the answer to other requests."""

    def __init__(self, requests: Sequence[OpenRequest]) -> None:
        told = [{"id": one.id, "kind": one.kind, "state": one.state, "due_at": one.due_at} for one in requests]
        super().__init__("open_requests", count=len(told), requests=told)
        self.requests = tuple(requests)


class Customers(Protocol):
    """Contacts, their facts and their identities (CP1-CP3)."""

    async def upsert_contact(
        self,
        external_key: ExternalKey,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        *,
        expected_version: int | None = None,
        locale: str = "zh-Hans",
        kind: Literal["person", "organisation"] = "person",
        lawful_basis: str | None = None,
        quarantined: bool = False,
    ) -> Upserted:
        """Makes or changes the contact an outside system names.

        An unknown key that comes with a verified phone or e-mail which is verified on one contact is that contact's;
        several: ``Ambiguous``. Anything less makes a new contact and a suggestion for staff. For an unknown key no
        version but 0 can be expected. Raises :class:`BadField` and :class:`VersionConflict`.
        """
        ...

    async def contact(self, contact_id: UUID) -> Contact:
        """The contact, or the one it was merged into. Raises :class:`UnknownRecord`."""
        ...

    async def set_fields(
        self,
        contact_id: UUID,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        *,
        expected_version: int | None = None,
    ) -> Upserted:
        """Sets facts of the contact's family, under its root's version; ``None`` or blanks empty a field.

        Values that stand already, as sure or surer, change nothing. A phone or e-mail that somebody else has too is
        a suggestion for staff (``same_phone``, ``same_email``). A proven one is an identity; emptying the field, or
        proving another, leaves the former identity only claimed, since numbers are handed on.
        Raises :class:`BadField`, :class:`VersionConflict`.
        """
        ...

    async def history(self, contact_id: UUID) -> Sequence[Fact]:
        """Every fact ever set, newest first; as fields ``owner`` and ``reviewed`` who kept the profile right (CP3)."""
        ...

    async def set_owner(
        self, contact_id: UUID, owner_id: UUID | None, by: str, *, expected_version: int | None = None
    ) -> int:
        """Names who answers for the contact's data (CP3); the contact's next version. Raises VersionConflict."""
        ...

    async def mark_reviewed(self, contact_id: UUID, by: str, at: datetime) -> int:
        """The profile was looked through and is right (CP3): it is fresh from ``at``; the next version."""
        ...

    async def find_by_identity(self, channel: str, account: str, external_id: str) -> UUID | None:
        """Whose account this is, as the root of its family."""
        ...

    async def find_by_field(self, field: Literal["phone", "email"], value: str) -> Sequence[UUID]:
        """Contacts whose present phone or e-mail this is, claimed or verified. Raises :class:`BadField`."""
        ...

    async def link_identity(
        self,
        contact_id: UUID,
        channel: str,
        account: str,
        external_id: str,
        assurance: Assurance,
        provenance: Provenance,
    ) -> LinkResult:
        """Says that an account is this contact's.

        Only when it is ``verified`` here and verified on the other contact that has it, the two are merged, the newer
        into the older; not when staff has said that they are different. In any other case staff gets a suggestion.
        ``assurance`` wins over the provenance's. Channels ``phone`` and ``email`` (``account`` is not looked at) set
        the field as well; only when verified are they an identity, else the answer is ``Noted``.
        Raises :class:`BadField`.
        """
        ...

    async def merge(self, source_id: UUID, target_id: UUID, by: str, reason: str) -> UUID:
        """Makes ``source`` part of ``target``; the merge's id. Consents never widen: the most restrictive wins.

        Raises :class:`Refused` ``same_contact``.
        """
        ...

    async def unmerge(self, merge_id: UUID, by: str) -> tuple[UUID, UUID]:
        """Takes a merge back, in any order: identities and families are as if it had never been; its two contacts.

        The two are kept as ``different``, so that no proof merges them again by itself. Raises :class:`Refused`
        ``already_undone``.
        """
        ...

    async def merges(self, contact_id: UUID) -> Sequence[PastMerge]:
        """Every merge that a member of the family was in, newest first."""
        ...

    async def merge_suggestions(self, *, contact_id: UUID | None = None, limit: int = 50) -> Sequence[MergeSuggestion]:
        """Undecided suggestions about two families, oldest first; with ``contact_id`` those about its own."""
        ...

    async def decide_suggestion(
        self, suggestion_id: UUID, decision: Literal["merged", "different"], by: str
    ) -> tuple[UUID, UUID]:
        """``merged`` merges the newer contact into the older; the two that it was about.

        Raises :class:`Refused` ``already_decided``.
        """
        ...


class Interactions(Protocol):
    """The record of every contact (CH2, CH5)."""

    async def append_interaction(self, idempotency_key: str, interaction: NewInteraction) -> UUID:
        """Records it once per key; the id under which it stands.

        Without ``identity_id`` it was logged by staff (a call, a visit). Raises :class:`UnknownRecord`, also for an
        identity that is not the contact's.
        """
        ...

    async def interactions(
        self, contact_id: UUID, *, before: UUID | None = None, limit: int = 50
    ) -> Sequence[Interaction]:
        """Of the whole family, newest first."""
        ...


class Service(Protocol):
    """Cases and follow-ups (CO1-CO6, SV4)."""

    async def open_case(self, idempotency_key: str, case: NewCase) -> Case:
        """Opens it once per key, numbered, with its deadlines (SL1, SL2, SL8).

        Without an owner it is the contact's data owner's. Raises :class:`BadField`, :class:`UnknownRecord`.
        """
        ...

    async def transition_case(
        self,
        case_id: UUID,
        to: CaseState,
        by: str,
        note: str,
        *,
        expected_version: int | None = None,
        root_cause: RootCause | None = None,
        told: str | None = None,
    ) -> Case:
        """One step (CO2, CO3); a case that nobody owns becomes that of the member of staff who takes it (CO6).

        ``note`` stays with staff, ``told`` is for the customer.

        Raises :class:`Refused` ``bad_transition``, ``owner_needed`` (a complaint or dispute goes nowhere without),
        ``root_cause_needed`` (nor is it closed without, CO5) and ``erased``; :class:`VersionConflict`.
        """
        ...

    async def add_to_case(
        self,
        case_id: UUID,
        by: str,
        note: str,
        *,
        told: str | None = None,
        files: Sequence[Mapping[str, Any]] = (),
        expected_version: int | None = None,
    ) -> Case:
        """Adds words and files without a step. Raises as :meth:`assign_case` does."""
        ...

    async def assign_case(
        self, case_id: UUID, owner_id: UUID, by: str, note: str, *, expected_version: int | None = None
    ) -> Case:
        """Gives it another owner. Raises :class:`Refused` ``already_closed``, ``erased``; :class:`VersionConflict`."""
        ...

    async def case(self, case_id: UUID) -> Case:
        """With its events, oldest first. Raises :class:`UnknownRecord`."""
        ...

    async def find_case(self, number: str) -> UUID | None:
        """Whose number this is, as a customer may write it (small letters, blanks, no hyphen)."""
        ...

    async def cases(self, contact_id: UUID) -> Sequence[Case]:
        """Of the whole family, newest first, without their events. Raises :class:`UnknownRecord`."""
        ...

    async def due_cases(self, at: datetime, first: timedelta, final: timedelta) -> Sequence[CaseDue]:
        """Unmet deadlines that are over or come within these times from ``at``, the earliest first (SL1, SL2, SL8)."""
        ...

    async def add_task(self, idempotency_key: str, task: NewTask) -> Task:
        """Adds it once per key.

        Raises :class:`BadField`, :class:`UnknownRecord`, :class:`Refused` ``foreign_case`` (another customer's).
        """
        ...

    async def close_task(self, task_id: UUID, state: Literal["done", "cancelled"], by: str, result: str) -> Task:
        """Raises :class:`Refused` ``already_closed``."""
        ...

    async def tasks(self, contact_id: UUID) -> Sequence[Task]:
        """Of the whole family, by due time. Raises :class:`UnknownRecord`."""
        ...


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


class Values(Protocol):
    """Orders, tags and segments (CP5-CP7)."""

    async def put_order(self, order: NewOrder) -> Order:
        """Adds it, or brings the one of the same source and reference up to date."""
        ...

    async def orders(self, contact_id: UUID, *, limit: int | None = None) -> Sequence[Order]:
        """Of the whole family, newest first; with a limit the newest of them."""
        ...

    async def tag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        """Adds a tag, once per family. Raises :class:`BadField` for what is no name, or could name a person."""
        ...

    async def untag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        """Removes a free tag; none there is fine. Raises :class:`Refused` ``tag_of_rules`` for one of the rules'."""
        ...

    async def tags(self, contact_id: UUID) -> Sequence[Tag]:
        """By name."""
        ...

    async def save_segment(self, name: str, condition: Mapping[str, object], by: str) -> Segment:
        """Saves a filter under its name, over an older one. Raises :class:`~crm_adapter.records.value.BadSegment`."""
        ...

    async def count_segment(self, condition: Mapping[str, object]) -> int:
        """How many contacts (roots, neither quarantined nor restricted) it holds for."""
        ...

    async def segment_members(
        self, condition: Mapping[str, object], *, after: UUID | None = None, limit: int = 1000
    ) -> Sequence[UUID]:
        """Their ids in order, in pages."""
        ...


class Opinions(Protocol):
    """What customers think and need (CP11, SV4, KP1, KP2); each belongs to the contact that gave it."""

    async def rate_answer(
        self, contact_id: UUID, conversation_id: UUID, article_id: str, *, helpful: bool, at: datetime
    ) -> None:
        """Whether an article's answer helped; who thinks again within a conversation is counted once.

        Raises :class:`UnknownRecord`.
        """
        ...

    async def ask_opinion(self, contact_id: UUID, kind: SurveyKind, conversation_id: UUID, at: datetime) -> UUID:
        """Notes that a survey is being asked; its id, for :meth:`give_opinion`. Raises :class:`UnknownRecord`."""
        ...

    async def give_opinion(
        self, contact_id: UUID, opinion_id: UUID, score: int, reason: str | None, at: datetime
    ) -> None:
        """The score, 0 to 10, of a survey that this contact was asked, and its reason; a later one replaces it.

        Raises :class:`UnknownRecord`, :class:`BadField`.
        """
        ...

    async def last_asked(self, contact_id: UUID) -> Mapping[str, datetime]:
        """When each survey was last asked of the family; what never was is missing. Raises :class:`UnknownRecord`."""
        ...

    async def keep_answers(
        self,
        contact_id: UUID,
        conversation_id: UUID,
        name: str,
        version: str,
        answers: Mapping[str, Any],
        at: datetime,
    ) -> None:
        """A questionnaire's answers by question; those of the same family to the same version before are replaced.

        Raises :class:`UnknownRecord`.
        """
        ...

    async def tally(self, kind: SurveyKind, since: datetime) -> Tally:
        """What came of a survey that was asked since then (KP1, KP2)."""
        ...

    async def article_tallies(self, since: datetime) -> Sequence[ArticleTally]:
        """What was said of articles' answers since then, those that helped least first."""
        ...

    async def replies(self, kind: OpinionKind, name: str = "", since: datetime | None = None) -> Sequence[Reply]:
        """What was answered, oldest first: of a questionnaire or an article by its name, or of a survey."""
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


class Feed(Protocol):
    """What changed, for outside systems."""

    async def changes_since(self, cursor: str | None, *, limit: int = 500) -> ChangePage:
        """Changes after ``cursor`` (``None``: from the beginning), none ever skipped by a late commit.

        Raises :class:`Refused` ``bad_cursor``.
        """
        ...


class Crm(Customers, Interactions, Service, Consents, Values, Opinions, Rights, Requests, Feed, Protocol):
    """The whole port."""

    def capabilities(self) -> frozenset[Capability]:
        """What this adapter can do."""
        ...
