"""The rules mean the same in Python and in SQL, whatever the figures and whatever the conditions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert
from uuid_utils.compat import uuid7

from bot.urls import sqlalchemy_url
from crm_adapter.records.value import Figures
from crm_adapter.value.assessment import wanted_standings
from crm_adapter.value.conditions import parse
from crm_adapter.value.rules import FIGURE_FIELDS, Rule, Rules
from crm_adapter.value.rules_file import load_rules
from crm_adapter.value.tables import figures as figures_table

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
# Few values, close to thresholds, so that "at least" and "more than" are told apart.
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 20_000, 20_001, 199_999, 200_000, 499_999, 500_000, 9_000_000])
DAYS = (0, 29, 30, 31, 89, 90, 91, 179, 180, 181, 364, 365, 366, 2_000)
MOMENTS = st.builds(
    lambda days, seconds: NOW - timedelta(days=days, seconds=seconds), st.sampled_from(DAYS), st.integers(-1, 1)
)


def leaf(name: str, operators: tuple[str, ...], operands: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(lambda operator, operand: {"field": name, operator: operand}, st.sampled_from(operators), operands)


LEAVES = st.one_of(
    *(
        leaf(name, ("at_least", "at_most", "is"), NUMBERS)
        if field.kind == "number"
        else st.one_of(
            leaf(name, ("older_than_days", "within_days"), st.sampled_from(DAYS)),
            leaf(name, ("known",), st.booleans()),
        )
        for name, field in FIGURE_FIELDS.items()
    )
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(part, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(part, min_size=1, max_size=3)),
        st.builds(lambda one: {"not": one}, part),
    ),
    max_leaves=6,
).map(lambda condition: parse(condition, FIGURE_FIELDS))
SENTENCE = {"zh-Hans": "。", "zh-Hant": "。", "en": "."}


def made_up(parts: list[object]) -> Rules:
    one, two, three, four = parts
    return Rules(
        "CNY",
        {"CNY": 1.0},
        (Rule("a", "high", one, SENTENCE), Rule("b", "lost", two, SENTENCE), Rule("z", "general", None, SENTENCE)),
        (Rule("c", "growth", three, SENTENCE), Rule("z", "prospect", None, SENTENCE)),
        (Rule("x", "x", four, SENTENCE), Rule("y", "y", one, SENTENCE)),
    )


RULES = st.one_of(st.just(load_rules()), st.lists(CONDITIONS, min_size=4, max_size=4).map(made_up))
FIGURES = st.fixed_dictionaries(
    {
        name: NUMBERS if field.kind == "number" else MOMENTS if name == "known_since" else st.none() | MOMENTS
        for name, field in FIGURE_FIELDS.items()
    }
).map(lambda known: Figures(contact_id=uuid7(), **known))


@pytest.fixture
def connection(addresses):
    engine = create_engine(sqlalchemy_url(addresses.application_url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rules=RULES, some=st.lists(FIGURES, min_size=1, max_size=20))
def test_sql_and_python_say_the_same(connection, rules, some):
    columns = [column.name for column in figures_table.columns]
    with connection.begin() as transaction:
        rows = [{name: getattr(one, name) for name in columns} for one in some]
        connection.execute(insert(figures_table), rows)
        said = {row.contact_id: row for row in connection.execute(wanted_standings(rules, NOW))}
        transaction.rollback()
    for one in some:
        assessment, row = rules.assess(one, NOW), said[one.contact_id]
        assert (row.value_class, row.value_rule) == (assessment.value_class, assessment.value_rule)
        assert (row.stage, row.stage_rule) == (assessment.stage, assessment.stage_rule)
        assert tuple(row.tags) == assessment.tags
