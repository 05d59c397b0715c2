"""Whether a condition holds for one set of values, in Python; means what :mod:`crm_adapter.value.compile` means."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_adapter.value.conditions import AllOf, AnyOf, Condition, Leaf, Not


def holds(condition: Condition, values: Mapping[str, Any], now: datetime) -> bool:
    """``values`` by field name: ``int``, ``str`` or aware ``datetime``, ``None`` or missing where there is nothing."""
    match condition:
        case AllOf(parts):
            return all(holds(part, values, now) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values, now) for part in parts)
        case Not(part):
            return not holds(part, values, now)
        case Leaf(field, operator, operand):
            return _compare(operator, values.get(field), operand, now)


def _compare(operator: str, value: Any, operand: Any, now: datetime) -> bool:
    if operator == "known":
        return (value is not None) is operand
    if value is None:
        return False
    match operator:
        case "is":
            return bool(value == operand)
        case "in":
            return value in operand
        case "at_least":
            return bool(value >= operand)
        case "at_most":
            return bool(value <= operand)
        case "older_than_days":
            return bool(value < now - timedelta(days=operand))
        case "within_days":
            return bool(value >= now - timedelta(days=operand))
    raise ValueError(operator)
