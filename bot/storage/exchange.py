"""Several prepared statements in one round trip, at libpq's own cost.

psycopg's pipeline makes a cursor, reads the query, asks the loop and calls the socket for every statement: for the
five statements of a turn that was half of the turn's time in this process. Here statements are prepared once on each
connection, sent together, and all their results are waited for once.
"""

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, Final
from uuid import UUID

from psycopg import errors, pq
from psycopg.types.json import Jsonb
from psycopg.waiting import Ready, Wait

from bot.storage.lines import Line

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``$1``, ``$2``, …; ``name`` is its own on a connection."""

    name: str
    sql: str


Step = tuple[Statement, Sequence[Any]] | bytes
"""A statement with its values, or a command such as ``BEGIN``."""

_JSONB = b"\x01"  # PostgreSQL's version of the binary form, which is text
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # from where PostgreSQL counts
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_ENCODED: Final[dict[type, tuple[int, Callable[[Any], bytes | None]]]] = {
    NoneType: (_TEXT, lambda _: None),
    bytes: (_BINARY, bytes),
    str: (_BINARY, str.encode),
    UUID: (_BINARY, lambda value: value.bytes),
    bool: (_TEXT, lambda value: b"t" if value else b"f"),
    int: (_TEXT, lambda value: b"%d" % value),
    datetime: (_TEXT, lambda value: value.isoformat().encode()),
    list: (_TEXT, lambda ids: ("{" + ",".join(map(str, ids)) + "}").encode()),
    Jsonb: (_BINARY, lambda value: _JSONB + _json(value.obj).encode()),
}
# By PostgreSQL's number of the type, from its binary form.
_DECODED: Final[dict[int, Callable[[bytes], Any]]] = {
    16: lambda value: value == b"\x01",
    17: bytes,
    23: lambda value: int.from_bytes(value, "big", signed=True),
    25: bytes.decode,
    1184: lambda value: _EPOCH + timedelta(microseconds=int.from_bytes(value, "big", signed=True)),
    2278: lambda _: None,  # void
    2950: lambda value: UUID(bytes=value),
    3802: lambda value: json.loads(value.removeprefix(_JSONB)),
}


class Connection(Line):
    """psycopg's connection, and :meth:`exchange`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: set[str] = set()

    async def exchange(self, *steps: Step) -> list[Row | None]:
        """Sends the steps together and gives the first row of each, ``None`` for a step without one.

        Values are of the types in ``_ENCODED`` (a list is one of ids), columns of those in ``_DECODED``. Raises the
        first error; the steps after it are not carried out then.
        """
        for step in steps:
            if isinstance(step, tuple) and step[0].name not in self._known:
                await self._prepare(step[0])
        self.pgconn.enter_pipeline_mode()
        try:
            for step in steps:
                _send(self.pgconn, step)
            self.pgconn.pipeline_sync()
            results = await self.wait(_results(self.pgconn))
        finally:
            self._leave_pipeline()
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise errors.error_from_result(result)
        return [_first_row(result) for result in results]

    async def _prepare(self, statement: Statement) -> None:
        try:
            await self.execute(f"PREPARE {statement.name} AS {statement.sql}".encode())
        except BaseException:  # broken off, say: whether the session has it now cannot be told
            self.pgconn.finish()
            raise
        self._known.add(statement.name)

    def _leave_pipeline(self) -> None:
        try:
            self.pgconn.exit_pipeline_mode()
        except errors.OperationalError:  # broken off, with results under way: nobody could use it any more
            self.pgconn.finish()


def _send(pgconn: pq.abc.PGconn, step: Step) -> None:
    match step:
        case bytes():
            pgconn.send_query_params(step, None)
        case statement, values:
            encoders = [_ENCODED[type(value)] for value in values]
            encoded = [encode(value) for (_, encode), value in zip(encoders, values, strict=True)]
            formats = [format_ for format_, _ in encoders]
            pgconn.send_query_prepared(statement.name.encode(), encoded, formats, _BINARY)


def _results(pgconn: pq.abc.PGconn) -> Generator[Wait, Ready | int, list[pq.abc.PGresult]]:
    """Sends what is not sent yet, then gives the results in order, up to the sync that ends them."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    results: list[pq.abc.PGresult] = []
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # stands between the results of two steps
            if pgconn.status == pq.ConnStatus.BAD:
                raise errors.OperationalError("the connection is lost")
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _first_row(result: pq.abc.PGresult) -> Row | None:
    if not result.ntuples:
        return None
    return tuple(_value(result, column) for column in range(result.nfields))


def _value(result: pq.abc.PGresult, column: int) -> Any:
    value = result.get_value(0, column)
    return None if value is None else _DECODED[result.ftype(column)](value)
