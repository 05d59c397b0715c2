"""Reads a file as a table, within its limits."""

import unicodedata
from collections.abc import Iterator

from crm_adapter.imports.delimited import read_delimited
from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.table import Limits, Row, Table
from crm_adapter.imports.workbook import is_workbook, read_workbook

_LONGEST_HEADER, _LONGEST_CELL = 200, 5000


def read_table(content: bytes, limits: Limits, sheet: str | None = None) -> Table:
    """The table in a file; blank rows are left out.

    Raises :class:`ImportFault` ``import_file_too_large``, ``import_empty``, ``import_bad_headers`` and what the forms
    raise.
    """
    if len(content) > limits.file_bytes:
        raise ImportFault("import_file_too_large", limit=limits.file_bytes)
    rows = read_workbook(content, limits, sheet) if is_workbook(content) else read_delimited(content)
    filled = _bounded(rows, limits)
    first = next(filled, None)
    if first is None:
        raise ImportFault("import_empty")
    return Table(_headers(first), _of_width(filled, len(first.cells)))


def _bounded(rows: Iterator[Row], limits: Limits) -> Iterator[Row]:
    count = -1  # the headers are no row
    for row in rows:
        while row.cells and not row.cells[-1]:
            row.cells.pop()
        if not row.cells:
            continue
        if len(row.cells) > limits.columns:
            raise ImportFault("import_too_many_columns", row.line, limit=limits.columns)
        if max(map(len, row.cells)) > _LONGEST_CELL:
            raise ImportFault("import_cell_too_long", row.line, limit=_LONGEST_CELL)
        count += 1
        if count > limits.rows:
            raise ImportFault("import_too_many_rows", row.line, limit=limits.rows)
        yield row


def _headers(row: Row) -> tuple[str, ...]:
    headers = tuple(unicodedata.normalize("NFC", " ".join(cell.split())) for cell in row.cells)
    if max(map(len, headers)) > _LONGEST_HEADER or any(not one.isprintable() for one in headers):
        raise ImportFault("import_bad_headers", row.line)
    return headers


def _of_width(rows: Iterator[Row], width: int) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) > width:
            row.faults[width] = "too_many_cells"
        row.cells.extend([""] * (width - len(row.cells)))
        yield row
