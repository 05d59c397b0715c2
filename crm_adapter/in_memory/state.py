"""What the in-memory store holds: plain tables, a clock and a source of ids that give the same on every run."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from crm_adapter.consent.fold import Standing as Choice
from crm_adapter.consent.notices import Notice
from crm_adapter.policy import Policy
from crm_adapter.port import UnknownRecord
from crm_adapter.records.consent import ConsentEntry
from crm_adapter.records.customers import (
    Assurance,
    Change,
    ContactKind,
    ExternalKey,
    Fact,
    Interaction,
    MergeSuggestion,
    PastMerge,
)
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.opinions import OpinionKind
from crm_adapter.records.rights import PrivacyRequest
from crm_adapter.records.service import Case, Task
from crm_adapter.records.value import Figures, Order, Segment, Standing, Tag

Clock = Callable[[], datetime]


def ticking_clock(start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Clock:
    """Time that goes on by a millisecond each time it is asked for."""
    now = start

    def tick() -> datetime:
        nonlocal now
        now += timedelta(milliseconds=1)
        return now

    return tick


@dataclass
class Person:
    """One contact's own record; facts, identities and merges stand apart."""

    id: UUID
    kind: ContactKind
    locale: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    owner_id: UUID | None = None
    lawful_basis: str | None = None
    quarantined: bool = False
    restricted_at: datetime | None = None
    reviewed_at: datetime | None = None


@dataclass
class Account:
    """One identity with the contact it came with; it points to that contact's root."""

    id: UUID
    home_id: UUID
    channel: str
    account: str
    external_id: str
    assurance: Assurance
    created_at: datetime
    reachable: bool = True


@dataclass(frozen=True)
class Known:
    """One fact and the contact it was recorded on."""

    contact_id: UUID
    fact: Fact


@dataclass
class Suggestion:
    """A question to staff, and the answer once there is one."""

    asked: MergeSuggestion
    decision: Literal["merged", "different"] | None = None


@dataclass(frozen=True)
class Logged:
    """One interaction and the identity it was with."""

    identity_id: UUID
    interaction: Interaction


@dataclass(frozen=True)
class Opinion:
    """One opinion, given or only asked for; ``words`` are a survey's reason or a questionnaire's answers."""

    id: UUID
    contact_id: UUID
    kind: OpinionKind
    topic: str
    conversation_id: UUID
    asked_at: datetime
    answered_at: datetime | None = None
    version: str | None = None
    score: int | None = None
    words: Any = None


@dataclass
class State:
    """All tables together."""

    policy: Policy
    clock: Clock
    people: dict[UUID, Person] = field(default_factory=dict)
    facts: list[Known] = field(default_factory=list)
    accounts: dict[UUID, Account] = field(default_factory=dict)
    external_keys: dict[ExternalKey, UUID] = field(default_factory=dict)
    merges: dict[UUID, PastMerge] = field(default_factory=dict)
    suggestions: dict[UUID, Suggestion] = field(default_factory=dict)
    interactions: dict[UUID, Logged] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    told: int = 0
    cases: dict[UUID, Case] = field(default_factory=dict)
    tasks: dict[UUID, Task] = field(default_factory=dict)
    keys: dict[tuple[str, str], UUID] = field(default_factory=dict)
    consent_events: dict[UUID, ConsentEntry] = field(default_factory=dict)
    notices: dict[str, tuple[Notice, int]] = field(default_factory=dict)
    consents: dict[tuple[UUID, str, str, str], Choice] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    tags: dict[tuple[UUID, str], Tag] = field(default_factory=dict)
    figures: dict[UUID, Figures] = field(default_factory=dict)
    standings: dict[UUID, Standing] = field(default_factory=dict)
    rule_tags: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    opinions: dict[UUID, Opinion] = field(default_factory=dict)
    requests: dict[UUID, PrivacyRequest] = field(default_factory=dict)
    erasures: dict[UUID, Certificate] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a test sees the same each run
    _made: int = 0

    def new_id(self) -> UUID:
        """An id as uuid7 would give it, one above the last."""
        self._made += 1
        return UUID(int=self._made << 80 | 7 << 76 | 2 << 62)

    def person(self, contact_id: UUID) -> Person:
        """The contact's own record. Raises :class:`UnknownRecord`."""
        found = self.people.get(contact_id)
        if found is None:
            raise UnknownRecord
        return found

    def root(self, contact_id: UUID) -> UUID:
        """The root of its family. Raises :class:`UnknownRecord`."""
        root, above = self.person(contact_id).id, self.parent(contact_id)
        while above is not None:
            root, above = above, self.parent(above)
        return root

    def family(self, contact_id: UUID) -> list[UUID]:
        """Everybody of its family, the root first. Raises :class:`UnknownRecord`."""
        root = self.root(contact_id)
        return [root, *(one for one in self.people if one != root and self.root(one) == root)]

    def parent(self, contact_id: UUID) -> UUID | None:
        """What the contact is merged into, if it is."""
        edges = self.merges.values()
        return next((one.target_id for one in edges if one.source_id == contact_id and one.undone_at is None), None)

    def changed(self, contact_id: UUID, kind: str, record_id: UUID) -> None:
        """One entry of the change feed."""
        self.told += 1
        self.changes[self.told] = Change(contact_id, kind, record_id, self.clock())

    def roots(self) -> Iterable[Person]:
        """The contacts that are merged into nobody, in the order of their ids."""
        return (one for _, one in sorted(self.people.items()) if self.parent(one.id) is None)


class Room:
    """What every room of the in-memory store works on."""

    def __init__(self, state: State) -> None:
        self._state = state
