"""The figures of contacts, computed in the database over whole merged families."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.records.value import Figures
from crm_adapter.value.tables import figures

YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)

# A contact's row is only written when it differs: most do not from one night to the next.
_REFRESH = """
WITH family AS MATERIALIZED (
    SELECT m.id, m.root_id, m.created_at
      FROM crm.contacts c JOIN crm.contacts m ON m.root_id = c.id
     WHERE c.id = c.root_id AND {scope}
), known AS (
    SELECT root_id, min(created_at) AS since FROM family GROUP BY root_id
), bought AS (
    SELECT f.root_id, count(*) AS orders,
           round(sum(o.amount * r.rate))::bigint AS amount,
           round(sum(o.amount * r.rate) FILTER (WHERE o.placed_at >= :year))::bigint AS amount_year,
           count(*) FILTER (WHERE o.placed_at >= :year) AS orders_year,
           min(o.placed_at) AS first_at, max(o.placed_at) AS last_at
      FROM family f
      JOIN crm.orders o ON o.contact_id = f.id AND o.status NOT IN ('cancelled', 'returned')
      LEFT JOIN jsonb_to_recordset(CAST(:rates AS jsonb)) AS r(currency text, rate numeric) ON r.currency = o.currency
     GROUP BY f.root_id
), talked AS (
    SELECT f.root_id, max(x.occurred_at) AS last_at, count(*) FILTER (WHERE x.occurred_at >= :quarter) AS quarter
      FROM family f
      JOIN crm.identities i ON i.contact_id = f.id
      JOIN crm.interactions x ON x.identity_id = i.id
     GROUP BY f.root_id
)
INSERT INTO crm.figures AS old (contact_id, known_since, orders, amount, amount_year, orders_year, first_order_at,
                                last_order_at, last_interaction_at, interactions_quarter)
SELECT k.root_id, k.since, coalesce(b.orders, 0), coalesce(b.amount, 0), coalesce(b.amount_year, 0),
       coalesce(b.orders_year, 0), b.first_at, b.last_at, t.last_at, coalesce(t.quarter, 0)
  FROM known k LEFT JOIN bought b USING (root_id) LEFT JOIN talked t USING (root_id)
    ON CONFLICT (contact_id) DO UPDATE
   SET known_since = excluded.known_since, orders = excluded.orders, amount = excluded.amount,
       amount_year = excluded.amount_year, orders_year = excluded.orders_year,
       first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at,
       last_interaction_at = excluded.last_interaction_at, interactions_quarter = excluded.interactions_quarter
 WHERE (old.*) IS DISTINCT FROM (excluded.*)
"""
_SOME = text(_REFRESH.format(scope="c.id = ANY(CAST(:roots AS uuid[]))"))
_RANGE = text(_REFRESH.format(scope="c.id > :after AND c.id <= :upto"))


async def refresh_figures(
    connection: AsyncConnection, roots: Sequence[UUID], rates: Mapping[str, float], now: datetime
) -> None:
    """Computes the figures of these root contacts."""
    await connection.execute(_SOME, {"roots": list(roots), **_parameters(rates, now)})


async def refresh_range(
    connection: AsyncConnection, after: UUID, upto: UUID, rates: Mapping[str, float], now: datetime
) -> None:
    """Computes the figures of every root contact with an id above ``after``, up to ``upto``."""
    await connection.execute(_RANGE, {"after": after, "upto": upto, **_parameters(rates, now)})


async def read_figures(connection: AsyncConnection, root_id: UUID) -> Figures | None:
    """As they were computed last; ``None`` before that."""
    row = (await connection.execute(select(figures).where(figures.c.contact_id == root_id))).one_or_none()
    return Figures(**row._mapping) if row else None


def _parameters(rates: Mapping[str, float], now: datetime) -> dict[str, object]:
    told = json.dumps([{"currency": currency, "rate": rate} for currency, rate in rates.items()])
    return {"rates": told, "year": now - YEAR, "quarter": now - QUARTER}
