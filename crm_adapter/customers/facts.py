"""Facts: what is known of a customer, each with its source, time, who set it and how sure it is (CP1, CP2)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal
from crm_adapter.encryption.opening import opener_for
from crm_adapter.records.customers import FIELDS, Assurance, Fact, Provenance
from crm_adapter.tables import contacts, facts

PLACE = "facts.value"
FOUND_BY = ("phone", "email")
"""The fields that a contact can be found by; no other is hard enough to guess for a blind index."""
_SURENESS: Mapping[str, int] = {"anonymous": 0, "claimed": 1, "verified": 2}


async def standing(connection: AsyncConnection, keys: Keys, root_id: UUID) -> dict[str, Fact]:
    """The facts that stand for a whole family: the root's own win, also where they were emptied, then the newest."""
    query = _of_family(root_id).where(facts.c.superseded_at.is_(None), facts.c.field.in_(FIELDS))
    ordered = query.order_by(facts.c.contact_id == root_id, facts.c.at, facts.c.id)
    found = await _opened(connection, keys, ordered)
    return {fact.field: fact for fact in found}


async def history(connection: AsyncConnection, keys: Keys, root_id: UUID) -> list[Fact]:
    """Every fact ever set for a family, newest first."""
    return await _opened(connection, keys, _of_family(root_id).order_by(facts.c.at.desc(), facts.c.id.desc()))


def changed(
    before: Mapping[str, Fact], fields: Mapping[str, str | None], assurance: Assurance
) -> dict[str, str | None]:
    """Those of the normalised ``fields`` that say something new, or what was known more surely."""
    return {field: value for field, value in fields.items() if _is_new(before.get(field), value, assurance)}


def surer(assurance: Assurance, than: Assurance) -> bool:
    """Whether the one is more than the other."""
    return _SURENESS[assurance] > _SURENESS[than]


def _is_new(fact: Fact | None, value: str | None, assurance: Assurance) -> bool:
    if fact is None:
        return value is not None
    return fact.value != value or (value is not None and surer(assurance, fact.assurance))


async def write(
    connection: AsyncConnection,
    keys: Keys,
    contact_id: UUID,
    key: DataKey,
    fields: Mapping[str, str | None],
    provenance: Provenance,
) -> None:
    """Puts these values in the place of those that stand on the contact; the caller has locked it."""
    at = provenance.at
    await connection.execute(
        update(facts)
        .where(facts.c.contact_id == contact_id, facts.c.field.in_(fields), facts.c.superseded_at.is_(None))
        .values(superseded_at=func.greatest(facts.c.at, at))
    )
    rows = []
    for field, value in fields.items():
        fact_id = uuid7()
        row = {
            "id": fact_id,
            "contact_id": contact_id,
            "field": field,
            "sealed": None if value is None else seal(key, PLACE, fact_id, value.encode()),
            "blind": keys.blind(field, value) if value is not None and field in FOUND_BY else None,
            "assurance": provenance.assurance,
            "source": provenance.source,
            "set_by": provenance.set_by,
            "at": at,
        }
        rows.append(row)
    if rows:
        await connection.execute(insert(facts), rows)


def _of_family(root_id: UUID) -> Select[Any]:
    return select(facts).join(contacts, contacts.c.id == facts.c.contact_id).where(contacts.c.root_id == root_id)


async def _opened(connection: AsyncConnection, keys: Keys, query: Select[Any]) -> list[Fact]:
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed for row in rows))
    found = []
    for row in rows:
        value = opener.text(PLACE, row.id, row.sealed)
        if value is None and row.sealed is not None:
            continue  # erased: there was something, and nobody can say what
        found.append(
            Fact(row.field, value, row.assurance, row.source, row.set_by, row.at, row.superseded_at),
        )
    return found
