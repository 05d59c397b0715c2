"""Assesses contacts by the rules, set by set, in one statement: class, stage, tags, and each change's reason.

Who assesses holds a lock for the length of the transaction: shared for a few contacts on an event, exclusive for a
batch of the nightly run. So a batch never computes from figures that an event is changing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, case, cast, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.records.value import Assessment, Standing
from crm_adapter.tables import contacts
from crm_adapter.value.compile import expression
from crm_adapter.value.figures import refresh_figures, refresh_range
from crm_adapter.value.rules import FIGURE_FIELDS, Rule, Rules
from crm_adapter.value.tables import figures, standings

BY_RULES = "system:rules"
LOCK = 0x76616C7565  # "value"
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:key)")
_EXCLUSIVE = text("SELECT pg_advisory_xact_lock(:key)")

# The feed gets an entry for every contact of which something outside systems can see has changed.
_STORE = """
), differing AS MATERIALIZED (
    SELECT w.*, s.value_class AS old_class, s.value_rule AS old_value_rule, s.stage AS old_stage,
           s.stage_rule AS old_stage_rule, coalesce(s.tags, '{}') AS old_tags
      FROM wanted w LEFT JOIN crm.standings s USING (contact_id)
     WHERE (s.value_class, s.value_rule, s.stage, s.stage_rule, s.tags)
           IS DISTINCT FROM (w.value_class, w.value_rule, w.stage, w.stage_rule, w.tags)
), change AS MATERIALIZED (
    SELECT contact_id, 'value_class' AS what, old_class AS from_value, value_class AS to_value, value_rule AS rule
      FROM differing WHERE old_class IS DISTINCT FROM value_class
    UNION ALL
    SELECT contact_id, 'stage', old_stage, stage, stage_rule FROM differing WHERE old_stage IS DISTINCT FROM stage
    UNION ALL
    SELECT contact_id, 'tag', NULL, name, name FROM differing, unnest(tags) AS name WHERE name <> ALL (old_tags)
    UNION ALL
    SELECT contact_id, 'tag', name, NULL, name FROM differing, unnest(old_tags) AS name WHERE name <> ALL (tags)
), history AS (
    INSERT INTO crm.standing_changes (contact_id, what, from_value, to_value, by, rule, at)
    SELECT contact_id, what, from_value, to_value, %(by)s, rule, %(now)s FROM change
), feed AS (
    INSERT INTO crm.changes (contact_id, kind, record_id)
    SELECT DISTINCT contact_id, 'standing', contact_id FROM change
), stored AS (
    INSERT INTO crm.standings AS s (contact_id, value_class, value_rule, value_since, stage, stage_rule, stage_since,
                                    tags)
    SELECT contact_id, value_class, value_rule, %(now)s, stage, stage_rule, %(now)s, tags FROM differing
        ON CONFLICT (contact_id) DO UPDATE
       SET value_class = excluded.value_class, value_rule = excluded.value_rule,
           value_since = CASE WHEN s.value_class = excluded.value_class THEN s.value_since
                              ELSE excluded.value_since END,
           stage = excluded.stage, stage_rule = excluded.stage_rule,
           stage_since = CASE WHEN s.stage = excluded.stage THEN s.stage_since ELSE excluded.stage_since END,
           tags = excluded.tags
)
SELECT count(DISTINCT contact_id) FROM change
"""


async def assess_contacts(connection: AsyncConnection, contact_ids: Iterable[UUID], rules: Rules, now: datetime) -> int:
    """Computes figures and standings of these contacts' families; how many families changed.

    Those among the contacts that are no roots (any more) lose what they had as roots; their history stays.
    """
    asked = sorted(set(contact_ids))
    if not asked:
        return 0
    await hold_shared(connection)
    families = select(contacts.c.root_id).where(contacts.c.id.in_(asked))
    roots = sorted(set((await connection.execute(families)).scalars()))
    # Of two events for one customer the second waits here, and then sees what the first has written.
    locked = select(contacts.c.id).where(contacts.c.id.in_(roots)).order_by(contacts.c.id)
    await connection.execute(locked.with_for_update(key_share=True))
    family = select(contacts.c.id).where(contacts.c.root_id.in_(roots), contacts.c.id != contacts.c.root_id)
    for table in (figures, standings):
        await connection.execute(delete(table).where(table.c.contact_id.in_(family)))
    await refresh_figures(connection, roots, rules.rates, now)
    return await _store(connection, wanted_standings(rules, now).where(figures.c.contact_id.in_(roots)), now)


async def hold_shared(connection: AsyncConnection) -> None:
    """Keeps the nightly run from computing until the transaction ends; asked for before the rows are locked."""
    await connection.execute(_SHARED, {"key": LOCK})


async def assess_range(connection: AsyncConnection, after: UUID, upto: UUID, rules: Rules, now: datetime) -> int:
    """The same for every contact with an id above ``after``, up to ``upto``; alone while it runs."""
    await connection.execute(_EXCLUSIVE, {"key": LOCK})
    await refresh_range(connection, after, upto, rules.rates, now)
    for table in (figures, standings):
        strays = select(contacts.c.id).where(contacts.c.id == table.c.contact_id, contacts.c.id == contacts.c.root_id)
        inside = table.c.contact_id > after, table.c.contact_id <= upto
        await connection.execute(delete(table).where(*inside, ~strays.exists()))
    inside = figures.c.contact_id > after, figures.c.contact_id <= upto
    return await _store(connection, wanted_standings(rules, now).where(*inside), now)


async def read_standing(connection: AsyncConnection, root_id: UUID) -> Standing | None:
    """As it was assessed last; ``None`` before that."""
    row = (await connection.execute(select(standings).where(standings.c.contact_id == root_id))).one_or_none()
    if row is None:
        return None
    assessment = Assessment(row.value_class, row.value_rule, row.stage, row.stage_rule, tuple(row.tags))
    return Standing(row.contact_id, assessment, row.value_since, row.stage_since)


def wanted_standings(rules: Rules, now: datetime) -> Select[tuple[UUID, str, str, str, str, Sequence[str]]]:
    """What the rules say of everybody with figures: contact, class, its rule, stage, its rule, tags by name."""
    columns = {name: figures.c[name] for name in FIGURE_FIELDS}

    def first(among: tuple[Rule, ...], said: str) -> ColumnElement[str]:
        *tried, last = among
        given = [
            (expression(rule.when, columns, now), literal(getattr(rule, said), Text))
            for rule in tried
            if rule.when is not None
        ]
        otherwise = literal(getattr(last, said), Text)
        return case(*given, else_=otherwise) if given else otherwise

    named = [
        case((expression(rule.when, columns, now), literal(rule.outcome, Text)), else_=None)
        for rule in rules.tags
        if rule.when is not None
    ]
    tags = func.array_remove(cast(array(named), ARRAY(Text)), None)
    return select(
        figures.c.contact_id,
        first(rules.value_class, "outcome").label("value_class"),
        first(rules.value_class, "name").label("value_rule"),
        first(rules.stage, "outcome").label("stage"),
        first(rules.stage, "name").label("stage_rule"),
        tags.label("tags"),
    )


async def _store(
    connection: AsyncConnection, wanted: Select[tuple[UUID, str, str, str, str, Sequence[str]]], now: datetime
) -> int:
    # The statement around it is clearer as SQL; SQLAlchemy has bound every value of the rules as a parameter.
    compiled = wanted.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    statement = "WITH wanted AS MATERIALIZED (\n" + str(compiled) + _STORE
    parameters = {**compiled.params, "by": BY_RULES, "now": now}
    return int((await connection.exec_driver_sql(statement, parameters)).scalar_one())
