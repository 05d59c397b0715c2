"""The rules of value class, stage and tags, read from one YAML file and checked as a whole (CP5-CP7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from crm_adapter.records.value import Assessment, Figures, Stage, ValueClass
from crm_adapter.value.conditions import Condition, Field
from crm_adapter.value.judge import holds

LOCALES = ("zh-Hans", "zh-Hant", "en")
VALUE_CLASSES: tuple[ValueClass, ...] = get_args(ValueClass)
STAGES: tuple[Stage, ...] = get_args(Stage)

FIGURE_FIELDS: Mapping[str, Field] = {
    **{name: Field("number") for name in ("orders", "orders_year", "amount", "amount_year", "interactions_quarter")},
    **{name: Field("moment") for name in ("known_since", "first_order_at", "last_order_at", "last_interaction_at")},
}
"""What the rules may look at: the columns of ``crm.figures``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``outcome`` is a class, a stage or a tag; ``when`` is ``None`` for the last rule, which always holds."""

    name: str
    outcome: str
    when: Condition | None
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """Every contact gets the class and the stage of the first rule that holds, and every tag whose rule holds.

    ``tags`` are by name, and a tag's rule has the tag's name. ``rates`` say what a minor unit of a currency is worth
    in minor units of ``currency``, that one included.
    """

    currency: str
    rates: Mapping[str, float]
    value_class: tuple[Rule, ...]
    stage: tuple[Rule, ...]
    tags: tuple[Rule, ...]

    def reason(self, what: str, rule: str, locale: str) -> str:
        """The rule's sentence; the rule's name once the file has it no more. ``what``: value_class, stage or tag."""
        among = {"value_class": self.value_class, "stage": self.stage, "tag": self.tags}[what]
        return next((one.reason[locale] for one in among if one.name == rule), rule)

    def assess(self, figures: Figures, now: datetime) -> Assessment:
        """What the rules say of one contact; the same as the nightly run says in SQL."""
        values = {name: getattr(figures, name) for name in FIGURE_FIELDS}
        value, stage = _first(self.value_class, values, now), _first(self.stage, values, now)
        return Assessment(
            value_class=next(name for name in VALUE_CLASSES if name == value.outcome),
            value_rule=value.name,
            stage=next(name for name in STAGES if name == stage.outcome),
            stage_rule=stage.name,
            tags=tuple(rule.outcome for rule in self.tags if rule.when is None or holds(rule.when, values, now)),
        )


def _first(rules: tuple[Rule, ...], values: Mapping[str, Any], now: datetime) -> Rule:
    return next(rule for rule in rules if rule.when is None or holds(rule.when, values, now))
