"""Changing a profile: what is new is written, what was there is history, who else has the same phone is asked about."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers import contacts as contacts_of
from crm_adapter.customers import facts as facts_of
from crm_adapter.customers import identities as identities_of
from crm_adapter.customers import matching
from crm_adapter.customers.feed import note_change
from crm_adapter.customers.locks import Locked, lock_profile
from crm_adapter.encryption import DataKey, Keys
from crm_adapter.encryption.vault import load_key
from crm_adapter.records.customers import Noop, Provenance, Updated


@dataclass(frozen=True, slots=True)
class Point:
    """A phone number or e-mail address: its blind index as a fact and as an identity."""

    field: str
    value: str
    blind: bytes
    identity_blind: bytes


def points_of(keys: Keys, fields: Mapping[str, str | None]) -> list[Point]:
    """The phone and the e-mail among normalised fields."""
    return [
        Point(field, value, keys.blind(field, value), identities_of.blind_of(keys, field, value))
        for field, value in fields.items()
        if field in facts_of.FOUND_BY and value is not None
    ]


async def others_with(connection: AsyncConnection, points: list[Point], root_id: UUID | None) -> dict[str, set[UUID]]:
    """By field, the other families' roots that have it."""
    found: dict[str, set[UUID]] = {}
    for point in points:
        having = {*await matching.having(connection, point.blind)}
        held_by = await matching.holder(connection, point.identity_blind)
        having = having - {root_id} if held_by is None else (having | {held_by}) - {root_id}
        found[point.field] = set(sorted(having)[: matching.MOST])
    return found


async def change(
    connection: AsyncConnection,
    keys: Keys,
    root_id: UUID,
    fields: Mapping[str, str | None],
    provenance: Provenance,
    *,
    expected_version: int | None = None,
    member: UUID | None = None,
) -> Updated | Noop:
    """Writes what is new; the values are normalised and locked. ``member`` is who was meant.

    Raises VersionConflict, UnknownRecord and Moved.
    """
    points = points_of(keys, fields)
    others = await others_with(connection, points, root_id)
    locked = await lock_profile(connection, root_id, *set().union(*others.values()), member=member)
    contacts_of.expect(locked.version, expected_version)
    return await write(connection, keys, locked, fields, provenance, others)


async def write(
    connection: AsyncConnection,
    keys: Keys,
    locked: Locked,
    fields: Mapping[str, str | None],
    provenance: Provenance,
    others: Mapping[str, set[UUID]],
) -> Updated | Noop:
    """The same for a root that is locked together with the ``others``."""
    root_id = locked.id
    before = await facts_of.standing(connection, keys, root_id)
    new = facts_of.changed(before, fields, provenance.assurance)
    if not new:
        return Noop(root_id, locked.version)
    key = await load_key(connection, keys, locked.key_id)
    await put(connection, keys, root_id, key, new, provenance, others)
    version = await contacts_of.advance(connection, root_id)
    await note_change(connection, "contact", [root_id])
    return Updated(root_id, version)


async def put(
    connection: AsyncConnection,
    keys: Keys,
    root_id: UUID,
    key: DataKey,
    fields: Mapping[str, str | None],
    provenance: Provenance,
    others: Mapping[str, set[UUID]],
) -> None:
    """Facts, what follows from a proven phone or e-mail, and the question to staff about who else has it."""
    await facts_of.write(connection, keys, root_id, key, fields, provenance)
    for field in facts_of.FOUND_BY:
        if field in fields and fields[field] is None:
            await identities_of.doubt(connection, root_id, field, but=None)
    for point in points_of(keys, fields):
        if provenance.assurance == "verified":
            await _own(connection, keys, root_id, key, point, provenance)
        for other_id in sorted(others.get(point.field, ())):
            await matching.suggest(connection, root_id, other_id, f"same_{point.field}")


async def _own(
    connection: AsyncConnection, keys: Keys, root_id: UUID, key: DataKey, point: Point, provenance: Provenance
) -> None:
    await identities_of.doubt(connection, root_id, point.field, but=point.identity_blind)
    there = await identities_of.find(connection, point.identity_blind)
    if there is not None:
        return  # ours already, or another contact's: then it is for staff to decide
    identity_id = await identities_of.add(
        connection,
        keys,
        root_id,
        key,
        point.field,
        point.field,
        point.value,
        "verified",
        at=provenance.at,
    )
    await note_change(connection, "identity", [root_id], identity_id)
