"""The projection ``crm.consents``: moved with every event, and made anew from the ledger."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.consent.fold import Standing
from crm_adapter.consent.tables import consents

_KEY = ("subject", "purpose", "channel", "recipient")

# The same rules as consent/fold.py, over all events at once; a test holds both to the same result.
_FROM_LEDGER = """
    SELECT DISTINCT ON (s.subject, e.purpose, e.channel, e.recipient)
           s.subject, e.purpose, e.channel, e.recipient, m.state, e.guardian, e.covers, e.id AS event_id,
           e.notice_hash, e.notice_version,
           CASE m.state WHEN 'granted' THEN least(e.occurred_at, e.received_at) ELSE e.received_at END AS since
      FROM crm.consent_events e
      JOIN (VALUES ('granted', 'granted'), ('guardian_granted', 'granted'), ('refused', 'refused'),
                   ('objected', 'refused'), ('withdrawn', 'withdrawn'), ('expired', 'expired')) AS m (event, state)
        ON m.event = e.event
     CROSS JOIN LATERAL unnest(CASE m.state WHEN 'granted' THEN ARRAY[e.subject] ELSE e.covers END) AS s (subject)
     ORDER BY s.subject, e.purpose, e.channel, e.recipient, since DESC, e.id DESC
"""
_NAMES = tuple(consents.columns.keys())
_COLUMNS = ", ".join(_NAMES)
# No writer between reading the ledger and writing the projection: an event and its move are one transaction.
_LOCK = text("LOCK TABLE crm.consents IN SHARE ROW EXCLUSIVE MODE")
# What stands already is left alone: a row that is written is a choice that takes effect, and cancels what is queued.
_REMOVE = text(
    f"WITH ledger AS ({_FROM_LEDGER}) DELETE FROM crm.consents c WHERE NOT EXISTS "  # noqa: S608 (our own texts)
    "(SELECT FROM ledger l WHERE (l.subject, l.purpose, l.channel, l.recipient) "
    "= (c.subject, c.purpose, c.channel, c.recipient))"
)
_PUT = text(
    f"WITH ledger AS ({_FROM_LEDGER}) "  # noqa: S608 (our own texts)
    f"INSERT INTO crm.consents AS c ({_COLUMNS}) SELECT {_COLUMNS} FROM ledger l WHERE NOT EXISTS "
    f"(SELECT FROM crm.consents s WHERE ({', '.join(f's.{name}' for name in _NAMES)}) "
    f"= ({', '.join(f'l.{name}' for name in _NAMES)})) "
    "ON CONFLICT (subject, purpose, channel, recipient) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY)
)


async def move(connection: AsyncConnection, standings: Iterable[Standing]) -> None:
    """Puts each in the place of an older one; what is newer stays, so that the order of arrival does not matter."""
    rows = [
        {name: list(one.covers) if name == "covers" else getattr(one, name) for name in _NAMES} for one in standings
    ]
    new = insert(consents)
    moved = new.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={name: new.excluded[name] for name in _NAMES if name not in _KEY},
        where=tuple_(consents.c.since, consents.c.event_id) < tuple_(new.excluded.since, new.excluded.event_id),
    )
    if rows:
        await connection.execute(moved, rows)


async def rebuild(connection: AsyncConnection) -> int:
    """Makes the projection what the ledger says; how many rows were not so. Events meanwhile wait."""
    await connection.execute(_LOCK)
    removed = await connection.execute(_REMOVE)
    put = await connection.execute(_PUT)
    return removed.rowcount + put.rowcount


async def standings(connection: AsyncConnection, family: Iterable[UUID], purpose: str | None = None) -> list[Standing]:
    """The rows of these contacts."""
    query = select(consents).where(consents.c.subject.in_(list(family)))
    if purpose is not None:
        query = query.where(consents.c.purpose == purpose)
    return [_standing(row) for row in await connection.execute(query)]


def _standing(row: Row[Any]) -> Standing:
    values = row._asdict()
    return Standing(**{**values, "covers": tuple(values["covers"])})
