"""Tables as XLSX: read a row at a time, with what a person would have typed in each cell."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException

from crm_adapter.imports.errors import ImportFault
from crm_adapter.imports.table import Limits, Row

_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_EXACT = 10**15
"""Excel keeps 15 digits of a number: of a longer one, such as an ID number, the last are zeros."""
# What the reader raises for parts that are no workbook's.
_BROKEN = (
    zipfile.BadZipFile, ParseError, DefusedXmlException, KeyError, ValueError, TypeError,
    ArithmeticError, IndexError, AttributeError, EOFError, OSError, NotImplementedError, zlib.error,
)  # fmt: skip


def is_workbook(content: bytes) -> bool:
    """Whether it is a ZIP file, which an XLSX is and no text."""
    return content.startswith(b"PK\x03\x04")


def read_workbook(content: bytes, limits: Limits, sheet: str | None) -> Iterator[Row]:
    """The rows of the sheet of that name, or of the first.

    Raises :class:`ImportFault` ``import_bad_workbook``, ``import_unpacks_too_large``, ``import_unknown_sheet``.
    """
    import openpyxl  # 10 MB that a server without imports need not carry

    if not openpyxl.DEFUSEDXML:  # an old-style XML bomb would otherwise get through
        raise RuntimeError("openpyxl does not use defusedxml")
    _check_size(content, limits)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except _BROKEN:
        raise ImportFault("import_bad_workbook") from None
    names = [one.title for one in book.worksheets]
    if not names or (sheet is not None and sheet not in names):
        raise ImportFault("import_unknown_sheet", sheet=sheet or "", sheets=", ".join(names)[:300])
    return _rows(book[sheet or names[0]], limits)


def _check_size(content: bytes, limits: Limits) -> None:
    """What the parts say they come to is what they are read to: zipfile stops there."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except _BROKEN:
        raise ImportFault("import_bad_workbook") from None
    if unpacked > limits.unpacked_bytes:
        raise ImportFault("import_unpacks_too_large", limit=limits.unpacked_bytes)


def _rows(sheet: Any, limits: Limits) -> Iterator[Row]:
    line = 0
    try:
        # What the file says of its size may be wrong; one column more than allowed shows that there are too many.
        sheet.reset_dimensions()
        for line, values in enumerate(sheet.iter_rows(values_only=True, max_col=limits.columns + 1), 1):
            faults: dict[int, str] = {}
            yield Row(line, [_typed(value, column, faults) for column, value in enumerate(values)], faults)
    except _BROKEN:
        raise ImportFault("import_bad_workbook", line + 1) from None


def _typed(value: object, column: int, faults: dict[int, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        if value in _ERRORS:
            faults[column] = "cell_error"
        return value.strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            faults[column] = "digits_lost"
        return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)
