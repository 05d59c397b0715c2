"""Conditions over fields, as JSON or YAML holds them; what rules and segments are made of.

    condition = {"all": [condition, ...]} | {"any": [condition, ...]} | {"not": condition} | leaf
    leaf      = {"field": name, operator: operand}

Which operators a leaf may have is the kind of its field's matter:

    number   at_least, at_most, is    whole numbers; money in minor units
    moment   older_than_days, within_days, known
    word     is, in, known            one of the field's words, where it has a list of them

Every leaf is true or false, never unknown: a value that is not there is neither old nor recent nor equal to anything,
and ``not`` of such a leaf is true. A condition is checked once, by :func:`parse`, and then means the same in Python
(:mod:`crm_adapter.value.judge`) and in SQL (:mod:`crm_adapter.value.compile`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["number", "moment", "word", "special"]
MOST_PARTS = 200
DEEPEST = 20
MOST_WORDS = 500
LONGEST_WORD = 200
MOST_DAYS = 36_500
LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Leaf:
    """``operand`` is an ``int``, a ``bool``, a ``str`` or a tuple of ``str``, as ``operator`` needs it.

    ``more`` holds what a special field is asked besides (a consent's purpose and channel).
    """

    field: str
    operator: str
    operand: Any
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = Leaf | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Field:
    """What may be asked of a field: its kind, its words if it has a list, the members a special leaf needs or may have,
    and a check of each of its words."""

    kind: Kind
    words: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    fits: Callable[[str], bool] | None = None


OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "number": ("at_least", "at_most", "is"),
    "moment": ("older_than_days", "within_days", "known"),
    "word": ("is", "in", "known"),
}


class ConditionFault(ValueError):
    """``place`` says where in the condition; ``code`` is ``not_a_condition``, ``empty``, ``too_large``,
    ``unknown_field``, ``unknown_operator``, ``one_operator``, ``unknown_member``, ``missing_member``,
    ``bad_operand`` or ``unknown_word``; ``name`` is the member or word that is wrong."""

    def __init__(self, code: str, place: str, name: str = "") -> None:
        super().__init__(f"{place or 'condition'}: {code}" + (f" {name!r}" if name else ""))
        self.code = code
        self.place = place
        self.name = name


def parse(value: object, fields: Mapping[str, Field], place: str = "") -> Condition:
    """The checked condition. Raises :class:`ConditionFault`."""
    return _Parser(fields).condition(value, place, 1)


class _Parser:
    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._parts = 0

    def condition(self, value: object, place: str, depth: int) -> Condition:
        self._parts += 1
        if self._parts > MOST_PARTS or depth > DEEPEST:
            raise ConditionFault("too_large", place)
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise ConditionFault("not_a_condition", place)
        if "field" in value:
            return self._leaf(value, place)
        if len(value) != 1:
            raise ConditionFault("not_a_condition", place)
        ((name, content),) = value.items()
        inside = f"{place}.{name}" if place else str(name)
        if name == "not":
            return Not(self.condition(content, inside, depth + 1))
        if name not in ("all", "any"):
            raise ConditionFault("not_a_condition", place, str(name))
        if not isinstance(content, Sequence) or isinstance(content, str | bytes):
            raise ConditionFault("not_a_condition", inside)
        if not content:
            raise ConditionFault("empty", inside)
        parts = tuple(self.condition(part, f"{inside}[{i}]", depth + 1) for i, part in enumerate(content))
        return AllOf(parts) if name == "all" else AnyOf(parts)

    def _leaf(self, value: Mapping[str, object], place: str) -> Leaf:
        name = value["field"]
        field = self._fields.get(name) if isinstance(name, str) else None
        if field is None or not isinstance(name, str):
            raise ConditionFault("unknown_field", _in(place, "field"), str(name)[:LONGEST_WORD])
        members = {*field.needed, *field.optional}
        allowed = field.operators or OPERATORS[field.kind]
        operators = [one for one in value if one != "field" and one not in members]
        for operator in operators:
            if operator not in allowed:
                raise ConditionFault("unknown_operator", _in(place, operator), operator)
        if len(operators) != 1:
            raise ConditionFault("one_operator", place)
        more = []
        for member in (*field.needed, *field.optional):
            if member in value:
                more.append((member, _word(value[member], _in(place, member))))
            elif member in field.needed:
                raise ConditionFault("missing_member", place, member)
        operator = operators[0]
        operand = self._operand(field, operator, value[operator], _in(place, operator))
        return Leaf(name, operator, operand, tuple(more))

    @staticmethod
    def _operand(field: Field, operator: str, value: object, place: str) -> Any:
        if operator == "known":
            if not isinstance(value, bool):
                raise ConditionFault("bad_operand", place)
            return value
        if operator == "in":
            if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not 0 < len(value) <= MOST_WORDS:
                raise ConditionFault("bad_operand", place)
            return tuple(_known_word(field, one, f"{place}[{i}]") for i, one in enumerate(value))
        if field.kind in ("word", "special"):
            return _known_word(field, value, place)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConditionFault("bad_operand", place)
        low, high = (0, MOST_DAYS) if field.kind == "moment" else (-LARGEST, LARGEST)
        if not low <= value <= high:
            raise ConditionFault("bad_operand", place)
        return value


def _in(place: str, member: str) -> str:
    return f"{place}.{member}" if place else member


def _word(value: object, place: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_WORD or not value.isprintable():
        raise ConditionFault("bad_operand", place)
    return value


def _known_word(field: Field, value: object, place: str) -> str:
    word = _word(value, place)
    if (field.words and word not in field.words) or (field.fits is not None and not field.fits(word)):
        raise ConditionFault("unknown_word", place, word)
    return word
