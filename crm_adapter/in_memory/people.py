"""Contacts in memory as they are read: families, the facts that stand, who has what."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from crm_adapter.customers.completeness import completeness, fresh_at
from crm_adapter.customers.facts import FOUND_BY, changed
from crm_adapter.customers.identities import STAFF
from crm_adapter.customers.matching import MOST
from crm_adapter.in_memory.state import Account, Known, Room, Suggestion
from crm_adapter.port import VersionConflict
from crm_adapter.records.customers import (
    FIELDS,
    Contact,
    Fact,
    Identity,
    MergeSuggestion,
    Noop,
    Provenance,
    Updated,
)


class People(Room):
    """What customers' methods are made of."""

    def _read(self, contact_id: UUID) -> Contact:
        state = self._state
        family = state.family(contact_id)
        root, people = state.people[family[0]], [state.people[one] for one in family]
        known = {field: fact for field, fact in self._standing(root.id).items() if field in FIELDS and fact.value}
        accounts = (one for one in state.accounts.values() if one.home_id in family and one.channel != STAFF)
        return Contact(
            id=root.id,
            kind=root.kind,
            version=root.version,
            locale=root.locale,
            created_at=min(one.created_at for one in people),
            updated_at=root.updated_at,
            facts=known,
            identities=tuple(identity_of(one) for one in sorted(accounts, key=lambda one: (one.created_at, one.id))),
            merged=tuple(sorted(family[1:])),
            owner_id=root.owner_id,
            lawful_basis=root.lawful_basis,
            quarantined=root.quarantined,
            restricted_at=min((one.restricted_at for one in people if one.restricted_at), default=None),
            completeness=completeness(root.kind, known),
            fresh_at=fresh_at(known.values(), root.reviewed_at),
        )

    def _standing(self, root_id: UUID) -> dict[str, Fact]:
        family = self._state.family(root_id)
        mine = [one for one in self._state.facts if one.contact_id in family and one.fact.superseded_at is None]
        mine.sort(key=lambda one: (one.contact_id == root_id, one.fact.at))
        return {one.fact.field: one.fact for one in mine}

    def _having(self, field: str, value: str, *, verified: bool = False) -> list[UUID]:
        roots = {
            self._state.root(one.contact_id)
            for one in self._state.facts
            if (one.fact.field, one.fact.value, one.fact.superseded_at) == (field, value, None)
            and (not verified or one.fact.assurance == "verified")
        }
        return sorted(roots)

    def _account(self, account: str, external_id: str) -> Account | None:
        accounts = self._state.accounts.values()
        return next((one for one in accounts if (one.account, one.external_id) == (account, external_id)), None)

    def _others(self, fields: Mapping[str, str | None], root_id: UUID | None) -> dict[str, list[UUID]]:
        found = {}
        for field, value in _points(fields):
            having = {*self._having(field, value)}
            account = self._account(field, value)
            if account is not None:
                having.add(self._state.root(account.home_id))
            found[field] = sorted(having - {root_id})[:MOST]
        return found

    def _change(
        self,
        root_id: UUID,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        expected_version: int | None = None,
    ) -> Updated | Noop:
        version = self._state.person(root_id).version
        expect(version, expected_version)
        new = changed(self._standing(root_id), fields, provenance.assurance)
        if not new:
            return Noop(root_id, version)
        self._put(root_id, new, provenance, self._others(fields, root_id))
        return Updated(root_id, self._advance(root_id))

    def _put(
        self,
        root_id: UUID,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        others: Mapping[str, Iterable[UUID]],
    ) -> None:
        state, at = self._state, provenance.at
        for place, one in enumerate(state.facts):
            if one.contact_id == root_id and one.fact.field in fields and one.fact.superseded_at is None:
                state.facts[place] = replace(one, fact=replace(one.fact, superseded_at=max(one.fact.at, at)))
        for field, value in fields.items():
            fact = Fact(field, value, provenance.assurance, provenance.source, provenance.set_by, at)
            state.facts.append(Known(root_id, fact))
        for field in FOUND_BY:
            if field in fields and fields[field] is None:
                self._doubt(root_id, field, but=None)
        for field, value in _points(fields):
            if provenance.assurance == "verified":
                self._doubt(root_id, field, but=value)
                if self._account(field, value) is None:
                    self._add_account(root_id, field, field, value, provenance)
            for other_id in others.get(field, ()):
                self._suggest(root_id, other_id, f"same_{field}")

    def _add_account(
        self,
        root_id: UUID,
        channel: str,
        account: str,
        external_id: str,
        provenance: Provenance,
        *,
        reachable: bool = True,
    ) -> Account:
        made = Account(
            self._state.new_id(), root_id, channel, account, external_id, provenance.assurance, provenance.at, reachable
        )
        self._state.accounts[made.id] = made
        if channel != STAFF:
            self._state.changed(root_id, "identity", made.id)
        return made

    def _doubt(self, root_id: UUID, channel: str, but: str | None) -> None:
        family = self._state.family(root_id)
        for one in self._state.accounts.values():
            given_up = one.home_id in family and one.channel == channel and one.external_id != but
            if given_up and one.assurance == "verified":
                one.assurance = "claimed"

    def _suggest(self, contact_id: UUID, other_id: UUID, reason: str) -> UUID:
        one, other = sorted((contact_id, other_id))
        for suggestion in self._state.suggestions.values():
            if (suggestion.asked.one_id, suggestion.asked.other_id) == (one, other):
                return suggestion.asked.id
        asked = MergeSuggestion(self._state.new_id(), one, other, reason, self._state.clock())
        self._state.suggestions[asked.id] = Suggestion(asked)
        return asked.id

    def _advance(self, root_id: UUID, *, told: bool = True) -> int:
        person = self._state.person(root_id)
        person.version += 1
        person.updated_at = self._state.clock()
        if told:
            self._state.changed(root_id, "contact", root_id)
        return person.version


def expect(version: int, expected: int | None) -> None:
    """Raises :class:`~crm_adapter.port.VersionConflict` when somebody was faster."""
    if expected is not None and expected != version:
        raise VersionConflict(version)


def _points(fields: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(field, value) for field, value in fields.items() if field in FOUND_BY and value is not None]


def identity_of(one: Account) -> Identity:
    return Identity(one.id, one.channel, one.account, one.external_id, one.assurance, one.created_at, one.reachable)
