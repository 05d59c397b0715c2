"""Sends what is due: the head of each conversation's queue, under a lease that ends by itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import structlog

from bot.faults import places_of
from bot.outbox.deliverer import Again, Deliverer, Failed, Sent, Verdict
from bot.outbox.rows import COLUMNS, JOINS, Row, read_row
from bot.outbox.settling import ABANDONED, BEGIN, settle
from bot.storage.pool import Pool
from crm_adapter.encryption import Keys

log = structlog.get_logger(__name__)

LEASE_S = 60.0
AT_ONCE = 50
POLL_S = 1.0
FAREWELL_S = 15.0
"""What is under way when the process is told to stop may take so long."""

# Only the head: whatever stands before it, even with another one's lease, has to be settled first. What is settled
# stays so, and new rows come behind, so a head that this statement saw is one for as long as it is queued.
_CLAIM = f"""
WITH heads AS (
    SELECT o.message_id FROM bot.outbox o
     WHERE o.state = 'queued' AND o.due_at <= now() AND o.account = ANY(%(accounts)s)
       AND (o.lease_until IS NULL OR o.lease_until < now())
       AND NOT EXISTS (SELECT FROM bot.outbox e
                        WHERE e.conversation_id = o.conversation_id AND e.seq < o.seq
                          AND e.state IN ('queued', 'begun'))
     ORDER BY o.due_at LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED),
o AS (
    UPDATE bot.outbox c SET lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
      FROM heads WHERE c.message_id = heads.message_id
    RETURNING c.*)
SELECT {COLUMNS} FROM o {JOINS}
"""  # noqa: S608 - constants of this program


class Outbox:
    """``deliverers`` by the names of their accounts; any number of processes may have one of these at work."""

    def __init__(
        self,
        pool: Pool,
        keys: Keys,
        deliverers: Mapping[str, Deliverer],
        *,
        lease_s: float = LEASE_S,
        deadline_s: float = 86_400.0,
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._deliverers = deliverers
        self._lease_s = lease_s
        self._deadline_s = deadline_s
        self._news = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Looks at once; a hint that is lost costs a second."""
        self._news.set()

    async def run(self) -> NoReturn:
        """Sends for ever; an error is logged and the next look tries again. Cancelled, it ends what it has begun."""
        try:
            while True:
                self._news.clear()
                try:
                    full = await self.send_due()
                except Exception as error:
                    log.warning("the outbox cannot be read", reason=type(error).__name__)
                    full = False
                if full:
                    continue
                try:
                    async with asyncio.timeout(POLL_S):
                        await self._news.wait()
                except TimeoutError:
                    continue
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=FAREWELL_S)

    async def send_due(self) -> bool:
        """Begins to send what is due; whether there may be more that could be begun now."""
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return True
        async with self._pool.connection() as connection:
            if (abandoned := (await connection.execute(ABANDONED)).rowcount) > 0:
                log.warning("nobody knows whether these were sent", count=abandoned)
            values = {"accounts": list(self._deliverers), "limit": free, "lease_s": self._lease_s}
            claimed = await (await connection.execute(_CLAIM, values)).fetchall()
        for columns in claimed:
            task = asyncio.create_task(self._deliver(read_row(self._keys, columns)))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return len(claimed) == free

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.wake()  # the next one of its conversation

    async def _deliver(self, row: Row) -> None:
        try:
            with structlog.contextvars.bound_contextvars(trace_id=row.trace_id, account=row.account):
                await self._parts(row, self._deliverers[row.account])
        except Exception as error:  # its lease ends by itself
            log.error("a line could not be delivered", message=str(row.message_id), fault=places_of(error))

    async def _parts(self, row: Row, deliverer: Deliverer) -> None:
        messages = deliverer.messages(row) if row.body is not None else ()
        while row.parts < len(messages):
            hindered = Failed("unreachable") if row.unreachable else deliverer.hinders(row)
            if hindered is not None:
                await self._settle(row, hindered)
                return
            begun = await self._begin(row, deliverer.route)
            if begun is None:
                return  # cancelled meanwhile, or our lease was over
            verdict = await deliverer.send(begun, messages[begun.parts])
            if not isinstance(verdict, Sent):
                log.info("line not sent", message=str(row.message_id), verdict=type(verdict).__name__)
                await self._settle(begun, verdict)
                return
            acts = {kind: (at, sent + 1) for kind, (at, sent) in begun.acts.items()}
            row = replace(begun, parts=begun.parts + 1, acts=acts)
            await self._settle(row, verdict, more=row.parts < len(messages))
        if not messages or row.state == "queued":
            await self._settle(row, Sent())

    async def _begin(self, row: Row, route: str) -> Row | None:
        values = {"id": row.message_id, "lease": row.lease, "lease_s": self._lease_s, "route": route}
        async with self._pool.connection() as connection:
            found = await (await connection.execute(BEGIN, values)).fetchone()
        return replace(row, state="begun", lease=found[0], attempts=found[1]) if found else None

    async def _settle(self, row: Row, verdict: Verdict, *, more: bool = False) -> None:
        """As long as the lease lasts: what became of it is known here alone."""
        wait: Any = None
        if isinstance(verdict, Again):
            wait = verdict.after_s if verdict.after_s is not None else min(300.0, 2.0 ** min(row.attempts, 9))
        end = asyncio.get_running_loop().time() + self._lease_s / 2
        while True:
            try:
                async with self._pool.connection() as connection:
                    await settle(connection, row, verdict, wait_s=wait, deadline_s=self._deadline_s, more=more)
            except Exception as error:
                if asyncio.get_running_loop().time() > end:
                    raise
                log.warning("the outbox cannot be written", reason=type(error).__name__)
                await asyncio.sleep(1)
            else:
                return
