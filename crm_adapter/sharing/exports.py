"""An approved use carried out: who may be in it is checked and logged, then the rows are made (PR2, PR3)."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from crm_adapter.encryption import Keys
from crm_adapter.port import UnknownRecord
from crm_adapter.records.customers import Contact
from crm_adapter.records.value import Order, Tag
from crm_adapter.sharing.deidentify import FIGURES, coarse, smallest_group
from crm_adapter.sharing.transfers import ConsentCheck
from crm_adapter.sharing.uses import Use
from crm_adapter.spreadsheet import harmless

PAGE = 1000


class Source(ConsentCheck, Protocol):
    """The part of the port that an export reads."""

    async def contact(self, contact_id: UUID) -> Contact:
        """The contact, or the one it was merged into."""
        ...

    async def orders(self, contact_id: UUID) -> Sequence[Order]:
        """Of the whole family."""
        ...

    async def tags(self, contact_id: UUID) -> Sequence[Tag]:
        """By name."""
        ...

    async def segment_members(
        self, condition: Mapping[str, object], *, after: UUID | None = None, limit: int = 1000
    ) -> Sequence[UUID]:
        """Their ids in order, in pages."""
        ...


@dataclass(frozen=True, slots=True)
class UseResult:
    """What an approved use gave. ``smallest_group`` is the k of k-anonymity over the exported columns."""

    use_id: UUID
    content: bytes
    rows: int
    left_out: int
    smallest_group: int


async def audience(source: Source, use: Use) -> list[UUID]:
    """Everybody the use asks for, each once, in order."""
    if use.asked.contact_ids is not None:
        return sorted(set(use.asked.contact_ids))
    found: list[UUID] = []
    condition = use.asked.segment or {}
    while True:
        page = await source.segment_members(condition, after=found[-1] if found else None, limit=PAGE)
        found.extend(page)
        if len(page) < PAGE:
            return found


async def make_csv(source: Source, keys: Keys, use: Use, contact_ids: Sequence[UUID], left_out: int) -> UseResult:
    """The rows as CSV in UTF-8 with a byte order mark, which spreadsheets need for Chinese.

    ``row`` is the contact's id, or in a de-identified use a pseudonym of this use alone: two exports cannot be joined
    by it. Who was erased since the check is missing.
    """
    rows: list[dict[str, str]] = []
    for contact_id in contact_ids:
        try:
            rows.append(await _row(source, keys, use, contact_id))
        except UnknownRecord:
            left_out += 1
    out = io.StringIO()
    writer = csv.DictWriter(out, ("row", *use.asked.fields), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    content = out.getvalue().encode("utf-8-sig")
    return UseResult(use.id, content, len(rows), left_out, smallest_group(rows, use.asked.fields))


async def _row(source: Source, keys: Keys, use: Use, contact_id: UUID) -> dict[str, str]:
    contact = await source.contact(contact_id)
    hidden = use.asked.deidentified
    row = {"row": keys.blind("use", str(use.id), str(contact.id)).hex() if hidden else str(contact.id)}
    figures: Mapping[str, Any] = {}
    if set(use.asked.fields) & set(FIGURES):
        figures = await _figures(source, contact.id)
    for field in use.asked.fields:
        if field in FIGURES:
            row[field] = figures[field]
        else:
            fact = contact.facts.get(field)
            value = fact.value if fact else None
            row[field] = coarse(field, value) if hidden else value or ""
    return row


async def _figures(source: Source, contact_id: UUID) -> Mapping[str, str]:
    orders, sums = await source.orders(contact_id), dict[str, int]()
    for order in orders:
        sums[order.currency] = sums.get(order.currency, 0) + order.amount
    return {
        "orders": str(len(orders)),
        "amount": "; ".join(f"{currency} {amount / 100:.2f}" for currency, amount in sorted(sums.items())),
        "tags": "; ".join(tag.name for tag in await source.tags(contact_id)),
    }
