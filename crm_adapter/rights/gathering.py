"""Everything that is held about a person, as JSON can hold it: read table by table, opened with the person's keys.

Table by table, not view by view: what a later room adds to the catalogue of the erasure has to be named here too.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.families import family_of, root_of
from crm_adapter.encryption import DataKey, EncryptionFault, Keys, key_id_of, unseal
from crm_adapter.encryption.vault import load_keys
from crm_adapter.tables import identities


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the export: its rows by the column that leads to the person, oldest first.

    ``places`` says as what a sealed column was sealed; without it, as ``table.column``. ``hides`` are columns that say
    nothing to the person: keys, indexes, or ids of other people.
    """

    name: str
    table: str
    names: str = "contact_id"
    leads_to: str = "contact"
    order: str = "id"
    places: Mapping[str, str] | None = None
    hides: frozenset[str] = frozenset()


SECTIONS = (
    Section("profiles", "crm.contacts", "id"),
    Section("identities", "crm.identities", "id", "identity"),
    Section("facts", "crm.facts", places={"sealed": "facts.value"}),
    Section("external_keys", "crm.external_keys", places={"sealed_key": "external_keys.key"}, order="system"),
    Section("origins", "crm.import_origins", places={"sealed_proof": "import_origins.proof"}),
    Section("merges", "crm.merges", "target_id"),
    Section("organisations", "crm.organisations", order="contact_id"),
    Section("memberships", "crm.memberships", "person_id"),
    Section("interactions", "crm.interactions", "identity_id", "identity"),
    Section("consents", "crm.consents", "subject", order="since", hides=frozenset({"covers"})),
    Section("consent_events", "crm.consent_events", "subject", hides=frozenset({"covers"})),
    Section("cases", "crm.cases"),
    Section("case_events", "crm.case_events", "case_id", "crm.cases", order="version"),
    Section("tasks", "crm.tasks"),
    Section("orders", "crm.orders", order="placed_at"),
    Section("opinions", "crm.opinions"),
    Section("figures", "crm.figures", order="contact_id"),
    Section("standings", "crm.standings", order="contact_id"),
    Section("standing_changes", "crm.standing_changes", order="number"),
    Section("tags", "crm.tags"),
    Section("privacy_requests", "crm.privacy_requests"),
    Section("privacy_events", "crm.privacy_events", "request_id", "crm.privacy_requests"),
    Section("transfers", "crm.transfers"),
)
NOT_EXPORTED = {
    "crm.grams": "keyed hashes of what stands under interactions and facts",
    "crm.changes": "ids of what stands in the other sections",
    "crm.merge_suggestions": "names another person's contact",
    "crm.shared_reach": "says something about another person who was erased",
    "crm.erasures": "of people who are gone",
    "crm.kept_orders": "of people who are gone",
    "crm.access_log": "names the staff who did their work; transfers to others are listed",
    "crm.uses": "names other people's contacts; what was handed over is listed under transfers",
}
_HIDDEN = frozenset({"blind", "key_blind", "key_id", "root_id", "idempotency_key", "trace_id"})


async def gather(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> tuple[UUID, dict[str, Any]]:
    """The root of the family, and every section with its rows. Raises :class:`UnknownRecord`."""
    root = await root_of(connection, contact_id)
    family = await family_of(connection, root)
    known = {
        "contact": family,
        "identity": list(await connection.scalars(select(identities.c.id).where(identities.c.contact_id.in_(family)))),
    }
    content: dict[str, Any] = {"contact_id": str(root), "merged": sorted(str(one) for one in family if one != root)}
    opened: dict[UUID, DataKey] = {}
    for section in SECTIONS:
        rows = await _rows(connection, section, known[section.leads_to])
        missing = await asyncio.to_thread(_keys_of, rows) - set(opened)
        opened.update(await load_keys(connection, keys, missing))
        content[section.name] = await asyncio.to_thread(_all_shown, section, rows, opened)
        known[section.table] = [row["id"] for row in rows if "id" in row]
    return root, content


async def _rows(connection: AsyncConnection, section: Section, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    query = text(
        f"SELECT * FROM {section.table} WHERE {section.names} = ANY(:ids) ORDER BY {section.order}"  # noqa: S608 - our own names
    )
    return [dict(row._mapping) for row in await connection.execute(query, {"ids": list(ids)})]


def _keys_of(rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    return {key_id_of(value) for row in rows for value in row.values() if _is_sealed(value)}


def _all_shown(
    section: Section, rows: Sequence[Mapping[str, Any]], opened: Mapping[UUID, DataKey]
) -> list[dict[str, Any]]:
    return [_shown(section, row, opened) for row in rows]


def _shown(section: Section, row: Mapping[str, Any], opened: Mapping[UUID, DataKey]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for column, value in row.items():
        if column in _HIDDEN or column in section.hides:
            continue
        if isinstance(value, bytes | memoryview):
            shown[_name(section, column)] = _opened(section, row, column, bytes(value), opened)
        else:
            shown[column] = _plain(value)
    return shown


def _opened(
    section: Section, row: Mapping[str, Any], column: str, sealed: bytes, opened: Mapping[UUID, DataKey]
) -> Any:
    """What a seal holds; ``None`` when its key is gone."""
    key = opened.get(key_id_of(sealed))
    if key is None:
        return None
    table = section.table.partition(".")[2]
    place = (section.places or {}).get(column, f"{table}.{column.removeprefix('sealed_')}")
    record = row.get("id")
    if section.table == "crm.external_keys":
        record = row["contact_id"]
    elif section.table == "crm.case_events":
        place, record = f"{place}.{row['version']}", row["case_id"]
    if record is None:
        raise EncryptionFault(f"{section.table}: nothing says which record {column} belongs to")
    clear = unseal(key, place, record, sealed).decode()
    try:
        value = json.loads(clear)
    except ValueError:
        return clear
    # A bare number is a text that looks like one: a phone number, an order's reference.
    return value if isinstance(value, str | dict | list) else clear


def _name(section: Section, column: str) -> str:
    if column != "sealed":
        return column.removeprefix("sealed_")
    return (section.places or {}).get(column, "content").rpartition(".")[2]


def _is_sealed(value: Any) -> bool:
    if not isinstance(value, bytes | memoryview):
        return False
    try:
        key_id_of(bytes(value))
    except EncryptionFault:
        return False
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
