"""The lines that this process has to its database: when it ends, all of them can be cut.

Told to stop, everybody waits for a database that hangs in a way of their own: psycopg asks it to cancel and then for
an answer (5 s each), a pool waits for those who connect, the job engine says farewell. One after the other that takes
as long as nobody wants to wait for a server to stop. A line that is cut answers at once, with an error.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import psycopg
import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import TupleRow

log = structlog.get_logger(__name__)

LAST_WORDS_S = 3.0
"""What a process has beyond its drain time to say farewell to the database."""
_AGAIN_S = 0.2

_lines: "WeakSet[Line]" = WeakSet()
_waits: set[asyncio.Timeout] = set()


class Line(AsyncConnection[TupleRow]):
    """psycopg's connection, known to its process: :class:`Ending` finds it, or whoever waits to be connected."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _lines.add(self)

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """As psycopg's; :class:`psycopg.OperationalError` when cut meanwhile."""
        async with _to_be_cut():
            return await super().connect(*args, **kwargs)

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:
        """As psycopg's; :class:`psycopg.OperationalError` when cut meanwhile."""
        async with _to_be_cut():
            await super().cancel_safe(timeout=timeout)


class Ending:
    """The end of a process's work: from a time on, every line is cut until the block is left."""

    def __init__(self) -> None:
        self._next: asyncio.TimerHandle | None = None

    def begin(self, within_s: float) -> None:
        """Whoever still has, or makes, a line after so long loses it."""
        self._next = asyncio.get_running_loop().call_later(within_s, self._cut_all)

    def _cut_all(self) -> None:
        count = sum(cut(line) for line in list(_lines)) + len(_waits)
        now = asyncio.get_running_loop().time()
        while _waits:
            _waits.pop().reschedule(now)
        if count:
            log.warning("cut what still waited for the database", count=count)
        self.begin(_AGAIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._next is not None:
            self._next.cancel()


def cut(line: AsyncConnection[Any]) -> bool:
    """Ends what the line waits for with :class:`psycopg.OperationalError`; whether there was anything to cut."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(line.fileno())) as way:
        way.shutdown(socket.SHUT_RDWR)
        return True
    return False


@asynccontextmanager
async def _to_be_cut() -> AsyncIterator[None]:
    wait = asyncio.timeout(None)
    try:
        async with wait:
            _waits.add(wait)
            yield
    except TimeoutError:
        raise OperationalError("the process ends, and the database does not answer") from None
    finally:
        _waits.discard(wait)
