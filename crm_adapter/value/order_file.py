"""Orders in a file: CSV or XLSX, a row per order, or a row per line of an order with the same reference.

Columns: one or more of ``contact_id``, ``system`` with ``key``, ``phone``, ``email``; ``reference``, ``placed_at``
(ISO 8601, or as spreadsheets write it: 2026/1/5 8:30; without a zone it is China's time), ``amount`` (of the whole
order, as it is written: 129.00), ``currency`` (CNY), ``status`` (placed); ``sku``, ``name``, ``quantity`` (1) and
``line_amount`` for a line. Usual headers are recognised as those of contacts are, others can be named.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar, cast
from uuid import UUID

from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.mapping import Columns, Vocabulary, assign_columns
from crm_adapter.imports.reading import read_table
from crm_adapter.imports.rows import cells_of
from crm_adapter.imports.table import Limits
from crm_adapter.imports.words import value_of
from crm_adapter.port import BadField
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import NewOrder, OrderLine, OrderStatus
from crm_adapter.value.incoming import NOBODY, Incoming, Whose

_Value = TypeVar("_Value")
CHINA = timezone(timedelta(hours=8))
NEEDED = ("reference", "placed_at", "amount")
WHOSE = ("contact_id", "key", "phone", "email")
COLUMNS = (*WHOSE, *NEEDED, "system", "currency", "status", "sku", "name", "quantity", "line_amount")
ORDERS = Vocabulary(COLUMNS, "order_headers")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2})(:.*))?")
# ISO 4217: how many decimals a currency has, where it is not two.
_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}


@dataclass(frozen=True, slots=True)
class Rejected:
    """``line`` is the file's line, ``field`` the column and ``code`` the reason."""

    line: int
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Read:
    """``lines[i]`` is where ``orders[i]`` begins; a row that cannot be read keeps its whole order out."""

    columns: Columns
    orders: Sequence[Incoming]
    lines: Sequence[int]
    rejected: Sequence[Rejected]


def read_orders_file(
    content: bytes,
    source: str,
    limits: Limits,
    mapping: Mapping[str, str] | None = None,
    *,
    sheet: str | None = None,
    zone: timezone = CHINA,
) -> Read:
    """The file's orders; ``mapping`` overrides guesses, header to column.

    Raises :class:`ImportFault` as reading and mapping of contacts do, and ``import_no_column``, ``import_no_owner``.
    """
    table = read_table(content, limits, sheet)
    columns = assign_columns(table.headers, mapping or {}, ORDERS)
    _check(columns.targets)
    read: dict[str, tuple[int, Incoming]] = {}
    spoilt: set[str] = set()
    rejected = []
    for row in table.rows:
        values, fault = cells_of(columns, row)
        cells = {name: cell.strip() for name, cell in values.items() if cell.strip()}
        reference = cells.get("reference", "")
        try:
            if fault is not None:
                raise BadField(fault[0] or "row", fault[1])
            incoming = _incoming(cells, source, zone)
            earlier = read.get(reference)
            read[reference] = (row.line, incoming) if earlier is None else (earlier[0], _joined(earlier[1], incoming))
        except BadField as bad:
            rejected.append(Rejected(row.line, bad.field, bad.code))
            spoilt.add(reference)
    good = [found for reference, found in read.items() if reference not in spoilt]
    rejected += [Rejected(line, "reference", "other_row_rejected") for line, _ in _of(read, spoilt)]
    return Read(
        columns, [one for _, one in good], [line for line, _ in good], sorted(rejected, key=lambda one: one.line)
    )


def _of(read: dict[str, tuple[int, Incoming]], references: Iterable[str]) -> list[tuple[int, Incoming]]:
    return [read[reference] for reference in references if reference in read]


def _check(targets: Mapping[str, int]) -> None:
    needed = (*NEEDED, "system") if "key" in targets else NEEDED
    missing = [name for name in needed if name not in targets]
    if missing:
        raise ImportFault("import_no_column", columns=", ".join(missing))
    if not targets.keys() & set(WHOSE):
        raise ImportFault("import_no_owner", columns=", ".join(WHOSE))


def _incoming(cells: dict[str, str], source: str, zone: timezone) -> Incoming:
    for name in NEEDED:
        if name not in cells:
            raise BadField(name, "missing")
    currency = value_of("currency", cells.get("currency", "CNY")) or cells["currency"].upper()
    status = value_of("order_status", cells.get("status", "placed"))
    if status is None:
        raise BadField("status", "not_allowed")
    order = NewOrder(
        contact_id=NOBODY,
        source=source,
        reference=cells["reference"],
        placed_at=_moment(cells["placed_at"], zone),
        amount=_money("amount", cells["amount"], currency),
        currency=currency,
        status=cast(OrderStatus, status),
        lines=_lines(cells, currency),
    )
    return Incoming(_whose(cells), order)


def _whose(cells: dict[str, str]) -> Whose:
    contact_id = _converted("contact_id", cells["contact_id"], UUID) if "contact_id" in cells else None
    external_key = None
    if "key" in cells:
        if "system" not in cells:
            raise BadField("system", "missing")
        external_key = ExternalKey(cells["system"], cells["key"])
    return Whose(contact_id, external_key, cells.get("phone"), cells.get("email"))


def _lines(cells: dict[str, str], currency: str) -> tuple[OrderLine, ...]:
    if "sku" not in cells:
        return ()
    quantity = _converted("quantity", cells.get("quantity", "1"), int)
    amount = _money("line_amount", cells.get("line_amount", "0"), currency)
    return (OrderLine(cells["sku"], cells.get("name", ""), quantity, amount),)


def _joined(one: Incoming, other: Incoming) -> Incoming:
    """Two rows of one order, which must say the same of it."""
    if (one.whose, replace(one.order, lines=())) != (other.whose, replace(other.order, lines=())):
        raise BadField("reference", "rows_differ")
    return Incoming(one.whose, replace(one.order, lines=(*one.order.lines, *other.order.lines)))


def _moment(text: str, zone: timezone) -> datetime:
    if written := _DATE.fullmatch(text):
        year, month, day, hour, rest = written.groups()
        text = f"{year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}{rest}" if hour else "")
    moment = _converted("placed_at", text, datetime.fromisoformat)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _money(field: str, text: str, currency: str) -> int:
    try:
        minor = Decimal(text.replace(",", "")).scaleb(_DECIMALS.get(currency, 2))
        if minor.is_finite() and abs(minor) < 10**18 and minor == minor.to_integral_value():
            return int(minor)
    except ArithmeticError:
        pass
    raise BadField(field, "not_an_amount")


def _converted(field: str, text: str, convert: Callable[[str], _Value]) -> _Value:
    try:
        return convert(text)
    except ValueError:
        raise BadField(field, "not_allowed") from None
