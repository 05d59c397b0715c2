"""A contact as a whole: born with a data key of its own, read as the root of its family, changed under a version."""

from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers import facts as facts_of
from crm_adapter.customers import identities as identities_of
from crm_adapter.customers.completeness import completeness, fresh_at
from crm_adapter.customers.families import root_of
from crm_adapter.encryption import DataKey, Keys
from crm_adapter.encryption.vault import make_key
from crm_adapter.port import VersionConflict
from crm_adapter.records.customers import Contact, ContactKind
from crm_adapter.tables import contacts


async def read(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> Contact:
    """The family that the contact belongs to, as one. Raises :class:`~crm_adapter.port.UnknownRecord`."""
    root_id = await root_of(connection, contact_id)
    rows = (await connection.execute(select(contacts).where(contacts.c.root_id == root_id))).all()
    root = next(row for row in rows if row.id == root_id)
    standing = await facts_of.standing(connection, keys, root_id)
    known = {field: fact for field, fact in standing.items() if fact.value is not None}
    return Contact(
        id=root_id,
        kind=root.kind,
        version=root.version,
        locale=root.locale,
        created_at=min(row.created_at for row in rows),
        updated_at=root.updated_at,
        facts=known,
        identities=await identities_of.of_family(connection, keys, root_id),
        merged=tuple(sorted(row.id for row in rows if row.id != root_id)),
        owner_id=root.owner_id,
        lawful_basis=root.lawful_basis,
        quarantined=root.quarantined,
        # Who asked for restriction under one account has it under all.
        restricted_at=min((row.restricted_at for row in rows if row.restricted_at), default=None),
        completeness=completeness(root.kind, known),
        fresh_at=fresh_at(known.values(), root.reviewed_at),
    )


async def make(
    connection: AsyncConnection,
    keys: Keys,
    *,
    kind: ContactKind,
    locale: str,
    lawful_basis: str | None,
    quarantined: bool,
) -> tuple[UUID, DataKey]:
    """A new contact, root of its own family, with its data key."""
    contact_id = uuid7()
    key = await make_key(connection, keys, contact_id)
    await connection.execute(
        insert(contacts).values(
            id=contact_id,
            key_id=key.id,
            kind=kind,
            root_id=contact_id,
            version=1,
            locale=locale,
            lawful_basis=lawful_basis,
            quarantined=quarantined,
        )
    )
    return contact_id, key


def expect(version: int, expected: int | None) -> None:
    """Raises :class:`~crm_adapter.port.VersionConflict` when somebody was faster."""
    if expected is not None and expected != version:
        raise VersionConflict(version)


async def advance(connection: AsyncConnection, contact_id: UUID, **values: object) -> int:
    """Sets columns of the contact and its next version, which is the answer."""
    change = update(contacts).where(contacts.c.id == contact_id)
    new = change.values(**values, version=contacts.c.version + 1, updated_at=func.now()).returning(contacts.c.version)
    version: int = (await connection.execute(new)).scalar_one()
    return version
