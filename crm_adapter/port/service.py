"""What is done for customers, what they buy, and what they think."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from crm_adapter.records.opinions import ArticleTally, OpinionKind, Reply, SurveyKind, Tally
from crm_adapter.records.service import Case, CaseDue, CaseState, NewCase, NewTask, RootCause, Task
from crm_adapter.records.value import NewOrder, Order, Segment, Tag


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
        urgent: bool = False,
        expected_version: int | None = None,
    ) -> Case:
        """Adds words and files without a step; an ``urgent`` addition raises the priority to ``high``.

        Raises as :meth:`assign_case` does.
        """
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
