"""Customers in memory: profiles and the accounts they are known by (CP1-CP3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_adapter.customers.facts import FOUND_BY, surer
from crm_adapter.customers.fields import normalise, normalise_all
from crm_adapter.customers.identities import names_of
from crm_adapter.customers.upserting import check_key
from crm_adapter.in_memory.merging import Merging
from crm_adapter.in_memory.people import expect, identity_of
from crm_adapter.in_memory.state import Account, Person
from crm_adapter.port import BadField, VersionConflict
from crm_adapter.records.customers import (
    Ambiguous,
    Assurance,
    Contact,
    ContactKind,
    Created,
    ExternalKey,
    Fact,
    Identity,
    Linked,
    LinkResult,
    Merged,
    Noted,
    Provenance,
    Suggested,
    Updated,
    Upserted,
)


class InMemoryCustomers(Merging):
    """See :class:`crm_adapter.port.Customers`."""

    async def upsert_contact(
        self,
        external_key: ExternalKey,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        *,
        expected_version: int | None = None,
        locale: str = "zh-Hans",
        kind: ContactKind = "person",
        lawful_basis: str | None = None,
        quarantined: bool = False,
    ) -> Upserted:
        """See :meth:`crm_adapter.port.Customers.upsert_contact`."""
        values = normalise_all(fields)
        check_key(external_key)
        known = self._state.external_keys.get(external_key)
        if known is not None:
            done = self._change(self._state.root(known), values, provenance, expected_version)
            person = self._state.person(done.contact_id)
            if not person.quarantined or quarantined or not lawful_basis:
                return done
            person.quarantined, person.lawful_basis = False, lawful_basis
            return Updated(person.id, self._advance(person.id))
        owners = self._proven(values) if provenance.assurance == "verified" else set()
        if len(owners) > 1:
            return Ambiguous(tuple(sorted(owners)))
        if expected_version:
            raise VersionConflict(0)
        if owners:
            adopted = self._change(owners.pop(), values, provenance)
            self._state.external_keys[external_key] = adopted.contact_id
            if isinstance(adopted, Updated):
                return adopted
            return Updated(adopted.contact_id, self._advance(adopted.contact_id))
        others, now = self._others(values, None), self._state.clock()
        person = Person(self._state.new_id(), kind, locale, now, now)
        person.lawful_basis, person.quarantined = lawful_basis, quarantined
        self._state.people[person.id] = person
        known_fields = {field: value for field, value in values.items() if value is not None}
        self._put(person.id, known_fields, provenance, others)
        self._state.external_keys[external_key] = person.id
        self._state.changed(person.id, "contact", person.id)
        return Created(person.id)

    async def contact(self, contact_id: UUID) -> Contact:
        """See :meth:`crm_adapter.port.Customers.contact`."""
        return self._read(contact_id)

    async def set_fields(
        self,
        contact_id: UUID,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        *,
        expected_version: int | None = None,
    ) -> Upserted:
        """See :meth:`crm_adapter.port.Customers.set_fields`."""
        values = normalise_all(fields)
        return self._change(self._state.root(contact_id), values, provenance, expected_version)

    async def history(self, contact_id: UUID) -> Sequence[Fact]:
        """See :meth:`crm_adapter.port.Customers.history`."""
        family = self._state.family(contact_id)
        mine = [
            (one.fact.at, place, one.fact) for place, one in enumerate(self._state.facts) if one.contact_id in family
        ]
        return [fact for _, _, fact in sorted(mine, key=lambda one: one[:2], reverse=True)]

    async def set_owner(
        self, contact_id: UUID, owner_id: UUID | None, by: str, *, expected_version: int | None = None
    ) -> int:
        """See :meth:`crm_adapter.port.Customers.set_owner`."""
        person = self._state.person(self._state.root(contact_id))
        expect(person.version, expected_version)
        person.owner_id = owner_id
        told = {"owner": None if owner_id is None else str(owner_id)}
        self._put(person.id, told, Provenance.of(by, self._state.clock()), {})
        return self._advance(person.id)

    async def mark_reviewed(self, contact_id: UUID, by: str, at: datetime) -> int:
        """See :meth:`crm_adapter.port.Customers.mark_reviewed`."""
        person = self._state.person(self._state.root(contact_id))
        person.reviewed_at = at
        self._put(person.id, {"reviewed": at.isoformat()}, Provenance.of(by, at), {})
        return self._advance(person.id)

    async def find_by_identity(self, channel: str, account: str, external_id: str) -> UUID | None:
        """See :meth:`crm_adapter.port.Customers.find_by_identity`."""
        try:
            account, external_id = names_of(channel, account, external_id)
        except BadField:
            return None
        found = self._account(account, external_id)
        return None if found is None else self._state.root(found.home_id)

    async def reachable_at(
        self, channel: str, account: str, contact_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Identity]]:
        """See :meth:`crm_adapter.port.Customers.reachable_at`."""
        found: dict[UUID, list[Identity]] = {}
        for one in self._state.accounts.values():
            root_id = self._state.root(one.home_id)
            if root_id in contact_ids and (one.channel, one.account) == (channel, account) and one.reachable:
                found.setdefault(root_id, []).append(identity_of(one))
        return found

    async def find_by_field(self, field: Literal["phone", "email"], value: str) -> Sequence[UUID]:
        """See :meth:`crm_adapter.port.Customers.find_by_field`."""
        known = normalise(field, value)
        return [] if known is None else self._having(field, known)

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
        """See :meth:`crm_adapter.port.Customers.link_identity`."""
        surely = replace(provenance, assurance=assurance)
        account, external_id = names_of(channel, account, external_id)
        fields: dict[str, str | None] = {channel: external_id} if channel in FOUND_BY else {}
        root_id = self._state.root(contact_id)
        there = self._account(account, external_id)
        if there is not None and self._state.root(there.home_id) != root_id:
            return self._link_of_another(root_id, there, channel, fields, surely)
        if fields and (there is None or assurance == "verified"):
            self._change(root_id, fields, surely)
        if there is not None:
            if surer(assurance, there.assurance):
                there.assurance = assurance
                self._state.changed(root_id, "identity", there.id)
            return Linked(there.id, new=False)
        if fields and assurance != "verified":
            return Noted(channel)
        made = self._account(account, external_id) or self._add_account(
            root_id, channel, account, external_id, surely, reachable=reachable
        )
        return Linked(made.id, new=True)

    def _link_of_another(
        self, root_id: UUID, there: Account, channel: str, fields: dict[str, str | None], provenance: Provenance
    ) -> LinkResult:
        other_id = self._state.root(there.home_id)
        proven = provenance.assurance == there.assurance == "verified"
        if proven and not self._are_different(root_id, other_id):
            older, newer = sorted((root_id, other_id))
            merge_id = self._join(newer, older, provenance.set_by, f"verified_{channel}")
            if fields:
                self._change(older, fields, provenance)
            return Merged(merge_id, older)
        if fields:
            self._change(root_id, fields, provenance)
        reason = f"same_{channel}" if fields else "same_account"
        return Suggested(self._suggest(root_id, other_id, reason), other_id)

    def _proven(self, values: Mapping[str, str | None]) -> set[UUID]:
        return {
            root
            for field in FOUND_BY
            if (value := values.get(field)) is not None
            for root in self._having(field, value, verified=True)
        }
