"""Lines that go out in the answer to the platform's own request, where it takes one: at once, and without a quota.

The rows are locked while the answer is chosen, and written down as sent before it is given: a process that dies in
between is asked again by the platform, and gives the same answer. Whether the platform took it is never known; the
route ``passive`` says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from bot.outbox.rows import COLUMNS, JOINS, Row, read_row
from bot.storage.exchange import Statement
from bot.storage.pool import Pool
from crm_adapter.encryption import Keys

_Reply = TypeVar("_Reply")

# Another delivery of the same request may hold the rows: after the wait for it they are read as it left them.
_OPEN = f"""
SELECT {COLUMNS} FROM bot.outbox o {JOINS}
 WHERE o.message_id = ANY(ARRAY(
           SELECT q.message_id FROM bot.conversations t JOIN bot.outbox q ON q.conversation_id = t.id
            WHERE t.identity_id = %(identity)s AND q.state IN ('queued', 'begun')
              AND q.due_at IS NOT NULL AND q.seq <= %(seq)s
            UNION ALL
           SELECT r.message_id FROM bot.outbox r WHERE r.reply_to = %(message)s))
   AND (o.state IN ('queued', 'begun') OR o.reply_to = %(message)s)
 ORDER BY o.seq
   FOR UPDATE OF o
"""  # noqa: S608 - constants of this program
# One round trip, and a transaction by itself: it locks what is queued, and writes where that is what is given.
_GIVE = Statement(
    "give",
    """
WITH open AS (
    SELECT o.message_id, o.state = 'queued' AND o.lease_until IS NULL AND o.parts = 0 AS is_untouched
      FROM bot.conversations t JOIN bot.outbox o ON o.conversation_id = t.id
     WHERE t.identity_id = $1 AND o.state IN ('queued', 'begun') AND o.due_at IS NOT NULL AND o.seq <= $3
       FOR UPDATE OF o)
UPDATE bot.outbox g SET state = 'sent', route = 'passive', settled_at = clock_timestamp(), reply_to = $2, reply_part = 0
 WHERE g.message_id = ANY($4)
   AND (SELECT count(*) = cardinality($4) AND bool_and(is_untouched AND message_id = ANY($4)) FROM open)
RETURNING true
""",
)
_WHOLE = """
UPDATE bot.outbox SET state = 'sent', route = 'passive', settled_at = clock_timestamp(), lease_until = NULL,
       reason = NULL, error_code = NULL, rid = NULL, reply_to = %(message)s, reply_part = parts
 WHERE message_id = ANY(%(ids)s)
"""
_PART = """
UPDATE bot.outbox SET route = 'passive', reply_to = %(message)s, reply_part = parts, parts = %(parts)s,
       lease_until = NULL
 WHERE message_id = %(id)s
"""
# The rows of an answer that was not given, as they were before it.
_BACK = """
UPDATE bot.outbox SET state = 'queued', route = NULL, settled_at = NULL, lease_until = NULL, due_at = now(),
       parts = reply_part, reply_to = NULL, reply_part = NULL
 WHERE reply_to = %s AND route = 'passive' AND state IN ('queued', 'sent')
"""
_REST = "UPDATE bot.outbox SET due_at = now(), lease_until = NULL WHERE message_id = ANY(%s) AND due_at > now()"


@dataclass(frozen=True, slots=True)
class Chosen(Generic[_Reply]):
    """``reply`` says the first ``whole`` rows; or, where that is 0, ``parts`` of the platform's messages of the first
    row are sent with it."""

    reply: _Reply
    whole: int
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """The request: the message ``message_id`` of the thread of ``identity_id``, whose answers end at ``seq``."""

    message_id: UUID
    identity_id: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class Answered(Generic[_Reply]):
    """``reply`` to give, ``None`` where nothing is said or somebody else is about to; ``rest`` rows go another way."""

    reply: _Reply | None = None
    rest: int = 0


class Passive:
    """Answers to requests, from the rows of all processes."""

    def __init__(self, pool: Pool, keys: Keys) -> None:
        self._pool = pool
        self._keys = keys

    async def answer(self, asked: Asked, choose: Callable[[Sequence[Row]], Chosen[_Reply] | None]) -> Answered[_Reply]:
        """What is queued up to ``asked.seq``, oldest first, as far as ``choose`` puts it into one answer.

        For the same message it is the same answer again. Nothing is given when an earlier row is on another way.
        ``choose`` is pure. Raises psycopg's errors; then nothing is written.
        """
        values = {"identity": asked.identity_id, "message": asked.message_id, "seq": asked.seq}
        async with self._pool.connection() as connection, connection.transaction():
            found = await (await connection.execute(_OPEN, values)).fetchall()
            rows = [read_row(self._keys, columns) for columns in found]
            given = [row for row in rows if row.reply_to == asked.message_id]
            if given:
                before = [_as_it_was(row) for row in given]
                chosen = choose(before)
                return Answered(chosen.reply if chosen else None)
            now = datetime.now(UTC)
            taken = any(_is_anothers(row, now) for row in rows)
            chosen = choose(rows) if rows and not taken else None
            whole = chosen.whole if chosen else 0
            if chosen is not None and whole:
                ids = [row.message_id for row in rows[:whole]]
                await connection.execute(_WHOLE, {"message": asked.message_id, "ids": ids})
            elif chosen is not None:
                values = {"message": asked.message_id, "id": rows[0].message_id, "parts": rows[0].parts + chosen.parts}
                await connection.execute(_PART, values)
            if rest := [row.message_id for row in rows[whole:] if not _is_anothers(row, now)]:
                await connection.execute(_REST, (rest,))
            return Answered(chosen.reply if chosen else None, len(rest))

    async def give(self, asked: Asked, lines: list[UUID]) -> bool:
        """Writes down as sent the lines that a turn has just queued, where one answer says all of them.

        ``False``, and nothing is written, when more than these is queued up to ``asked.seq`` or somebody else has one
        of them: :meth:`answer` finds out. Raises psycopg's errors.
        """
        async with self._pool.connection() as connection:
            [given] = await connection.exchange(
                (_GIVE, (asked.identity_id, asked.message_id, asked.seq, lines)),
            )
        return given is not None

    async def take_back(self, message_id: UUID) -> None:
        """The answer to that message was chosen, was not given, and never will be: its rows go another way, now.

        Only for whoever had it to give. Raises psycopg's errors.
        """
        async with self._pool.connection() as connection:
            await connection.execute(_BACK, (message_id,))


def _is_anothers(row: Row, now: datetime) -> bool:
    return row.state == "begun" or (row.lease is not None and row.lease > now)


def _as_it_was(row: Row) -> Row:
    return replace(row, parts=row.reply_part or 0)
