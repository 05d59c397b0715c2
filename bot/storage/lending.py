"""A psycopg connection lent to SQLAlchemy: what is written through either is one transaction, which its owner ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Self

from psycopg import AsyncCursor
from psycopg.rows import TupleRow
from sqlalchemy.dialects.postgresql.psycopg import AsyncAdapt_psycopg_connection, AsyncAdapt_psycopg_cursor
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.storage.pool import Connection

_ENDING = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE"})
_lent: ContextVar[Connection] = ContextVar("lent")


class NotYours(Exception):
    """Whoever borrows a connection works within its owner's transaction, and may neither commit it nor roll it back."""

    code = "transaction_not_yours"


class _Guarded(AsyncCursor[TupleRow]):
    """Refuses what would end the transaction or begin another one."""

    async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        words = str(query).split(None, 2)
        if words and words[0].upper() in _ENDING and (len(words) < 2 or words[1].upper() != "TO"):
            raise NotYours("the transaction is not yours to begin or to end")
        return await super().execute(query, *args, **kwargs)


class _Cursor(AsyncAdapt_psycopg_cursor):
    __slots__ = ()

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Guarded(connection)


class _Borrowed(AsyncAdapt_psycopg_connection):
    """The lent connection in SQLAlchemy's clothes; giving it back leaves connection and transaction as they are."""

    __slots__ = ("ending",)

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.ending = True

    def cursor(self, name: Any = None, /) -> Any:
        if name:
            raise NotYours("server-side cursors outlive what they were lent for")
        return _Cursor(self)

    def add_notice_handler(self, handler: Any) -> None:
        """Its owner hears its notices; a handler of ours would stay on it."""

    def set_autocommit(self, value: Any) -> None:
        raise NotYours("the transaction is not yours to change")

    def commit(self) -> None:
        raise NotYours("the transaction is not yours to commit")

    def rollback(self) -> None:
        # SQLAlchemy says this when it has read the server's version and when the connection is given back.
        if not self.ending:
            raise NotYours("the transaction is not yours to roll back")

    def close(self) -> None:
        """The owner closes it."""


class Lender:
    """SQLAlchemy over psycopg connections of others. Reads the server's version once, on the first connection lent."""

    def __init__(self) -> None:
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://",
            creator=lambda: _Borrowed(self._engine.dialect.dbapi, _lent.get()),
            poolclass=NullPool,
            use_native_hstore=False,  # else every start would look for the extension's types
            hide_parameters=True,  # an error message would quote what customers wrote
        )

    @asynccontextmanager
    async def lend(self, connection: Connection) -> AsyncIterator[AsyncConnection]:
        """``connection``, which has a transaction open and is not in pipeline mode, for the block.

        No round trip of its own. In the block, ``commit`` and ``rollback`` raise :class:`NotYours`; savepoints
        (``begin_nested``) do as usual, and ``get_raw_connection().driver_connection`` is ``connection`` itself.
        """
        token = _lent.set(connection)
        try:
            borrower = await self._engine.connect()
        finally:
            _lent.reset(token)
        raw: Any = (await borrower.get_raw_connection()).dbapi_connection
        raw.ending = False
        try:
            yield borrower
        finally:
            raw.ending = True
            await borrower.close()
