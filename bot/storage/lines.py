"""The lines that this process has to its database: when it ends, all of them can be cut.

Told to stop, everybody waits for a database that hangs in a way of their own: psycopg asks it to cancel and then for
an answer (5 s each), the job engine writes down how each job ended and says farewell, each time waiting for a pool to
lend it a connection (5 s again). One after the other that takes as long as nobody wants to wait for a server to stop.
A line that is cut answers at once, with an error; so do the waits for one.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Self
from weakref import WeakSet

import psycopg
import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import TupleRow

log = structlog.get_logger(__name__)

LAST_WORDS_S = 3.0
"""What a process has beyond its drain time to say farewell to the database."""
GIVE_UP_S = 4.0
"""What it has beyond its drain time in all. A promise to operators is built on it: see :class:`Ending`."""
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
        async with to_be_cut():
            return await super().connect(*args, **kwargs)

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:
        """As psycopg's; :class:`psycopg.OperationalError` when cut meanwhile."""
        async with to_be_cut():
            await super().cancel_safe(timeout=timeout)


class Ending:
    """The end of a process's work, as long as the work it ends is in the block: drain time, last words, and over.

    One deadline for all of it, whatever each part would wait for: what hangs on the database is let go of
    ``last_words_s`` after the drain time, and what hangs on anything else ``give_up_s`` after it. With the moment that
    the process takes to go, it is gone 5 s after its drain time, as the guide for operators says.
    """

    def __init__(self, last_words_s: float = LAST_WORDS_S, give_up_s: float = GIVE_UP_S) -> None:
        self._last_words_s = last_words_s
        self._give_up_s = give_up_s
        self._patience = asyncio.timeout(None)

    def begin(self, drain_s: float) -> None:
        """The drain time begins; to be called in the block."""
        loop = asyncio.get_running_loop()
        self._patience.reschedule(loop.time() + drain_s + self._give_up_s)
        loop.call_later(drain_s + self._last_words_s, _let_go)

    async def __aenter__(self) -> Self:
        await self._patience.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> bool:
        try:
            await self._patience.__aexit__(*raised)
        except TimeoutError:
            left = sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})
            log.error("gave up what does not end", left=left)
            return True
        return False


def _let_go(*, first: bool = True) -> None:
    """Again and again until the loop is closed: whoever is cancelled at the very end might ask the database again."""
    loop = asyncio.get_running_loop()
    count = sum(cut(line) for line in list(_lines)) + len(_waits)
    while _waits:
        _waits.pop().reschedule(loop.time())
    if count and first:
        log.warning("cut what still waited for the database", count=count)
    loop.call_later(_AGAIN_S, partial(_let_go, first=False))


def cut(line: AsyncConnection[Any]) -> bool:
    """Ends what the line waits for with :class:`psycopg.OperationalError`; whether there was anything to cut."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(line.fileno())) as way:
        way.shutdown(socket.SHUT_RDWR)
        return True
    return False


@asynccontextmanager
async def to_be_cut() -> AsyncIterator[None]:
    """For a wait that is on no line yet: :class:`psycopg.OperationalError` when the process ends meanwhile."""
    wait = asyncio.timeout(None)
    try:
        async with wait:
            _waits.add(wait)
            yield
    except TimeoutError:
        raise OperationalError("the process ends, and the database does not answer") from None
    finally:
        _waits.discard(wait)
