"""Reads the rules' file; what is wrong with it is said with file, line, place and name."""

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import yaml

from crm_adapter.value.conditions import ConditionFault, parse
from crm_adapter.value.rules import FIGURE_FIELDS, LOCALES, STAGES, VALUE_CLASSES, Rule, Rules

LONGEST_FILE = 1_000_000
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class RulesFault(ValueError):
    """The rules cannot be used; the message begins with file and line."""


def load_rules(path: Path | None = None) -> Rules:
    """The rules of that file, or those that ship; read again only when it has changed. Raises :class:`RulesFault`."""
    if path is None:
        return _shipped()
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise RulesFault(f"{path}: cannot be read ({error.strerror})") from None
    return _loaded(path, stamp)


_last_good: dict[Path | None, Rules] = {}


def rules_in_force(path: Path | None = None) -> Rules:
    """The rules of that file as it could be read last: a typing error must not keep orders from being stored.

    Raises :class:`RulesFault` when it never could. The nightly run loads the file itself, and fails with what is wrong.
    """
    try:
        _last_good[path] = load_rules(path)
    except RulesFault:
        if path not in _last_good:
            raise
    return _last_good[path]


@lru_cache(maxsize=1)
def _shipped() -> Rules:
    source = files("crm_adapter.value") / "rules.yml"
    return read_rules(source.read_text(encoding="utf-8"), "rules.yml")


@lru_cache(maxsize=4)
def _loaded(path: Path, stamp: int) -> Rules:
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise RulesFault(f"{path}: larger than {LONGEST_FILE} bytes")
        return read_rules(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise RulesFault(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise RulesFault(f"{path}: is not UTF-8") from None


def read_rules(text: str, name: str) -> Rules:
    """The rules in ``text``, which comes from the file ``name``. Raises :class:`RulesFault`."""
    return _Reader(name).read(text)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: dict[str, int] = {}

    def read(self, text: str) -> Rules:
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            content = self._plain(node, "") if node is not None else None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise RulesFault(f"{self._name}:{line}: no YAML: {error.problem}") from None
        except (yaml.YAMLError, RecursionError):
            raise RulesFault(f"{self._name}:1: no YAML") from None
        top = self._mapping(content, "", ("currency", "value_class", "stage", "tags"), ("rates",))
        currency = top["currency"]
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            self._fail("currency", "is no ISO 4217 code")
        return Rules(
            currency=currency,
            rates={**self._rates(top.get("rates") or {}), currency: 1.0},
            value_class=self._ordered(top["value_class"], "value_class", "class", VALUE_CLASSES),
            stage=self._ordered(top["stage"], "stage", "stage", STAGES),
            tags=self._tags(top["tags"]),
        )

    def _rates(self, value: Any) -> dict[str, float]:
        if not isinstance(value, dict):
            self._fail("rates", "is no mapping of currencies")
        for code, rate in value.items():
            if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
                self._fail(f"rates.{code}", "is no ISO 4217 code")
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 1e6:
                self._fail(f"rates.{code}", "is no rate above 0")
        return {code: float(rate) for code, rate in value.items()}

    def _ordered(self, value: Any, place: str, outcome: str, outcomes: tuple[str, ...]) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not value:
            self._fail(place, "is no list of rules")
        rules: list[Rule] = []
        for i, entry in enumerate(value):
            here, last = f"{place}[{i}]", i == len(value) - 1
            entry = self._mapping(entry, here, ("name", outcome, "reason"), ("when",))
            name = self._named(entry["name"], f"{here}.name")
            if name in (rule.name for rule in rules):
                self._fail(f"{here}.name", f"there is a rule {name!r} already")
            if entry[outcome] not in outcomes:
                self._fail(f"{here}.{outcome}", f"{entry[outcome]!r} is none of {', '.join(outcomes)}")
            if last and "when" in entry:
                self._fail(f"{here}.when", "the last rule is for everybody else and has no condition")
            if not last and "when" not in entry:
                self._fail(here, f"rule {name!r} has no condition (when); only the last rule goes without")
            when = self._condition(entry["when"], f"{here}.when") if "when" in entry else None
            rules.append(Rule(name, entry[outcome], when, self._reason(entry["reason"], f"{here}.reason")))
        return tuple(rules)

    def _tags(self, value: Any) -> tuple[Rule, ...]:
        if not isinstance(value, dict):
            self._fail("tags", "is no mapping of tags")
        rules = []
        for name in value:
            here = f"tags.{name}"
            entry = self._mapping(value[name], here, ("when", "reason"), ())
            tag = self._named(name, here)
            when = self._condition(entry["when"], f"{here}.when")
            rules.append(Rule(tag, tag, when, self._reason(entry["reason"], f"{here}.reason")))
        return tuple(sorted(rules, key=lambda rule: rule.name))

    def _condition(self, value: Any, place: str) -> Any:
        try:
            return parse(value, FIGURE_FIELDS, place)
        except ConditionFault as fault:
            what = fault.code.replace("_", " ") + (f" {fault.name!r}" if fault.name else "")
            self._fail(fault.place, what)

    def _reason(self, value: Any, place: str) -> dict[str, str]:
        reason = self._mapping(value, place, LOCALES, ())
        for locale in LOCALES:
            if not isinstance(reason[locale], str) or not reason[locale].strip():
                self._fail(f"{place}.{locale}", "is no sentence")
        return {locale: reason[locale].strip() for locale in LOCALES}

    def _named(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self._fail(place, f"{value!r} is no name: small letters, digits and hyphens, at most 40")
        return value

    def _mapping(self, value: Any, place: str, needed: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._fail(place, f"needs {', '.join(needed)}")
        for name in value:
            if name not in (*needed, *optional):
                self._fail(_in(place, name), f"unknown name {name!r}")
        for name in needed:
            if name not in value:
                self._fail(place, f"lacks {name!r}")
        return value

    def _plain(self, node: yaml.Node, place: str) -> Any:
        """What the node holds, every place's line noted; keys that stand twice are refused."""
        self._lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = key_node.value
                if key in mapping:
                    self._lines[_in(place, key)] = key_node.start_mark.line + 1
                    self._fail(_in(place, key), "stands twice")
                mapping[key] = self._plain(value_node, _in(place, key))
                self._lines[_in(place, key)] = key_node.start_mark.line + 1
            return mapping
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, f"{place}[{i}]") for i, item in enumerate(node.value)]
        return _scalar(node)

    def _fail(self, place: str, what: str) -> NoReturn:
        known = place
        while known and known not in self._lines:
            known = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]+)$", "", known)
        raise RulesFault(f"{self._name}:{self._lines.get(known, 1)}: {place or 'the file'}: {what}")


def _in(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


def _scalar(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except ValueError:
        raise yaml.MarkedYAMLError(problem="a value that YAML cannot read", problem_mark=node.start_mark) from None
    finally:
        loader.dispose()
