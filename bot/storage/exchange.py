"""Several prepared statements in one round trip, at libpq's own cost.

psycopg's pipeline makes a cursor, reads the query, asks the loop and calls the socket for every statement: for the
five statements of a turn that was half of the turn's time in this process. Here statements are prepared once on each
connection, sent together, and all their results are waited for once.
"""

import struct
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, Final
from uuid import UUID

from psycopg import abc, errors, pq
from psycopg.adapt import Transformer
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

# Looked up once: an enumeration finds its member anew every time it is named.
_BINARY, _FAILED, _SYNC = pq.Format.BINARY, pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_SYNC
_BAD = pq.ConnStatus.BAD
_READ, _READ_OR_WRITE, _READABLE = Wait.R, Wait.RW, Ready.R
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # from where PostgreSQL counts
_MICROSECOND = timedelta(microseconds=1)
_BYTEA, _UUID = 17, 2950  # PostgreSQL's numbers of the types
_int4, _int8, _float8 = struct.Struct(">i").pack, struct.Struct(">q").pack, struct.Struct(">d").pack
_no_items, _array_head = struct.Struct(">3i").pack, struct.Struct(">5i").pack


def _id(value: UUID) -> bytes:
    return value.int.to_bytes(16, "big")


def _array(kind: int, items: Sequence[bytes]) -> bytes:
    """Of one dimension, without NULLs."""
    if not items:
        return _no_items(0, 0, kind)
    parts = [_array_head(1, 0, kind, len(items), 1)]
    for item in items:
        parts += (_int4(len(item)), item)
    return b"".join(parts)


# Into PostgreSQL's binary forms.
_ENCODED: Final[dict[type, Callable[[Any], bytes | None]]] = {
    NoneType: lambda _: None,
    bytes: bytes,
    str: str.encode,
    UUID: _id,
    bool: lambda value: b"\x01" if value else b"\x00",
    int: _int4,
    float: _float8,
    datetime: lambda value: _int8((value - _EPOCH) // _MICROSECOND),
    list: lambda ids: _array(_UUID, [*map(_id, ids)]),
    tuple: lambda contents: _array(_BYTEA, contents),
}


class Connection(Line):
    """psycopg's connection, and :meth:`exchange`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: set[str] = set()
        self._readers: dict[str, abc.Transformer] = {}

    async def exchange(self, *steps: Step) -> list[Row | None]:
        """Sends the steps together and gives the first row of each, ``None`` for a step without one.

        Values are of the types in ``_ENCODED`` (an int has four bytes, a list is one of ids, a tuple one of bytes).
        Raises the first error; the steps after it are not carried out then.
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
            if result.status == _FAILED:
                raise errors.error_from_result(result)
        return [self._first_row(step, result) for step, result in zip(steps, results, strict=True)]

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

    def _first_row(self, step: Step, result: pq.abc.PGresult) -> Row | None:
        if isinstance(step, bytes) or not result.ntuples:
            return None
        # A prepared statement's columns never change: only its first result is asked for their types.
        reader = self._readers.get(step[0].name)
        if reader is None:
            reader = self._readers[step[0].name] = Transformer(self)
            reader.set_pgresult(result)
        else:
            reader.set_pgresult(result, set_loaders=False)
        row = reader.load_row(0, tuple)
        reader.set_pgresult(None, set_loaders=False)  # what it holds it would hold for as long as the connection lives
        return row


def _send(pgconn: pq.abc.PGconn, step: Step) -> None:
    if isinstance(step, bytes):
        pgconn.send_query_params(step, None)
        return
    statement, values = step
    encoded = [_ENCODED[type(value)](value) for value in values]
    pgconn.send_query_prepared(statement.name.encode(), encoded, [_BINARY] * len(encoded), _BINARY)


def _results(pgconn: pq.abc.PGconn) -> Generator[Wait, Ready | int, list[pq.abc.PGresult]]:
    """Sends what is not sent yet, then gives the results in order, up to the sync that ends them."""
    while pgconn.flush():
        if (yield _READ_OR_WRITE) & _READABLE:
            pgconn.consume_input()
    results: list[pq.abc.PGresult] = []
    while True:
        while pgconn.is_busy():
            if (yield _READ):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # stands between the results of two steps
            if pgconn.status == _BAD:
                raise errors.OperationalError("the connection is lost")
            continue
        if result.status == _SYNC:
            return results
        results.append(result)
