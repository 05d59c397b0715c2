"""Sends what is due: the head of each customer's queue, under a lease that ends by itself."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from psycopg import Rollback

from bot.faults import places_of
from bot.outbox.deliverer import Again, Deliverer, Failed, Sent, Shut, Smaller, Step, Verdict, Waiting
from bot.outbox.rounds import LEASE_S, Rounds
from bot.outbox.rows import COLUMNS, JOINS, Row, read_row
from bot.outbox.settling import ABANDONED, BEGIN, FORGOTTEN, Settlement, settle
from bot.storage.pool import Connection, Pool
from crm_adapter.encryption import Keys

log = structlog.get_logger(__name__)

AT_ONCE = 50
POLL_S = 1.0
MOST_BEHIND = 30
"""So many lines at once are looked at for what fits into few messages."""
SWEEP_S = 30.0
"""So often lines are looked for that waited too long."""

# Only the head: whatever stands before it, in whichever conversation of the customer and even with another one's lease,
# has to be settled first. What is settled stays so, and new rows come behind, so a head that this statement saw is one
# for as long as it is queued.
_CLAIM = f"""
WITH heads AS (
    SELECT o.message_id FROM bot.outbox o
     WHERE o.state = 'queued' AND o.due_at <= now() AND o.account = ANY(%(accounts)s)
       AND (o.lease_until IS NULL OR o.lease_until < now())
       AND NOT EXISTS (SELECT FROM bot.conversations mine
                         JOIN bot.conversations one ON one.identity_id = mine.identity_id
                         JOIN bot.outbox e ON e.conversation_id = one.id
                        WHERE mine.id = o.conversation_id AND e.seq < o.seq
                          AND e.state IN ('queued', 'begun') AND e.due_at IS NOT NULL)
     ORDER BY o.due_at LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED),
o AS (
    UPDATE bot.outbox c SET lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
      FROM heads WHERE c.message_id = heads.message_id
    RETURNING c.*)
SELECT {COLUMNS} FROM o {JOINS}
"""  # noqa: S608 - constants of this program
# What is not due yet may still go out in the answer to a push; nothing goes before it.
_BEHIND = f"""
SELECT {COLUMNS} FROM bot.outbox o {JOINS}
 WHERE o.conversation_id IN (SELECT t.id FROM bot.conversations t WHERE t.identity_id = %(identity)s)
   AND o.seq > %(seq)s AND o.state = 'queued' AND o.due_at <= now()
   AND (o.lease_until IS NULL OR o.lease_until < now())
   AND NOT EXISTS (SELECT FROM bot.conversations t JOIN bot.outbox e ON e.conversation_id = t.id
                    WHERE t.identity_id = %(identity)s AND e.seq > %(seq)s AND e.seq < o.seq
                      AND e.state IN ('queued', 'begun')
                      AND (e.due_at > now() OR e.lease_until >= now()))
 ORDER BY o.seq LIMIT %(limit)s
"""  # noqa: S608 - constants of this program


class Outbox(Rounds):
    """``deliverers`` by the names of their accounts."""

    def __init__(
        self,
        pool: Pool,
        keys: Keys,
        deliverers: Mapping[str, Deliverer],
        *,
        lease_s: float = LEASE_S,
        deadline_s: float = 86_400.0,
    ) -> None:
        super().__init__("the outbox", most=AT_ONCE, pause_s=POLL_S, lease_s=lease_s)
        self._pool = pool
        self._keys = keys
        self._deliverers = deliverers
        self._deadline_s = deadline_s
        self._swept_at = float("-inf")

    async def send_due(self) -> bool:
        """See :meth:`Rounds.send_due`."""
        free = self._room
        if free <= 0:
            return False
        async with self._pool.connection() as connection:
            if (abandoned := (await connection.execute(ABANDONED)).rowcount) > 0:
                log.warning("nobody knows whether these were sent", count=abandoned)
            await self._sweep(connection)
            values = {"accounts": list(self._deliverers), "limit": free, "lease_s": self._lease_s}
            claimed = await (await connection.execute(_CLAIM, values)).fetchall()
        for columns in claimed:
            self._begin_to(self._deliver(read_row(self._keys, columns)))
        return len(claimed) == free

    async def _sweep(self, connection: Connection) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._swept_at + SWEEP_S:
            return
        self._swept_at = now
        patience = [deliverer.patience for deliverer in self._deliverers.values()]
        values = {"accounts": list(self._deliverers), "patience": patience}
        if (forgotten := (await connection.execute(FORGOTTEN, values)).rowcount) > 0:
            log.warning("these waited too long for their customers", count=forgotten)

    async def _deliver(self, row: Row) -> None:
        try:
            with structlog.contextvars.bound_contextvars(trace_id=row.trace_id, account=row.account):
                await self._say(row, self._deliverers[row.account])
        except Exception as error:  # its lease ends by itself
            log.error("a line could not be delivered", message=str(row.message_id), fault=places_of(error))

    async def _say(self, row: Row, deliverer: Deliverer) -> None:
        """The row's parts one after the other; and with it, where few messages are left, what stands behind it."""
        while True:
            rows = [row, *(await self._behind(row) if row.followed else ())]
            step = _next(deliverer, rows)
            if not isinstance(step, Step):
                await self._give_up(row, step, deliverer)
                return
            said = rows[: max(1, step.whole)]
            message = await deliverer.prepare(row, step.message)
            begun = await self._begin(said, deliverer.route)
            if begun is None:
                return  # cancelled meanwhile, or our lease was over
            if not begun:
                continue  # something behind it was cancelled
            at = datetime.now(UTC)
            verdict = await deliverer.send(begun[0], message)
            if isinstance(verdict, Sent) and not step.whole:
                acts = {kind: (when, sent + 1) for kind, (when, sent) in begun[0].acts.items()}
                row = replace(begun[0], parts=begun[0].parts + 1, acts=acts)
                await self._settle(Settlement([row], verdict, at, more=True))
                row = replace(row, state="queued")
                continue
            if not isinstance(verdict, Sent):
                log.info("line not sent", message=str(row.message_id), verdict=type(verdict).__name__)
            if isinstance(verdict, Shut | Waiting) and len(begun) == 1:
                await self._give_up(begun[0], verdict, deliverer)
                return
            if isinstance(verdict, Shut):  # each by itself has another way, perhaps
                await self._settle(Settlement(begun, Again("window", verdict.code, 0.0, verdict.rid), at, shut=True))
                return
            if isinstance(verdict, Waiting):
                await _offered(begun[0], verdict, deliverer, at)
            await self._settle(Settlement(begun, verdict, at))
            return

    async def _give_up(self, row: Row, verdict: Verdict, deliverer: Deliverer) -> None:
        """Written down; a customer may be told of what waits for them, and of what the send window keeps back."""
        at = datetime.now(UTC)
        shut = isinstance(verdict, Shut) and row.state == "begun"
        verdict = await _offered(row, verdict, deliverer, at)
        if isinstance(verdict, Waiting) and _is_late(row, deliverer, at):
            verdict = Failed("waited_too_long", verdict.code, verdict.rid)
        await self._settle(Settlement([row], verdict, at, shut=shut))

    async def _behind(self, row: Row) -> list[Row]:
        """What goes to the same customer next, as far as nobody else sees to it."""
        values = {"identity": row.identity_id, "seq": row.seq, "limit": MOST_BEHIND}
        async with self._pool.connection() as connection:
            found = await (await connection.execute(_BEHIND, values)).fetchall()
        return [read_row(self._keys, columns) for columns in found]

    async def _begin(self, rows: Sequence[Row], route: str) -> list[Row] | None:
        """All of them, or none: ``None`` where the first is not ours any more, nothing where another one is gone."""
        ids = [row.message_id for row in rows]
        values = {"ids": ids, "head": ids[0], "lease": rows[0].lease, "lease_s": self._lease_s, "route": route}
        with suppress(Rollback):
            async with self._pool.connection() as connection, connection.transaction() as transaction:
                found = await (await connection.execute(BEGIN, values)).fetchall()
                begun = {message_id: (lease, attempts) for message_id, lease, attempts in found}
                if len(begun) < len(ids):
                    raise Rollback(transaction)
        if ids[0] not in begun:
            return None
        if len(begun) < len(ids):
            return []
        known = ((row, *begun[row.message_id]) for row in rows)
        return [replace(row, state="begun", lease=lease, attempts=attempts) for row, lease, attempts in known]

    async def _settle(self, one: Settlement) -> None:
        if isinstance(one.verdict, Again):
            pause = min(300.0, 2.0 ** min(one.rows[0].attempts, 9))
            one = replace(one, wait_s=pause if one.verdict.after_s is None else one.verdict.after_s)
        elif isinstance(one.verdict, Smaller):
            one = replace(one, wait_s=0.0)

        async def write() -> None:
            async with self._pool.connection() as connection:
                await settle(connection, one, self._deadline_s)

        await self._write(write)


def _is_late(row: Row, deliverer: Deliverer, now: datetime) -> bool:
    return now >= row.queued_at + deliverer.patience


async def _offered(row: Row, verdict: Verdict, deliverer: Deliverer, now: datetime) -> Verdict:
    """What becomes of it once the customer may have been told. What waits for them in any case goes on to do so by its
    own reason: it does not fail with its notice."""
    if deliverer.offers is None or not isinstance(verdict, Shut | Waiting) or _is_late(row, deliverer, now):
        return verdict
    told = await deliverer.offers.offer(row)
    return verdict if told is None or isinstance(verdict, Waiting) else told


def _next(deliverer: Deliverer, rows: Sequence[Row]) -> Step | Verdict:
    if rows[0].body is None:
        return Failed("unreadable")
    if rows[0].unreachable:
        return Failed("unreachable")
    return deliverer.next(rows)
