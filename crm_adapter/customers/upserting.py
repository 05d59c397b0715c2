"""Contacts as outside systems bring them: found by their key there, by a proven phone or e-mail, or made."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers import contacts as contacts_of
from crm_adapter.customers import matching, profiles
from crm_adapter.customers.feed import note_change
from crm_adapter.customers.locks import Locked, lock_profile, lock_values
from crm_adapter.encryption import Keys, seal
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import BadField, VersionConflict
from crm_adapter.records.customers import (
    Ambiguous,
    ContactKind,
    Created,
    ExternalKey,
    Noop,
    Provenance,
    Updated,
    Upserted,
)
from crm_adapter.tables import contacts, external_keys

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Brought:
    """What an outside system says of one contact; ``fields`` are normalised."""

    external_key: ExternalKey
    fields: dict[str, str | None]
    provenance: Provenance
    expected_version: int | None
    locale: str
    kind: ContactKind
    lawful_basis: str | None
    quarantined: bool


def check_key(named: ExternalKey) -> None:
    """Raises :class:`BadField` ``bad_key`` for one that is empty or too long."""
    if not all(0 < len(one) <= _LONGEST for one in (named.system, named.key)):
        raise BadField("external_key", "bad_key")


async def upsert(connection: AsyncConnection, keys: Keys, brought: Brought) -> Upserted:
    """See :meth:`crm_adapter.port.Customers.upsert_contact`; may raise Moved."""
    named = brought.external_key
    check_key(named)
    blind = keys.blind("external_key", named.system, named.key)
    points = profiles.points_of(keys, brought.fields)
    await lock_values(connection, [blind, *(point.blind for point in points)])
    root_id = await _known_as(connection, named.system, blind)
    if root_id is not None:
        return await _change(connection, keys, root_id, brought)
    owners: set[UUID] = set()
    if brought.provenance.assurance == "verified":
        for point in points:
            owners |= {*await matching.having(connection, point.blind, verified=True)}
    if len(owners) > 1:
        return Ambiguous(tuple(sorted(owners)))
    if brought.expected_version:
        raise VersionConflict(0)
    if owners:
        return await _adopt(connection, keys, owners.pop(), brought, blind)
    return await _create(connection, keys, brought, blind)


async def _known_as(connection: AsyncConnection, system: str, blind: bytes) -> UUID | None:
    query = (
        select(contacts.c.root_id)
        .join(external_keys, external_keys.c.contact_id == contacts.c.id)
        .where(external_keys.c.system == system, external_keys.c.key_blind == blind)
    )
    found: UUID | None = (await connection.execute(query)).scalar()
    return found


async def _change(connection: AsyncConnection, keys: Keys, root_id: UUID, brought: Brought) -> Updated | Noop:
    done = await profiles.change(
        connection, keys, root_id, brought.fields, brought.provenance, expected_version=brought.expected_version
    )
    if brought.quarantined or not brought.lawful_basis:
        return done
    # A basis for data that had none takes it out of quarantine; nothing ever puts a known customer into it.
    query = select(contacts.c.quarantined).where(contacts.c.id == root_id)
    if not (await connection.execute(query)).scalar_one():
        return done
    version = await contacts_of.advance(connection, root_id, quarantined=False, lawful_basis=brought.lawful_basis)
    await note_change(connection, "contact", [root_id])
    return Updated(root_id, version)


async def _adopt(connection: AsyncConnection, keys: Keys, root_id: UUID, brought: Brought, blind: bytes) -> Updated:
    done = await profiles.change(connection, keys, root_id, brought.fields, brought.provenance)
    locked = await lock_profile(connection, root_id)
    await _name(connection, keys, locked, brought.external_key, blind)
    if isinstance(done, Updated):
        return done
    version = await contacts_of.advance(connection, root_id)
    await note_change(connection, "contact", [root_id])
    return Updated(root_id, version)


async def _create(connection: AsyncConnection, keys: Keys, brought: Brought, blind: bytes) -> Created:
    fields = {field: value for field, value in brought.fields.items() if value is not None}
    others = await profiles.others_with(connection, profiles.points_of(keys, fields), None)
    contact_id, key = await contacts_of.make(
        connection,
        keys,
        kind=brought.kind,
        locale=brought.locale,
        lawful_basis=brought.lawful_basis,
        quarantined=brought.quarantined,
    )
    locked = await lock_profile(connection, contact_id, *set().union(*others.values()))
    await profiles.put(connection, keys, contact_id, key, fields, brought.provenance, others)
    await _name(connection, keys, locked, brought.external_key, blind)
    await note_change(connection, "contact", [contact_id])
    return Created(contact_id)


async def _name(
    connection: AsyncConnection,
    keys: Keys,
    locked: Locked,
    named: ExternalKey,
    blind: bytes,
) -> None:
    key = await load_key(connection, keys, locked.key_id)
    sealed = seal(key, "external_keys.key", locked.id, named.key.encode())
    await connection.execute(
        insert(external_keys).values(system=named.system, key_blind=blind, sealed_key=sealed, contact_id=locked.id)
    )
