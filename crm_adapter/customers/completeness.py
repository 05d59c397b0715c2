"""How complete and how fresh a profile is (CP3), computed when it is read."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crm_adapter.records.customers import ContactKind, Fact

_BOTH = ("name", "address", "phone", "email", "preferences", "needs", "suggestions")
COUNTED: Mapping[ContactKind, tuple[str, ...]] = {
    "person": (*_BOTH, "gender", "birthday", "occupation"),
    "organisation": (*_BOTH, "industry", "size", "region"),
}
"""CP1's fields that say something of a person, and of an organisation (CP10). An ID number is no goal: the less, the
better (PR1)."""


def completeness(kind: ContactKind, known: Iterable[str]) -> float:
    """The share of the counted fields that are known, in 0..1."""
    counted = COUNTED[kind]
    return len(set(counted).intersection(known)) / len(counted)


def fresh_at(facts: Iterable[Fact], reviewed_at: datetime | None) -> datetime | None:
    """When a fact that stands was last set, or the profile reviewed; ``None`` for an empty profile never reviewed."""
    return max((*(fact.at for fact in facts), *((reviewed_at,) if reviewed_at else ())), default=None)
