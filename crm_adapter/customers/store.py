"""The SQL store's customers: each call a transaction, or a part of the caller's (CP1-CP3)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers import contacts as contacts_of
from crm_adapter.customers import facts as facts_of
from crm_adapter.customers import identities as identities_of
from crm_adapter.customers import linking, matching, merging, profiles, upserting
from crm_adapter.customers.families import family_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.customers.fields import normalise, normalise_all
from crm_adapter.customers.locks import Moved, lock_profile, lock_values
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.customers import (
    Assurance,
    Contact,
    ContactKind,
    ExternalKey,
    Fact,
    Identity,
    LinkResult,
    MergeSuggestion,
    PastMerge,
    Provenance,
    Upserted,
)
from crm_adapter.session import Session
from crm_adapter.tables import merge_suggestions

_Result = TypeVar("_Result")
_TRIES = 50
_REASON_LENGTH = 500


class SqlCustomers(Session):
    """:class:`~crm_adapter.port.Customers` over PostgreSQL; what the methods guarantee stands there."""

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
        brought = upserting.Brought(
            external_key,
            normalise_all(fields),
            provenance,
            expected_version,
            locale,
            kind,
            lawful_basis,
            quarantined,
        )
        return await self._until_still(lambda connection: upserting.upsert(connection, self._keys, brought))

    async def contact(self, contact_id: UUID) -> Contact:
        async with self._work() as connection:
            return await contacts_of.read(connection, self._keys, contact_id)

    async def set_fields(
        self,
        contact_id: UUID,
        fields: Mapping[str, str | None],
        provenance: Provenance,
        *,
        expected_version: int | None = None,
    ) -> Upserted:
        values = normalise_all(fields)
        points = profiles.points_of(self._keys, values)

        async def change(connection: AsyncConnection) -> Upserted:
            await lock_values(connection, [point.blind for point in points])
            root_id = await root_of(connection, contact_id)
            return await profiles.change(
                connection,
                self._keys,
                root_id,
                values,
                provenance,
                expected_version=expected_version,
                member=contact_id,
            )

        return await self._until_still(change)

    async def history(self, contact_id: UUID) -> Sequence[Fact]:
        async with self._work() as connection:
            return await facts_of.history(connection, self._keys, await root_of(connection, contact_id))

    async def set_owner(
        self, contact_id: UUID, owner_id: UUID | None, by: str, *, expected_version: int | None = None
    ) -> int:
        told = {"owner": None if owner_id is None else str(owner_id)}
        provenance = Provenance.of(by, datetime.now(UTC))
        return await self._keep_right(contact_id, told, provenance, expected_version, owner_id=owner_id)

    async def mark_reviewed(self, contact_id: UUID, by: str, at: datetime) -> int:
        provenance = Provenance.of(by, at)
        return await self._keep_right(contact_id, {"reviewed": at.isoformat()}, provenance, None, reviewed_at=at)

    async def find_by_identity(self, channel: str, account: str, external_id: str) -> UUID | None:
        try:
            account, external_id = identities_of.names_of(channel, account, external_id)
        except BadField:
            return None
        blind = identities_of.blind_of(self._keys, account, external_id)
        async with self._work() as connection:
            return await matching.holder(connection, blind)

    async def reachable_at(
        self, channel: str, account: str, contact_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Identity]]:
        async with self._work() as connection:
            return await identities_of.reachable_at(connection, self._keys, channel, account, contact_ids)

    async def find_by_field(self, field: Literal["phone", "email"], value: str) -> Sequence[UUID]:
        known = normalise(field, value)
        if known is None:
            return []
        async with self._work() as connection:
            return await matching.having(connection, self._keys.blind(field, known))

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
        surely, names = replace(provenance, assurance=assurance), (channel, account, external_id)
        return await self._until_still(
            lambda connection: linking.link(connection, self._keys, contact_id, *names, surely, reachable=reachable)
        )

    async def merge(self, source_id: UUID, target_id: UUID, by: str, reason: str) -> UUID:
        told = reason[:_REASON_LENGTH]
        return await self._until_still(lambda connection: merging.merge(connection, source_id, target_id, by, told))

    async def unmerge(self, merge_id: UUID, by: str) -> tuple[UUID, UUID]:
        return await self._until_still(lambda connection: merging.unmerge(connection, merge_id, by))

    async def merges(self, contact_id: UUID) -> Sequence[PastMerge]:
        async with self._work() as connection:
            return await merging.past_merges(connection, contact_id)

    async def merge_suggestions(self, *, contact_id: UUID | None = None, limit: int = 50) -> Sequence[MergeSuggestion]:
        async with self._work() as connection:
            family = None
            if contact_id is not None:
                family = await family_of(connection, await root_of(connection, contact_id))
            return await matching.undecided(connection, family, limit)

    async def decide_suggestion(
        self, suggestion_id: UUID, decision: Literal["merged", "different"], by: str
    ) -> tuple[UUID, UUID]:
        return await self._until_still(lambda connection: _decide(connection, suggestion_id, decision, by))

    async def _keep_right(
        self,
        contact_id: UUID,
        told: Mapping[str, str | None],
        provenance: Provenance,
        expected_version: int | None,
        **values: object,
    ) -> int:
        """Changes columns of the root, and tells the history who did it: beside the fields, it holds ``told``."""

        async def change(connection: AsyncConnection) -> int:
            locked = await lock_profile(connection, await root_of(connection, contact_id), member=contact_id)
            contacts_of.expect(locked.version, expected_version)
            key = await load_key(connection, self._keys, locked.key_id)
            await facts_of.write(connection, self._keys, locked.id, key, told, provenance)
            version = await contacts_of.advance(connection, locked.id, **values)
            await note_change(connection, "contact", [locked.id])
            return version

        return await self._until_still(change)

    async def _until_still(self, work: Callable[[AsyncConnection], Awaitable[_Result]]) -> _Result:
        """Does the work on rows that no merge moves under it; a try that came too late leaves nothing behind."""
        async with self._work() as connection:
            for _ in range(_TRIES):
                try:
                    async with connection.begin_nested():
                        return await work(connection)
                except Moved:
                    continue
        raise Refused("busy")


async def _decide(
    connection: AsyncConnection, suggestion_id: UUID, decision: Literal["merged", "different"], by: str
) -> tuple[UUID, UUID]:
    shown = merge_suggestions.c
    query = select(shown.one_id, shown.other_id, shown.decision, shown.reason).where(shown.id == suggestion_id)
    asked = (await connection.execute(query)).one_or_none()
    if asked is None:
        raise UnknownRecord(f"there is no suggestion {suggestion_id}")
    if asked.decision is None and decision == "merged":
        with suppress(Refused):  # they have become one in the meantime
            await merging.merge(connection, asked.other_id, asked.one_id, by, asked.reason)
    # Contacts first, suggestions after them, as everywhere.
    open_ = update(merge_suggestions).where(shown.id == suggestion_id, shown.decision.is_(None))
    said = open_.values(decision=decision, decided_by=by, decided_at=datetime.now(UTC))
    if not (await connection.execute(said)).rowcount:
        raise Refused("already_decided")
    return asked.one_id, asked.other_id
