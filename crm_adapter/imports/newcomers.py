"""Customers whom nobody knows yet, a piece at a time: what the store writes one by one, in a few statements.

Only those of whom nothing is known anywhere: no key, phone or e-mail of theirs is anybody's. The store does the others.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.facts import FOUND_BY, PLACE
from crm_adapter.customers.identities import blind_of
from crm_adapter.customers.locks import lock_values
from crm_adapter.encryption import Keys, seal
from crm_adapter.imports.rows import Candidate
from crm_adapter.records.customers import Provenance
from crm_adapter.tables import changes, contacts, data_keys, external_keys, facts

_TAKEN = text("""
    SELECT key_blind FROM crm.external_keys WHERE system = :system AND key_blind = ANY(CAST(:every AS bytea[]))
     UNION ALL
    SELECT blind FROM crm.facts
     WHERE blind = ANY(CAST(:every AS bytea[])) AND blind IS NOT NULL AND superseded_at IS NULL
     UNION ALL
    SELECT blind FROM crm.identities WHERE blind = ANY(CAST(:every AS bytea[]))
""")
Rows = dict[str, list[dict[str, Any]]]


async def take_newcomers(
    connection: AsyncConnection, keys: Keys, system: str, provenance: Provenance, candidates: Sequence[Candidate]
) -> dict[int, UUID]:
    """Makes a contact of every newcomer; its id by the candidate's line. Nothing here is proven, so nothing merges."""
    marks = {one.line: _marks(keys, system, one) for one in candidates}
    every = {mark for own in marks.values() for mark in own}
    await lock_values(connection, every)
    taken = {
        bytes(mark) for mark in (await connection.execute(_TAKEN, {"system": system, "every": list(every)})).scalars()
    }
    new = []
    for one in candidates:
        if taken.isdisjoint(marks[one.line]):
            new.append(one)
            taken |= marks[one.line]
    made, rows = await asyncio.to_thread(partial(_rows_of, keys, system, provenance, new))
    for table in (data_keys, contacts, facts, external_keys, changes):
        if rows[table.name]:
            await connection.execute(insert(table), rows[table.name])
    return made


def _marks(keys: Keys, system: str, one: Candidate) -> set[bytes]:
    """The blind indexes that a customer could be known by."""
    found = {keys.blind("external_key", system, one.key)}
    for field in FOUND_BY:
        value = one.fields.get(field)
        if value is not None:
            found |= {keys.blind(field, value), blind_of(keys, field, value)}
    return found


def _rows_of(keys: Keys, system: str, provenance: Provenance, new: Sequence[Candidate]) -> tuple[dict[int, UUID], Rows]:
    rows: Rows = {table.name: [] for table in (data_keys, contacts, facts, external_keys, changes)}
    made = {}
    for one in new:
        contact_id = made[one.line] = uuid7()
        key, kek, wrapped = keys.new_data_key(uuid7())
        rows["data_keys"].append({"id": key.id, "contact_id": contact_id, "kek": kek, "wrapped": wrapped})
        rows["contacts"].append(
            {
                "id": contact_id,
                "key_id": key.id,
                "kind": one.kind,
                "root_id": contact_id,
                "version": 1,
                "locale": one.locale,
                "lawful_basis": one.basis.kind if one.basis else None,
                "quarantined": one.basis is None,
            }
        )
        for field, value in one.fields.items():
            if value is None:
                continue
            fact_id = uuid7()
            rows["facts"].append(
                {
                    "id": fact_id,
                    "contact_id": contact_id,
                    "field": field,
                    "sealed": seal(key, PLACE, fact_id, value.encode()),
                    "blind": keys.blind(field, value) if field in FOUND_BY else None,
                    "assurance": provenance.assurance,
                    "source": provenance.source,
                    "set_by": provenance.set_by,
                    "at": provenance.at,
                }
            )
        rows["external_keys"].append(
            {
                "system": system,
                "key_blind": keys.blind("external_key", system, one.key),
                "sealed_key": seal(key, "external_keys.key", contact_id, one.key.encode()),
                "contact_id": contact_id,
            }
        )
        rows["changes"].append({"contact_id": contact_id, "kind": "contact", "record_id": contact_id})
    return made, rows
