"""From a row of text to a contact, or to the reason why it is none."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from crm_adapter.customers.fields import normalise
from crm_adapter.imports.basis import LawfulBasis, lawful_basis
from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.mapping import BASIS, KEY, KIND, KNOWN_BY, LOCALE, PROOF, Columns
from crm_adapter.imports.table import Row
from crm_adapter.imports.words import value_of
from crm_adapter.port import BadField
from crm_adapter.records.customers import FIELDS, ContactKind

_PHONE_DIGITS = 11
_LONGEST_KEY = 200
_NOT_DIGIT = re.compile(r"\D")


class Entry(NamedTuple):
    """What is kept of a row until it is worked on: the mapped cells, and what is known to be wrong with it."""

    line: int
    values: dict[str, str]
    fault: tuple[str, str] | None


class Rejection(NamedTuple):
    """``field`` is the target at fault, or empty."""

    line: int
    field: str
    code: str
    values: Mapping[str, str]


class Candidate(NamedTuple):
    """A contact as the store takes it; no basis is quarantine."""

    line: int
    key: str
    fields: dict[str, str | None]
    locale: str
    kind: ContactKind
    basis: LawfulBasis | None


def entries_of(columns: Columns, rows: Iterator[Row]) -> Iterator[Entry]:
    """The rows with what is mapped; a customer's second row is at fault, for nobody knows which is right."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        values, fault = cells_of(columns, row)
        rough = _rough_key(values)
        if fault is None and rough in seen:
            fault = rough[0], "duplicate_key"
        if rough[1]:
            seen.add(rough)
        yield Entry(row.line, values, fault)


def cells_of(columns: Columns, row: Row) -> tuple[dict[str, str], tuple[str, str] | None]:
    """What stands in the mapped columns, and the first target at fault (the whole row: empty) with its code."""
    values = {target: row.cells[column] for target, column in columns.targets.items() if row.cells[column]}
    width = len(columns.headers)
    if width in row.faults:
        return values, ("", row.faults[width])
    wrong = {target: row.faults[column] for target, column in columns.targets.items() if column in row.faults}
    return values, next(iter(wrong.items()), None)


def _rough_key(values: Mapping[str, str]) -> tuple[str, str]:
    for target in KNOWN_BY:
        if target in values:
            text = values[target]
            return target, _NOT_DIGIT.sub("", text)[-_PHONE_DIGITS:] if target == "phone" else text.casefold()
    return "", ""


def candidate_of(entry: Entry, basis: LawfulBasis | None) -> Candidate | Rejection:
    """The contact of a row; ``basis`` is the import's, for rows that name none. Empty cells change nothing."""
    if entry.fault is not None:
        return Rejection(entry.line, *entry.fault, entry.values)
    try:
        fields = {field: normalise(field, entry.values[field]) for field in FIELDS if field in entry.values}
        return Candidate(
            entry.line,
            _key(entry.values, fields),
            fields,
            _listed(entry.values, LOCALE) or "zh-Hans",
            cast(ContactKind, _listed(entry.values, KIND) or "person"),
            _basis(entry.values, basis),
        )
    except BadField as bad:
        return Rejection(entry.line, bad.field, bad.code, entry.values)


def _key(values: Mapping[str, str], fields: Mapping[str, str | None]) -> str:
    key = values.get(KEY)
    if key and len(key) > _LONGEST_KEY:
        raise BadField(KEY, "too_long")
    if key:
        return key
    for field in ("phone", "email"):
        if fields.get(field):
            return f"{field}:{fields[field]}"
    raise BadField(KEY, "no_key")


def _listed(values: Mapping[str, str], target: str) -> str | None:
    if target not in values:
        return None
    value = value_of(target, values[target])
    if value is None:
        raise BadField(target, "unknown_value")
    return value


def _basis(values: Mapping[str, str], basis: LawfulBasis | None) -> LawfulBasis | None:
    """A row's own word goes before the import's; its proof may be the import's. Without a proof it is no basis."""
    kind = _listed(values, BASIS)
    proof = values.get(PROOF)
    if kind is None:
        return LawfulBasis(basis.kind, proof) if basis and proof else basis
    try:
        return lawful_basis(kind, proof or (basis.proof if basis and basis.kind == kind else None))
    except ImportFault:
        return None
