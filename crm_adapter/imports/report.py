"""The rows that were rejected, for whoever mends the file; sealed, and gone after some weeks."""

import csv
import io
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.fault_texts import field_name
from crm_adapter.encryption import Keys, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.imports.orders import find_import
from crm_adapter.imports.tables import import_rejections
from crm_adapter.imports.words import reason_text, report_headers
from crm_adapter.spreadsheet import harmless

_PAGE = 500


async def rejected_csv(connection: AsyncConnection, keys: Keys, import_id: UUID, locale: str) -> AsyncIterator[bytes]:
    """The report in UTF-8 with a byte order mark, a piece at a time: line, field, code, reason, then the row.

    Cells that a spreadsheet would take for a formula are quoted. Raises
    :class:`~crm_adapter.port.UnknownRecord`.
    """
    order = await find_import(connection, keys, import_id)
    house = await house_key(connection, keys)
    columns = order.mapping
    yield b"\xef\xbb\xbf" + _line([*report_headers(locale), *columns])
    line = -1
    while True:
        query = (
            select(import_rejections)
            .where(import_rejections.c.import_id == import_id, import_rejections.c.line > line)
            .order_by(import_rejections.c.line)
            .limit(_PAGE)
        )
        rows = (await connection.execute(query)).all()
        page = b""
        for row in rows:
            line = row.line
            told = unseal_json(house, "import_rejections.sealed", row.id, row.sealed)
            reason = reason_text(told["code"], locale)
            field = field_name(told["field"], locale) if told["field"] else ""
            cells = [told["values"].get(target, "") for target in columns.values()]
            page += _line([str(line), field, told["code"], reason, *cells])
        if page:
            yield page
        if len(rows) < _PAGE:
            return


def _line(cells: list[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow([harmless(cell) for cell in cells])
    return written.getvalue().encode("utf-8", "replace")
