"""The register of third parties (PR3): who they are, under which agreement, what for, the least they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal_json, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.port import Refused, UnknownRecord, VersionConflict
from crm_adapter.sharing.tables import third_parties

Basis = Literal["consent", "processor", "contract", "legal_duty"]
HOUSE = "house"
"""Not a third party: the company itself, to which an approved export goes."""

_CONTACT = "third_parties.contact"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is settled with a third party.

    ``basis``: ``consent`` asks every customer's own (PIPL 23); ``processor`` works on our orders alone (PIPL 21);
    ``contract`` is needed for what the customer ordered, ``legal_duty`` by law (PIPL 13). ``until`` is the last
    valid day; ``country`` an ISO 3166 code; ``contact`` whom to call there; ``fields`` the least that is needed.
    """

    agreement: str
    until: date
    purpose: str
    basis: Basis
    fields: tuple[str, ...]
    country: str
    contact: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """One version of an entry; ``id`` names the party, ``version_id`` this version."""

    id: UUID
    version_id: UUID
    version: int
    name: str
    terms: Agreement
    set_by: str
    at: datetime


async def add_third_party(connection: AsyncConnection, keys: Keys, name: str, terms: Agreement, by: str) -> ThirdParty:
    """A new entry. Raises :class:`Refused` ``third_party_exists``, also for the name that means ourselves."""
    if name == HOUSE:
        raise Refused("third_party_exists")
    return await _write(connection, keys, uuid7(), 1, name, terms, by)


async def change_third_party(
    connection: AsyncConnection, keys: Keys, party_id: UUID, terms: Agreement, by: str, *, expected_version: int
) -> ThirdParty:
    """The next version; those before stay. Raises :class:`UnknownRecord` and :class:`VersionConflict`."""
    before = await third_party(connection, keys, party_id)
    if before.version != expected_version:
        raise VersionConflict(before.version)
    try:
        return await _write(connection, keys, party_id, before.version + 1, before.name, terms, by)
    except Refused:  # somebody else wrote that version meanwhile
        raise VersionConflict(before.version + 1) from None


async def _write(
    connection: AsyncConnection, keys: Keys, party_id: UUID, version: int, name: str, terms: Agreement, by: str
) -> ThirdParty:
    version_id = party_id if version == 1 else uuid7()
    key = await house_key(connection, keys)
    row = {
        "id": version_id,
        "party_id": party_id,
        "version": version,
        "name": name,
        "agreement": terms.agreement,
        "agreement_until": terms.until,
        "purpose": terms.purpose,
        "basis": terms.basis,
        "fields": list(terms.fields),
        "country": terms.country,
        "sealed_contact": seal_json(key, _CONTACT, version_id, terms.contact),
        "active": terms.active,
        "set_by": by,
    }
    written = insert(third_parties).values(row).on_conflict_do_nothing().returning(third_parties)
    found = (await connection.execute(written)).one_or_none()
    if found is None:
        raise Refused("third_party_exists")
    return _shape(found, key)


async def third_party(connection: AsyncConnection, keys: Keys, party_id: UUID) -> ThirdParty:
    """The version in force. Raises :class:`UnknownRecord`."""
    found = await versions(connection, keys, party_id)
    if not found:
        raise UnknownRecord
    return found[0]


async def versions(connection: AsyncConnection, keys: Keys, party_id: UUID) -> Sequence[ThirdParty]:
    """Every version of an entry, newest first; none for an unknown one."""
    query = select(third_parties).where(third_parties.c.party_id == party_id)
    rows = (await connection.execute(query.order_by(third_parties.c.version.desc()))).all()
    key = await house_key(connection, keys)
    return [_shape(row, key) for row in rows]


async def list_third_parties(connection: AsyncConnection, keys: Keys) -> Sequence[ThirdParty]:
    """The versions in force, by name."""
    newest = (
        select(third_parties)
        .ext(distinct_on(third_parties.c.name))
        .order_by(third_parties.c.name, third_parties.c.version.desc())
    )
    key = await house_key(connection, keys)
    return [_shape(row, key) for row in (await connection.execute(newest)).all()]


async def in_force(connection: AsyncConnection, name: str) -> Row[tuple[object, ...]] | None:
    """The row in force of that name; ``today`` is the database's day, by which agreements end."""
    query = select(third_parties, func.current_date().label("today")).where(third_parties.c.name == name)
    return (await connection.execute(query.order_by(third_parties.c.version.desc()).limit(1))).one_or_none()


def _shape(row: Row[tuple[object, ...]], key: DataKey) -> ThirdParty:
    told = row._mapping
    terms = Agreement(
        told["agreement"],
        told["agreement_until"],
        told["purpose"],
        told["basis"],
        tuple(told["fields"]),
        told["country"],
        unseal_json(key, _CONTACT, told["id"], told["sealed_contact"]),
        told["active"],
    )
    return ThirdParty(told["party_id"], told["id"], told["version"], told["name"], terms, told["set_by"], told["at"])
