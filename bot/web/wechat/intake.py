"""Pushes on their way to their turns: each user's in order, each once at a time, none acknowledged that is not safe.

A push is safe once its turn is committed, or once it is in the spool. While the store is away, pushes go to the spool
as they come, and from there to their turns in the same order; what comes behind a spooled push of the same user goes
behind it, also when the store is back by then, and also where another process holds it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import NoReturn

import structlog
from psycopg.errors import LockNotAvailable

from bot.domain.message import Taken
from bot.faults import places_of
from bot.spool.spool import Record, Spool, SpoolFault
from bot.turns.take import TurnUnavailable
from bot.web.wechat.arrived import Arrived, read_arrived
from bot.web.wechat.lines import Entry, Line, is_older, new_future
from crm_adapter.encryption import Keys

log = structlog.get_logger(__name__)

Work = Callable[[Arrived], Awaitable[Taken | None]]
"""Takes a push through its turn; ``None`` for one that has none. Raises :class:`~bot.turns.take.TurnUnavailable`."""
AT_ONCE = 8
"""So many pushes from the spool go to their turns beside those that come in."""
LOOK_S = 1.0
"""How often it is looked for what processes that are gone have left."""
PROBE_S = 0.25
"""How often a store that is away is asked."""
BEHIND_S, BEHIND_FOR_S = 0.1, 60.0
"""How often it is looked whether another process still holds what goes before, and for how long that counts."""
AGAIN_S = 0.5
BREAKS = 3
"""So often a push may break what takes it, for no reason of the store's, before it is put aside."""


class Intake:
    """One per process. ``probe`` returns when the store answers, and raises when it does not."""

    def __init__(self, spool: Spool, keys: Keys, work: Work, probe: Callable[[], Awaitable[None]]) -> None:
        self._spool = spool
        self._keys = keys
        self._work = work
        self._probe = probe
        self._entries: dict[bytes, Entry] = {}
        self._lines: dict[bytes, Line] = {}
        self._there = asyncio.Event()
        self._there.set()
        self._news = asyncio.Event()
        self._from_spool = asyncio.Semaphore(AT_ONCE)

    def take(self, arrived: Arrived) -> Entry:
        """The push on its way; another delivery of it joins the one that is."""
        name = self._keys.blind("push", arrived.account, arrived.push.external_id)
        entry = self._entries.get(name)
        if entry is None:
            line = self._line(self._keys.blind("pusher", arrived.account, arrived.push.openid))
            entry = self._entries[name] = Entry(name, line, arrived, new_future())
            self._queue(entry, len(line.entries))
            if line.entries[0].putting is not None or line.entries[0].record is not None:
                self._begin_to_put(entry)
        return entry

    async def keep(self, entry: Entry) -> None:
        """It may be acknowledged when this returns. Raises :class:`~bot.turns.take.TurnUnavailable`."""
        if entry.settled.done():
            entry.settled.result()
        else:
            await self._put(entry)

    async def run(self) -> NoReturn:
        """Takes over what processes that are gone have left, and finds out when the store is back; for ever."""
        while True:
            self._news.clear()
            try:
                for record in await self._spool.take_over():
                    self._adopt(record)
            except Exception as error:
                log.warning("the spool cannot be looked into", reason=type(error).__name__)
            if self._there.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._news.wait()
            elif await self._answers():
                log.info("the store is back", spooled=self._spool.waiting)
                self._there.set()
            else:
                await asyncio.sleep(PROBE_S)

    async def close(self) -> None:
        """Ends what is under way; what is not settled by then was not acknowledged, or is in the spool."""
        tasks = [line.work for line in self._lines.values() if line.work is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._spool.close()

    async def _answers(self) -> bool:
        try:
            await self._probe()
        except Exception as error:
            log.debug("the store is away", reason=type(error).__name__)
            return False
        return True

    def _adopt(self, record: Record) -> None:
        entry = Entry(record.name, self._line(record.line), None, new_future(), record)
        self._entries.setdefault(record.name, entry)
        # What another process has left is older than what has come to us, but not than what is being worked on.
        place = len(entry.line.entries)
        while place > entry.line.is_busy and not is_older(entry.line.entries[place - 1], record):
            place -= 1
        self._queue(entry, place)

    def _line(self, name: bytes) -> Line:
        return self._lines.get(name) or self._lines.setdefault(name, Line(name))

    def _queue(self, entry: Entry, place: int) -> None:
        line = entry.line
        line.entries.insert(place, entry)
        if line.work is None:
            line.work = asyncio.create_task(self._work_off(line))
            line.work.add_done_callback(partial(self._ended, line))

    async def _work_off(self, line: Line) -> None:
        while line.entries:
            entry = line.entries[0]
            try:
                if not await self._comes(entry):
                    continue
                line.is_busy = True
                await self._settle(entry)
            except TurnUnavailable as fault:
                entry.settled.set_exception(fault)
                entry.settled.exception()  # perhaps nobody waits for it
            line.is_busy = False
            line.entries.remove(entry)
            if self._entries.get(entry.name) is entry:
                del self._entries[entry.name]
        del self._lines[line.name]

    async def _comes(self, entry: Entry) -> bool:
        """Whether it is the entry's turn: at once for what has just come, unless something goes before it, which is
        then waited for in the spool."""
        if self._there.is_set() and not self._waits(entry):
            return True
        if entry.record is None:
            await self._put_line(entry.line)
        else:
            self._news.set()  # whoever holds what is before it may be gone
            await self._there.wait()
            await asyncio.sleep(BEHIND_S)
        return False

    def _waits(self, entry: Entry) -> bool:
        """Whether another process holds what goes before it, and has not done so for too long: one that lives and does
        not get on must not keep its users from being heard for ever."""
        if not self._spool.is_behind(entry.line.name, entry.record):
            return False
        now = asyncio.get_running_loop().time()
        entry.behind_since = entry.behind_since or now
        if now - entry.behind_since < BEHIND_FOR_S:
            return True
        log.error("another process holds what goes before a push, and does not get on")
        return False

    async def _settle(self, entry: Entry) -> None:
        while not entry.settled.done():
            async with self._from_spool if entry.record is not None else nullcontext():
                await self._try(entry)
            if not entry.settled.done() and entry.record is not None:
                await self._there.wait()

    def _ended(self, line: Line, work: "asyncio.Task[None]") -> None:
        if not work.cancelled() and (fault := work.exception()):
            log.error("a user's line broke", fault=places_of(fault))
        if self._lines.get(line.name) is line:
            del self._lines[line.name]
        for entry in line.entries:
            entry.settled.cancel()
            if self._entries.get(entry.name) is entry:
                del self._entries[entry.name]

    async def _try(self, entry: Entry) -> None:
        try:
            taken = await self._work(entry.arrived or await self._read(entry))
        except TurnUnavailable as fault:
            # A long turn of somebody else's may have the conversation: then the store is there.
            await self._later(entry, is_away=not isinstance(fault.__cause__, LockNotAvailable))
        except Exception as fault:
            where = places_of(fault)
            log.error("a push broke what takes it", breaks=entry.breaks + 1, fault=where)
            if not await self._answers():
                await self._later(entry, is_away=True)
                return
            entry.breaks += 1
            if entry.breaks < BREAKS:
                await asyncio.sleep(AGAIN_S)
                return
            await self._put(entry)
            await self._end(entry, None, aside=where)
        else:
            await self._end(entry, taken)

    async def _later(self, entry: Entry, *, is_away: bool) -> None:
        if is_away:
            self._there.clear()
            self._news.set()
        await self._put_line(entry.line)

    async def _read(self, entry: Entry) -> Arrived:
        if entry.record is None:
            raise ValueError("nothing was kept")
        return read_arrived(await self._spool.content(entry.record))

    async def _end(self, entry: Entry, taken: Taken | None, *, aside: str | None = None) -> None:
        entry.settled.set_result(taken)
        if entry.putting is not None:
            with suppress(TurnUnavailable):
                await self._put(entry)
        if entry.record is not None:
            await self._spool.settle(entry.record, aside)

    async def _put_line(self, line: Line) -> None:
        """With the first, what is behind it goes to the spool, or another process would let later pushes overtake it.

        Raises :class:`~bot.turns.take.TurnUnavailable` when the first one cannot be put there.
        """
        first, *others = line.entries
        for entry in line.entries:
            self._begin_to_put(entry)
        await self._put(first)
        await asyncio.gather(*map(self._put, others), return_exceptions=True)

    async def _put(self, entry: Entry) -> None:
        while entry.record is None:
            self._begin_to_put(entry)
            assert entry.putting is not None  # noqa: S101 - it has just been begun
            try:
                entry.record = await asyncio.shield(entry.putting)
            except SpoolFault as fault:
                entry.putting = None
                log.error("a push cannot be spooled", reason=fault.reason)
                raise TurnUnavailable from fault
            entry.arrived = None

    def _begin_to_put(self, entry: Entry) -> None:
        """In the order of these calls they stand in the spool."""
        if entry.record is None and entry.putting is None and entry.arrived is not None:
            put = self._spool.put(entry.line.name, entry.name, entry.arrived.written())
            entry.putting = asyncio.create_task(put)
            entry.putting.add_done_callback(_retrieve)


def _retrieve(put: "asyncio.Task[Record]") -> None:
    """Whoever wanted it on disk may be gone."""
    if not put.cancelled():
        put.exception()
