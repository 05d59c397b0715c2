"""The rules' file: what it says, and how it is refused (CP5-CP7)."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import uuid4

import pytest

from crm_adapter.records.value import Figures
from crm_adapter.value.rules_file import RulesFault, load_rules, read_rules

SHIPPED = (files("crm_adapter.value") / "rules.yml").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def figures(**known: object) -> Figures:
    nothing: dict[str, object] = dict.fromkeys(
        ("orders", "amount", "amount_year", "orders_year", "interactions_quarter"), 0
    )
    nothing |= dict.fromkeys(("first_order_at", "last_order_at", "last_interaction_at"), None)
    return Figures(**{"contact_id": uuid4(), "known_since": NOW - timedelta(days=900), **nothing, **known})


def days(number: float) -> datetime:
    return NOW - timedelta(days=number)


@pytest.mark.parametrize(
    ("known", "value_class", "stage", "tags"),
    [
        ({"known_since": days(2)}, "general", "prospect", ("new",)),
        ({"interactions_quarter": 7}, "potential", "prospect", ("active", "potential")),
        (
            {
                "orders": 1,
                "orders_year": 1,
                "amount": 250_000,
                "amount_year": 250_000,
                "first_order_at": days(10),
                "last_order_at": days(10),
            },
            "potential",
            "acquisition",
            ("active",),
        ),
        (
            {
                "orders": 9,
                "orders_year": 2,
                "amount": 900_000,
                "amount_year": 500_000,
                "first_order_at": days(800),
                "last_order_at": days(100),
            },
            "high",
            "retention",
            ("high-value",),
        ),
        (
            {"orders": 3, "amount": 90_000, "first_order_at": days(800), "last_order_at": days(366)},
            "lost",
            "churn",
            ("lost", "low-value"),
        ),
        (
            {
                "orders": 3,
                "amount": 90_000,
                "first_order_at": days(800),
                "last_order_at": days(366),
                "last_interaction_at": days(100),
            },
            "general",
            "churn",
            ("lost", "low-value"),
        ),
    ],
)
def test_the_rules_that_ship(known, value_class, stage, tags):
    said = load_rules().assess(figures(**known), NOW)
    assert (said.value_class, said.stage, said.tags) == (value_class, stage, tags)


def test_each_rule_has_a_sentence_in_each_language():
    rules = load_rules()
    for what, among in (("value_class", rules.value_class), ("stage", rules.stage), ("tag", rules.tags)):
        for rule in among:
            sentences = {rules.reason(what, rule.name, locale) for locale in ("zh-Hans", "zh-Hant", "en")}
            assert len(sentences) >= 2
            assert rule.name not in sentences
    assert rules.reason("stage", "of-an-older-file", "en") == "of-an-older-file"


def changed(old: str, new: str) -> str:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("{field: amount_year, at_least: 500000}", "{field: amonut, at_least: 1}", "amonut", "unknown field 'amonut'"),
        ("{field: amount_year, at_least: 500000}", "{field: amount, above: 1}", "above", "unknown operator 'above'"),
        ("at_least: 500000", "at_least: lots", "lots", "value_class[0].when.all[0].at_least: bad operand"),
        ("class: high", "class: splendid", "splendid", "'splendid' is none of high, potential, general, lost"),
        ("stage: churn", "stage: gone", "stage: gone", "'gone' is none of"),
        ("- name: gone-quiet", "- name: big-spender\n    clas: lost", "clas: lost", "unknown name 'clas'"),
        ("- name: gone-quiet", "- name: big-spender", None, "there is a rule 'big-spender' already"),
        ("  - name: everybody-else", "  - name: Everybody Else", "Everybody", "is no name"),
        ("      en: No other rule applies.", "      de: Keine andere.", "de: Keine", "unknown name 'de'"),
        ("      en: No other rule applies.\n", "", None, "lacks 'en'"),
        ("currency: CNY", "currency: yuan", "currency: yuan", "is no ISO 4217 code"),
        ("HKD: 0.92", "HKD: free", "free", "is no rate above 0"),
        ("  new:", "  lost:\n    when: {}\n  new:", None, "stands twice"),
        ("tags:\n  new:", "tags: [\n  new:", None, "no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old, new, at, what):
    text = changed(old, new)
    with pytest.raises(RulesFault) as fault:
        read_rules(text, "house.yml")
    assert what in str(fault.value)
    assert str(fault.value).startswith("house.yml:")
    if at is not None:
        assert str(fault.value).startswith(f"house.yml:{line_of(text, at)}: ")


def test_only_the_last_rule_is_for_everybody():
    early = changed("    when: {field: amount_year, at_least: 200000}\n", "")
    with pytest.raises(RulesFault, match=r"rule 'one-large-order' has no condition"):
        read_rules(early, "house.yml")
    late = changed("    class: general\n", "    class: general\n    when: {field: orders, at_most: 0}\n")
    with pytest.raises(RulesFault, match=r"the last rule is for everybody else"):
        read_rules(late, "house.yml")


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(SHIPPED, encoding="utf-8")
    before = load_rules(path)
    assert before is load_rules(path)
    path.write_text(SHIPPED.replace("currency: CNY", "currency: HKD"), encoding="utf-8")
    assert load_rules(path).currency == "HKD"
    with pytest.raises(RulesFault, match="cannot be read"):
        load_rules(tmp_path / "none.yml")
