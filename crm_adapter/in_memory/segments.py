"""Segments in memory: the same JSON as in SQL, asked of one contact after the other."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crm_adapter.consent.fold import Standing as Choice
from crm_adapter.customers.identities import STAFF
from crm_adapter.in_memory.state import Person, Room
from crm_adapter.port import BadField
from crm_adapter.records.consent import ANY_CHANNEL
from crm_adapter.records.value import Segment
from crm_adapter.value.conditions import AllOf, AnyOf, Condition, Leaf, Not
from crm_adapter.value.judge import holds
from crm_adapter.value.rules import FIGURE_FIELDS
from crm_adapter.value.segments import check_segment
from crm_adapter.value.store import LONGEST_SEGMENT_NAME


class InMemorySegments(Room):
    """The segments of :class:`crm_adapter.port.Values`."""

    async def save_segment(self, name: str, condition: Mapping[str, object], by: str) -> Segment:
        """See :meth:`crm_adapter.port.Values.save_segment`."""
        check_segment(condition)
        plain, state = " ".join(name.split()), self._state
        if not plain or len(plain) > LONGEST_SEGMENT_NAME or not plain.isprintable():
            raise BadField("name", "too_long" if len(plain) > LONGEST_SEGMENT_NAME else "not_allowed")
        before = state.segments.get(plain)
        saved = Segment(before.id if before else state.new_id(), plain, dict(condition), by, state.clock())
        state.segments[plain] = saved
        return saved

    async def count_segment(self, condition: Mapping[str, object]) -> int:
        """See :meth:`crm_adapter.port.Values.count_segment`."""
        return len(self._members(condition))

    async def segment_members(
        self, condition: Mapping[str, object], *, after: UUID | None = None, limit: int = 1000
    ) -> Sequence[UUID]:
        """See :meth:`crm_adapter.port.Values.segment_members`."""
        return [one for one in self._members(condition) if after is None or one > after][:limit]

    def _members(self, condition: Mapping[str, object]) -> list[UUID]:
        asked, state = check_segment(condition), self._state
        found = []
        for person in state.roots():
            family = state.family(person.id)
            people = (state.people[one] for one in family)
            if not any(one.quarantined or one.restricted_at for one in people) and self._holds(asked, person, family):
                found.append(person.id)
        return found

    def _holds(self, condition: Condition, person: Person, family: Sequence[UUID]) -> bool:
        match condition:
            case AllOf(parts):
                return all(self._holds(part, person, family) for part in parts)
            case AnyOf(parts):
                return any(self._holds(part, person, family) for part in parts)
            case Not(part):
                return not self._holds(part, person, family)
            case Leaf("channel"):
                channels = {
                    one.channel for one in self._state.accounts.values() if one.home_id in family and one.reachable
                }
                return condition.operand in channels - {STAFF}
            case Leaf("tag"):
                standing = self._state.standings.get(person.id)
                given = any((one, condition.operand) in self._state.tags for one in family)
                return given or (standing is not None and condition.operand in standing.assessment.tags)
            case Leaf("consent"):
                return _consents(condition, [one for one in self._state.consents.values() if one.subject in family])
            case Leaf():
                return holds(condition, self._values(person), self._state.clock())

    def _values(self, person: Person) -> dict[str, Any]:
        figures, standing = self._state.figures.get(person.id), self._state.standings.get(person.id)
        return {
            **{name: getattr(figures, name, None) for name in FIGURE_FIELDS},
            "value_class": standing and standing.assessment.value_class,
            "stage": standing and standing.assessment.stage,
            "locale": person.locale,
            "kind": person.kind,
            "owner": None if person.owner_id is None else str(person.owner_id),
        }


def _consents(leaf: Leaf, family: Sequence[Choice]) -> bool:
    asked = dict(leaf.more)
    rows = [one for one in family if one.purpose == asked["purpose"]]
    rows = [one for one in rows if one.recipient == asked.get("recipient", one.recipient)]
    there = [one for one in rows if one.channel in (asked.get("channel", one.channel), ANY_CHANNEL)]
    stated = any(one.state == leaf.operand for one in there)
    if leaf.operand != "granted" or not stated:
        return stated
    against = there if "channel" in asked else [one for one in rows if one.channel == ANY_CHANNEL]
    return all(one.state == "granted" for one in against)
