"""Who the customers are, what was said with them, and what changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from crm_adapter.records.customers import (
    Assurance,
    ChangePage,
    Contact,
    ExternalKey,
    Fact,
    Identity,
    Interaction,
    LinkResult,
    MergeSuggestion,
    NewInteraction,
    PastMerge,
    Provenance,
    Upserted,
)


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

    async def reachable_at(
        self, channel: str, account: str, contact_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Identity]]:
        """As whom these families, given by their roots, can be reached at an account of ours, in the order in which we
        learned it. Who cannot be reached there is missing."""
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
        *,
        reachable: bool = True,
    ) -> LinkResult:
        """Says that an account is this contact's.

        Only when it is ``verified`` here and verified on the other contact that has it, the two are merged, the newer
        into the older; not when staff has said that they are different. In any other case staff gets a suggestion.
        ``assurance`` wins over the provenance's. Channels ``phone`` and ``email`` (``account`` is not looked at) set
        the field as well; only when verified are they an identity, else the answer is ``Noted``. ``reachable`` is false
        for a new name to which nothing can be sent.
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


class Feed(Protocol):
    """What changed, for outside systems."""

    async def changes_since(self, cursor: str | None, *, limit: int = 500) -> ChangePage:
        """Changes after ``cursor`` (``None``: from the beginning), none ever skipped by a late commit.

        Raises :class:`Refused` ``bad_cursor``.
        """
        ...
