"""What became of a line, written down; only by whoever has its lease, or had it last."""

from bot.outbox.deliverer import Again, Failed, Sent, Unknown, Verdict, Waiting
from bot.outbox.rows import Row
from bot.storage.pool import Connection

ABANDONED = """
UPDATE bot.outbox SET state = 'unknown', reason = 'interrupted', settled_at = clock_timestamp()
 WHERE message_id IN (SELECT o.message_id FROM bot.outbox o
                       WHERE o.state = 'begun' AND o.lease_until < now() FOR UPDATE SKIP LOCKED)
"""
"""Begun by somebody whose lease is over: it is never sent again by itself."""

BEGIN = """
UPDATE bot.outbox SET state = 'begun', attempts = attempts + 1, route = %(route)s,
       lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
 WHERE message_id = %(id)s AND state = 'queued' AND lease_until = %(lease)s
RETURNING lease_until, attempts
"""

# A report that comes after its lease still knows better than whoever gave the line up.
_SETTLE = """
WITH settled AS (
    UPDATE bot.outbox SET state = %(state)s, parts = %(parts)s, reason = %(reason)s, error_code = %(code)s,
           rid = %(rid)s, settled_at = CASE WHEN %(state)s <> 'queued' THEN clock_timestamp() END,
           lease_until = CASE WHEN %(keep)s THEN lease_until END,
           due_at = CASE WHEN %(waiting)s THEN 'infinity'
                         WHEN %(wait_s)s::float8 IS NULL THEN due_at
                         ELSE clock_timestamp() + %(wait_s)s::float8 * interval '1 second' END
     WHERE message_id = %(id)s AND lease_until = %(lease)s
       AND (state IN ('queued', 'begun') OR (state = 'unknown' AND reason = 'interrupted'))
    RETURNING message_id)
UPDATE bot.send_windows w SET sent = w.sent + 1
  FROM settled WHERE w.identity_id = %(identity)s AND %(counts)s
"""
_LATE = """
UPDATE bot.outbox SET state = 'failed', settled_at = clock_timestamp(), lease_until = NULL
 WHERE message_id = %(id)s AND state = 'queued' AND due_at > queued_at + %(deadline_s)s * interval '1 second'
   AND due_at < 'infinity'
"""


async def settle(
    connection: Connection, row: Row, verdict: Verdict, *, wait_s: float | None, deadline_s: float, more: bool
) -> None:
    """``more``: the row's next message is to be begun under the same lease."""
    reason, code, rid = (None, None, None) if isinstance(verdict, Sent) else (verdict.reason, verdict.code, verdict.rid)
    if row.body is None and isinstance(verdict, Sent):
        verdict, reason = Failed("unreadable"), "unreadable"
    states: dict[type[Verdict], str] = {Sent: "sent", Failed: "failed", Unknown: "unknown"}
    values = {
        "id": row.message_id,
        "identity": row.identity_id,
        "lease": row.lease,
        "state": "queued" if more else states.get(type(verdict), "queued"),
        "parts": row.parts,
        "reason": reason,
        "code": code,
        "rid": rid,
        "keep": more,
        "waiting": isinstance(verdict, Waiting),
        "wait_s": wait_s,
        "counts": row.state == "begun" and isinstance(verdict, Sent | Unknown),
    }
    await connection.execute(_SETTLE, values)
    if isinstance(verdict, Again):
        await connection.execute(_LATE, {"id": row.message_id, "deadline_s": deadline_s})
