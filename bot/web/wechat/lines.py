"""What each user has sent and nobody has taken care of yet."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from bot.domain.message import Taken
from bot.spool.spool import Record
from bot.web.wechat.arrived import Arrived


@dataclass(slots=True, eq=False)
class Entry:
    """A push until it is taken care of. ``settled`` gives what came of it, or raises
    :class:`~bot.turns.take.TurnUnavailable` when it could not even be spooled: nothing is known of it then."""

    name: bytes
    line: "Line"
    arrived: Arrived | None
    """``None`` where it stands in the spool alone."""
    settled: "asyncio.Future[Taken | None]"
    record: Record | None = None
    putting: "asyncio.Task[Record] | None" = None
    breaks: int = 0
    behind_since: float = 0.0


@dataclass(slots=True, eq=False)
class Line:
    """What a user has sent, oldest first; where it is busy, the first is on its turn."""

    name: bytes
    entries: deque[Entry] = field(default_factory=deque)
    work: "asyncio.Task[None] | None" = None
    is_busy: bool = False


def is_older(entry: Entry, record: Record) -> bool:
    """Whether the entry stands in the spool, before ``record``."""
    return entry.record is not None and entry.record.stamp < record.stamp


def new_future() -> "asyncio.Future[Taken | None]":
    """Of the loop that runs."""
    return asyncio.get_running_loop().create_future()
