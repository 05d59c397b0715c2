"""Identities: the accounts under which a contact is known, each with how sure we are (CP2)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.facts import FOUND_BY
from crm_adapter.customers.fields import normalise
from crm_adapter.encryption import DataKey, Keys, SealBroken, seal, unseal
from crm_adapter.encryption.vault import load_keys
from crm_adapter.port import BadField
from crm_adapter.records.customers import Assurance, Identity
from crm_adapter.tables import contacts, identities

PLACE = "identities.external_id"
_LONGEST = 500
STAFF = "staff"
"""The channel of what staff logs; not an account of the customer's."""


def blind_of(keys: Keys, account: str, external_id: str) -> bytes:
    """By what an identity is found; a phone's or e-mail's account is its channel."""
    return keys.blind("identity", account, external_id)


def names_of(channel: str, account: str, external_id: str) -> tuple[str, str]:
    """The account and the id by which an identity is known: a phone or e-mail in its one form, its channel as account.

    Raises :class:`~crm_adapter.port.BadField`.
    """
    if channel in FOUND_BY:
        value = normalise(channel, external_id)
        if value is None:
            raise BadField(channel, f"bad_{channel}")
        return channel, value
    if not 0 < len(external_id) <= _LONGEST:
        raise BadField("external_id", "too_long" if external_id else "missing")
    return account, external_id


class Held(NamedTuple):
    """An identity that is there, with the root of the contact that has it."""

    id: UUID
    assurance: Assurance
    root_id: UUID


async def find(connection: AsyncConnection, blind: bytes) -> Held | None:
    """Whose identity this is."""
    query = (
        select(identities.c.id, identities.c.assurance, contacts.c.root_id)
        .join(contacts, contacts.c.id == identities.c.contact_id)
        .where(identities.c.blind == blind)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Held(row.id, row.assurance, row.root_id)


async def add(
    connection: AsyncConnection,
    keys: Keys,
    contact_id: UUID,
    key: DataKey,
    channel: str,
    account: str,
    external_id: str,
    assurance: Assurance,
    *,
    at: datetime,
    reachable: bool = True,
) -> UUID:
    """Adds one that is not there yet; the caller has locked its value or made sure of it."""
    identity_id = uuid7()
    await connection.execute(
        insert(identities).values(
            id=identity_id,
            contact_id=contact_id,
            key_id=key.id,
            channel=channel,
            account=account,
            blind=blind_of(keys, account, external_id),
            sealed_external_id=seal(key, PLACE, identity_id, external_id.encode()),
            assurance=assurance,
            reachable=reachable,
            verified_at=at if assurance == "verified" else None,
            created_at=at,
        )
    )
    return identity_id


async def raise_assurance(
    connection: AsyncConnection, identity_id: UUID, assurance: Assurance, *, at: datetime
) -> None:
    """Says that we are surer now."""
    verified_at = at if assurance == "verified" else None
    change = update(identities).where(identities.c.id == identity_id)
    await connection.execute(change.values(assurance=assurance, verified_at=verified_at))


async def doubt(connection: AsyncConnection, contact_id: UUID, channel: str, but: bytes | None) -> None:
    """A phone or e-mail that was given up is proof no more: numbers are handed on to other people."""
    given_up = update(identities).where(
        identities.c.contact_id == contact_id, identities.c.channel == channel, identities.c.assurance == "verified"
    )
    if but is not None:
        given_up = given_up.where(identities.c.blind != but)
    await connection.execute(given_up.values(assurance="claimed", verified_at=None))


async def of_family(connection: AsyncConnection, keys: Keys, root_id: UUID) -> tuple[Identity, ...]:
    """A family's accounts, oldest first; those whose key is gone and what staff logged under are left out."""
    query = (
        select(identities)
        .join(contacts, contacts.c.id == identities.c.contact_id)
        .where(contacts.c.root_id == root_id, identities.c.channel != STAFF)
        .order_by(identities.c.created_at, identities.c.id)
    )
    rows = (await connection.execute(query)).all()
    return tuple(identity for _, identity in await _opened(connection, keys, rows))


async def reachable_at(
    connection: AsyncConnection, keys: Keys, channel: str, account: str, root_ids: Sequence[UUID]
) -> dict[UUID, list[Identity]]:
    """See :meth:`crm_adapter.port.Customers.reachable_at`; those whose key is gone are left out."""
    query = (
        select(identities, contacts.c.root_id)
        .join(contacts, contacts.c.id == identities.c.contact_id)
        .where(contacts.c.root_id.in_(root_ids), identities.c.channel == channel, identities.c.account == account)
        .where(identities.c.reachable)
        .order_by(identities.c.created_at, identities.c.id)
    )
    rows = (await connection.execute(query)).all()
    found: dict[UUID, list[Identity]] = {}
    for row, identity in await _opened(connection, keys, rows):
        found.setdefault(row.root_id, []).append(identity)
    return found


async def _opened(connection: AsyncConnection, keys: Keys, rows: Sequence[Row[Any]]) -> list[tuple[Row[Any], Identity]]:
    """Without those whose key is gone."""
    data_keys = await load_keys(connection, keys, {row.key_id for row in rows})
    found = []
    for row in rows:
        with suppress(KeyError, SealBroken):  # also sealed before its identity got a new key
            external_id = unseal(data_keys[row.key_id], PLACE, row.id, row.sealed_external_id).decode()
            about = {"assurance": row.assurance, "created_at": row.created_at, "reachable": row.reachable}
            found.append((row, Identity(row.id, row.channel, row.account, external_id, **about)))
    return found


async def staff_log(
    connection: AsyncConnection, keys: Keys, root_id: UUID, key: DataKey, *, at: datetime
) -> tuple[UUID, UUID]:
    """Under which identity staff logs calls and visits with a contact (CH5), and that identity's key.

    One per contact, made when first needed; the caller has locked the contact.
    """
    query = select(identities.c.id, identities.c.key_id).where(
        identities.c.contact_id == root_id,
        identities.c.channel == STAFF,
        func.coalesce(identities.c.home_id, identities.c.contact_id) == root_id,
    )
    row = (await connection.execute(query)).one_or_none()
    if row is not None:
        return row.id, row.key_id
    made = await add(connection, keys, root_id, key, STAFF, STAFF, str(root_id), "claimed", at=at, reachable=False)
    return made, key.id
