"""What became of lines, written down; only by whoever has their lease, or had it last."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.outbox.deliverer import Again, Failed, Sent, Shut, Smaller, Unknown, Unreachable, Verdict, Waiting
from bot.outbox.reach import mark_unreachable
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
       lease_until = now() + %(lease_s)s * interval '1 second'
 WHERE message_id = ANY(%(ids)s) AND state = 'queued'
   AND (lease_until = %(lease)s OR message_id <> %(head)s AND (lease_until IS NULL OR lease_until < now()))
RETURNING message_id, lease_until, attempts
"""
"""The head by its lease; what goes along with it stands behind it, so that nobody else may have begun it."""

# A report that comes after its lease still knows better than whoever gave the line up.
_SETTLE = """
UPDATE bot.outbox SET state = %(state)s, parts = %(parts)s, reason = %(reason)s, error_code = %(code)s, rid = %(rid)s,
       settled_at = CASE WHEN %(state)s <> 'queued' THEN clock_timestamp() END,
       lease_until = CASE WHEN %(keep)s THEN lease_until END,
       route = CASE WHEN %(state)s = 'failed' AND %(parts)s = 0 THEN NULL ELSE route END,
       due_at = CASE WHEN %(waiting)s THEN 'infinity'
                     ELSE coalesce(clock_timestamp() + %(wait_s)s::float8 * interval '1 second', due_at) END,
       cuts = CASE WHEN %(cut)s::jsonb IS NULL THEN cuts ELSE coalesce(cuts, '[]') || %(cut)s::jsonb END
 WHERE message_id = ANY(%(ids)s) AND lease_until = %(lease)s
   AND (state IN ('queued', 'begun') OR (state = 'unknown' AND reason = 'interrupted'))
"""
_COUNT = "UPDATE bot.send_windows SET sent = sent + 1 WHERE identity_id = %s"
# The platform knows better than our count; what the customer has done since is another matter.
_USED_UP = "UPDATE bot.send_windows SET sent = 1000000 WHERE identity_id = %s AND at < %s"
_LATE = """
UPDATE bot.outbox SET state = 'failed', settled_at = clock_timestamp(), lease_until = NULL
 WHERE message_id = ANY(%(ids)s) AND state = 'queued'
   AND due_at > queued_at + %(deadline_s)s * interval '1 second' AND due_at < 'infinity'
"""

FORGOTTEN = """
UPDATE bot.outbox o SET state = 'failed', reason = 'waited_too_long', settled_at = clock_timestamp(), lease_until = NULL
  FROM unnest(%(accounts)s::text[], %(patience)s::interval[]) AS a(account, patience)
 WHERE o.account = a.account AND o.state = 'queued' AND o.due_at = 'infinity' AND o.queued_at < now() - a.patience
"""
"""What waited for its customer until it said nothing to them any more."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written of ``rows``, which were one message of the platform, or a part of one row.

    ``more``: the next part is to be begun under the same lease. ``wait_s``: until it is tried again. ``at``: when the
    platform was asked; ``shut``: it then said that it takes nothing more for this customer.
    """

    rows: Sequence[Row]
    verdict: Verdict
    at: datetime
    more: bool = False
    wait_s: float | None = None
    shut: bool = False


async def settle(connection: Connection, one: Settlement, deadline_s: float) -> None:
    """In one transaction; what is tried again after ``deadline_s`` since it was queued fails."""
    head, verdict = one.rows[0], one.verdict
    ids = [row.message_id for row in one.rows]
    async with connection.transaction():
        written = (await connection.execute(_SETTLE, {**_values(one), "ids": ids})).rowcount
        if not written:
            return
        begun = head.state == "begun"
        if begun and isinstance(verdict, Sent | Unknown):
            await connection.execute(_COUNT, (head.identity_id,))
        if one.shut:
            await connection.execute(_USED_UP, (head.identity_id, one.at))
        if isinstance(verdict, Unreachable):
            await mark_unreachable(connection, head.identity_id, "refused", at=one.at, code=verdict.code)
        if isinstance(verdict, Again):
            await connection.execute(_LATE, {"ids": ids, "deadline_s": deadline_s})


def _values(one: Settlement) -> dict[str, Any]:
    head, verdict = one.rows[0], one.verdict
    if head.body is None and isinstance(verdict, Sent):
        verdict = Failed("unreadable")
    said = isinstance(verdict, Sent)
    states: dict[type[Verdict], str] = {
        Sent: "sent",
        Failed: "failed",
        Shut: "failed",
        Unreachable: "failed",
        Unknown: "unknown",
    }
    cut = json.dumps([[head.parts, verdict.size]]) if isinstance(verdict, Smaller) else None
    return {
        "lease": head.lease,
        "state": "queued" if one.more else states.get(type(verdict), "queued"),
        "parts": head.parts,
        "reason": reason_of(verdict),
        "code": None if said else getattr(verdict, "code", None),
        "rid": None if said else getattr(verdict, "rid", None),
        "keep": one.more,
        "waiting": isinstance(verdict, Waiting),
        "wait_s": one.wait_s,
        "cut": cut,
    }


def reason_of(verdict: Verdict) -> str | None:
    """The word under which people read it; ``None`` for what was sent."""
    match verdict:
        case Sent():
            return None
        case Shut():
            return "window"
        case Unreachable():
            return "unreachable"
        case Smaller():
            return "too_long"
    return verdict.reason
