"""A condition as a SQL expression; means what :mod:`crm_adapter.value.judge` means, never NULL."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, not_, or_

from crm_adapter.value.conditions import AllOf, AnyOf, Condition, Leaf, Not
from crm_adapter.value.tables import Moment

Compiled = ColumnElement[bool]


def expression(
    condition: Condition,
    columns: Mapping[str, ColumnElement[Any]],
    now: datetime,
    special: Callable[[Leaf], Compiled] | None = None,
) -> Compiled:
    """``columns`` by field name; ``special`` gives the expression of a leaf whose field is no column."""
    match condition:
        case AllOf(parts):
            return and_(*(expression(part, columns, now, special) for part in parts))
        case AnyOf(parts):
            return or_(*(expression(part, columns, now, special) for part in parts))
        case Not(part):
            return not_(expression(part, columns, now, special))
        case Leaf(field):
            if field in columns:
                return _compare(condition, columns[field], now)
            if special is None:
                raise ValueError(field)
            return special(condition)


def _compare(leaf: Leaf, column: ColumnElement[Any], now: datetime) -> Compiled:
    operand = leaf.operand
    if leaf.operator == "known":
        return column.is_not(None) if operand else column.is_(None)
    match leaf.operator:
        case "is":
            compared = column == operand
        case "in":
            compared = column.in_(operand)
        case "at_least":
            compared = column >= operand
        case "at_most":
            compared = column <= operand
        case "older_than_days":
            compared = column < _ago(now, operand)
        case "within_days":
            compared = column >= _ago(now, operand)
        case _:
            raise ValueError(leaf.operator)
    return and_(column.is_not(None), compared)


def _ago(now: datetime, days: int) -> ColumnElement[Any]:
    return literal(now - timedelta(days=days), Moment)
