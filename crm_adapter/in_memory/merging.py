"""Merges in memory: the edges that are not undone are a forest, and whoever asks follows them to the root."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from crm_adapter.in_memory.people import People
from crm_adapter.in_memory.state import Suggestion
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import MergeSuggestion, PastMerge

_REASON_LENGTH = 500


class Merging(People):
    """The part of :class:`crm_adapter.port.Customers` that is about two contacts."""

    async def merge(self, source_id: UUID, target_id: UUID, by: str, reason: str) -> UUID:
        """See :meth:`crm_adapter.port.Customers.merge`."""
        return self._join(source_id, target_id, by, reason)

    async def unmerge(self, merge_id: UUID, by: str) -> tuple[UUID, UUID]:
        """See :meth:`crm_adapter.port.Customers.unmerge`."""
        state = self._state
        edge = state.merges.get(merge_id)
        if edge is None:
            raise UnknownRecord
        if edge.undone_at is not None:
            raise Refused("already_undone")
        root = state.root(edge.target_id)
        state.merges[merge_id] = replace(edge, undone_at=state.clock(), undone_by=by)
        asked = state.suggestions[self._suggest(edge.source_id, edge.target_id, "unmerged")]
        asked.decision = "different"
        self._tell(merge_id, edge.source_id, root)
        return edge.source_id, edge.target_id

    async def merges(self, contact_id: UUID) -> Sequence[PastMerge]:
        """See :meth:`crm_adapter.port.Customers.merges`."""
        family = self._state.family(contact_id)
        mine = (one for one in self._state.merges.values() if one.source_id in family or one.target_id in family)
        return sorted(mine, key=lambda one: one.id, reverse=True)

    async def merge_suggestions(self, *, contact_id: UUID | None = None, limit: int = 50) -> Sequence[MergeSuggestion]:
        """See :meth:`crm_adapter.port.Customers.merge_suggestions`."""
        root = self._state.root
        asked = [one.asked for one in self._state.suggestions.values() if one.decision is None]
        asked = [one for one in asked if root(one.one_id) != root(one.other_id)]
        if contact_id is not None:
            family = self._state.family(contact_id)
            asked = [one for one in asked if one.one_id in family or one.other_id in family]
        return sorted(asked, key=lambda one: one.id)[:limit]

    async def decide_suggestion(
        self, suggestion_id: UUID, decision: Literal["merged", "different"], by: str
    ) -> tuple[UUID, UUID]:
        """See :meth:`crm_adapter.port.Customers.decide_suggestion`."""
        suggestion = self._state.suggestions.get(suggestion_id)
        if suggestion is None:
            raise UnknownRecord
        if suggestion.decision is not None:
            raise Refused("already_decided")
        one_id, other_id = suggestion.asked.one_id, suggestion.asked.other_id
        if decision == "merged" and self._state.root(one_id) != self._state.root(other_id):
            self._join(other_id, one_id, by, suggestion.asked.reason)
        suggestion.decision = decision
        return one_id, other_id

    def _join(self, source_id: UUID, target_id: UUID, by: str, reason: str) -> UUID:
        state = self._state
        source, target = state.root(source_id), state.root(target_id)
        if source == target:
            raise Refused("same_contact")
        merge_id = state.new_id()
        state.merges[merge_id] = PastMerge(merge_id, source, target, by, reason[:_REASON_LENGTH], state.clock())
        self._tell(merge_id, source, target)
        return merge_id

    def _are_different(self, one_id: UUID, other_id: UUID) -> bool:
        one, other = {*self._state.family(one_id)}, {*self._state.family(other_id)}

        def says_so(suggestion: Suggestion) -> bool:
            asked = suggestion.asked
            pairs = ((asked.one_id, asked.other_id), (asked.other_id, asked.one_id))
            return suggestion.decision == "different" and any(a in one and b in other for a, b in pairs)

        return any(says_so(suggestion) for suggestion in self._state.suggestions.values())

    def _tell(self, merge_id: UUID, source: UUID, target: UUID) -> None:
        for one in (source, target):
            self._advance(one, told=False)
            self._state.changed(one, "merge", merge_id)
