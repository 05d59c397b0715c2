"""The conditions of flow files: CALM's predicates over slots, compiled to closures, never evaluated as code.

Two values only: a comparison with a slot that is not set, or with a value of another type, is false; so ``not`` of it
is true. ``is null`` and ``is not null`` ask whether a slot is set.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, UnexpectedInput

from bot.flows.model import Condition, Values
from bot.flows.patterns import PatternFault, compile_pattern

MAX_LENGTH = 1000
MAX_DEPTH = 20
GRAMMAR = r"""
?start: any
?any: all (_OR all)*                         -> either
?all: negation (_AND negation)*              -> every
?negation: _NOT negation                     -> opposite
    | "(" any ")"                            -> nested
    | SLOT                                   -> truth
    | (TRUE | FALSE)                         -> constant
    | value OPERATOR value                   -> comparison
    | value (IS_NOT | IS) value              -> comparison
?value: SLOT                                 -> slot
    | (TRUE | FALSE | NULL)                  -> literal
    | STRING                                 -> string
    | NUMBER                                 -> number
    | WORD                                   -> word
_OR.2: /or\b/i
_AND.2: /and\b/i
_NOT.2: /not\b/i
TRUE.2: /true\b/i
FALSE.2: /false\b/i
NULL.2: /null\b/i
IS_NOT.3: /is\s+not\b/i
IS.2: /is\b/i
OPERATOR.2: /contains\b|matches\b/i | />=|<=|!=|==|=|>|</
SLOT.2: /slots\.[A-Za-z_][A-Za-z0-9_]*/
WORD: /[^\s()"'<>=!]+/
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
NUMBER.2: /-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?![\w.])/
%ignore /\s+/
"""
_NUMERIC = (int, float)
_LITERALS = {"true": True, "false": False, "null": None}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SAME = {"=": "=", "==": "=", "is": "="}


class ConditionFault(Exception):
    """The source is no condition; ``column`` counts from one, ``code`` names the sentence about it."""

    def __init__(self, code: str, column: int, name: str = "") -> None:
        super().__init__(f"{code} at column {column}: {name}")
        self.code, self.column, self.name = code, column, name


@dataclass(frozen=True, slots=True)
class Comparison:
    """A slot compared with a literal, for those who check that this can ever hold."""

    slot: str
    operator: str
    value: Any
    column: int


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition with what can be known of it without running it."""

    condition: Condition
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a condition: ``holds``; or a value, with ``take``."""

    holds: Callable[[Values], bool]
    take: Callable[[Values], Any]
    reads: frozenset[str] = frozenset()
    comparisons: tuple[Comparison, ...] = ()
    depth: int = 1
    slot: str | None = None
    literal: bool = False
    value: Any = None
    column: int = 1


def parse_condition(source: str) -> Condition:
    """Compiles a condition. Raises :class:`ConditionFault`."""
    return parse_predicate(source).condition


def parse_predicate(source: str) -> Predicate:
    """Compiles a condition and says what it compares. Raises :class:`ConditionFault`."""
    if len(source) > MAX_LENGTH:
        raise ConditionFault("condition_long", MAX_LENGTH)
    if not source.strip():
        raise ConditionFault("condition_empty", 1)
    try:
        part: Any = _parser().parse(source)
    except UnexpectedInput as error:
        token = getattr(error, "token", None)
        ended = isinstance(token, Token) and token.type == "$END"
        position: Any = len(source) if ended else error.pos_in_stream
        raise ConditionFault("condition", position + 1, source) from None
    except LarkError:
        raise ConditionFault("condition", 1, source) from None
    return Predicate(Condition(source, part.holds, part.reads), part.comparisons)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Compiler(), propagate_positions=False)


def _never(_slots: Values) -> Any:
    return False


def _joined(parts: tuple[_Part, ...], holds: Callable[[Values], bool]) -> _Part:
    depth = max(part.depth for part in parts) + 1
    if depth > MAX_DEPTH:
        raise ConditionFault("condition_deep", 1)
    reads = frozenset[str]().union(*(part.reads for part in parts))
    return _Part(holds, _never, reads, tuple(each for part in parts for each in part.comparisons), depth)


@v_args(inline=True)
class _Compiler(Transformer[Token, Any]):
    """Called while the parser reduces, bottom up: no tree is made, nothing recurs."""

    def either(self, *parts: _Part) -> _Part:
        tests = tuple(part.holds for part in parts)
        return parts[0] if len(parts) == 1 else _joined(parts, lambda slots: any(test(slots) for test in tests))

    def every(self, *parts: _Part) -> _Part:
        tests = tuple(part.holds for part in parts)
        return parts[0] if len(parts) == 1 else _joined(parts, lambda slots: all(test(slots) for test in tests))

    def opposite(self, part: _Part) -> _Part:
        return _joined((part,), lambda slots: not part.holds(slots))

    def nested(self, part: _Part) -> _Part:
        return _joined((part,), part.holds)

    def truth(self, token: Token) -> _Part:
        return self.slot(token)

    def constant(self, token: Token) -> _Part:
        value = _LITERALS[token.lower()] is True
        return _Part(lambda _slots: value, _never)

    def slot(self, token: Token) -> _Part:
        name = token.removeprefix("slots.")
        return _Part(
            lambda slots: bool(slots.get(name)),
            lambda slots: slots.get(name),
            frozenset({name}),
            slot=name,
            column=_column(token),
        )

    def literal(self, token: Token) -> _Part:
        return _constant(_LITERALS[token.lower()], token)

    def string(self, token: Token) -> _Part:
        mark = token[0]
        return _constant(token[1:-1].replace(f"\\{mark}", mark), token)

    def number(self, token: Token) -> _Part:
        return _constant(float(token) if "." in token else int(token), token)

    def word(self, token: Token) -> _Part:
        raise ConditionFault("condition_word", _column(token), str(token))

    def comparison(self, left: _Part, sign: Token, right: _Part) -> _Part:
        name = "!=" if sign.type == "IS_NOT" else _SAME.get(sign.lower(), sign.lower())
        holds = _test(name, left, right)
        found: tuple[Comparison, ...] = ()
        if left.slot and right.literal:
            found = (Comparison(left.slot, name, right.value, right.column),)
        elif right.slot and left.literal and name in ("=", "!="):
            found = (Comparison(right.slot, name, left.value, left.column),)
        return _Part(holds, _never, left.reads | right.reads, found)


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _constant(value: Any, token: Token) -> _Part:
    return _Part(_never, lambda _slots: value, literal=True, value=value, column=_column(token))


def _test(name: str, left: _Part, right: _Part) -> Callable[[Values], bool]:
    if name == "matches":
        return _matching(left, right)
    for asked, null in ((left, right), (right, left)):
        if null.literal and null.value is None:
            if name not in ("=", "!="):
                raise ConditionFault("condition_null", null.column, name)
            take, empty = asked.take, name == "="
            return lambda slots: (take(slots) is None) is empty
    one, other = left.take, right.take
    if name == "=":
        return lambda slots: equal(one(slots), other(slots))
    if name == "!=":
        return lambda slots: _unequal(one(slots), other(slots))
    if name == "contains":
        return lambda slots: _contains(one(slots), other(slots))
    order = _ORDERS[name]
    return lambda slots: _ordered(order, one(slots), other(slots))


def _matching(left: _Part, right: _Part) -> Callable[[Values], bool]:
    if not right.literal or not isinstance(right.value, str):
        raise ConditionFault("condition_matches", right.column)
    try:
        found = compile_pattern(right.value)
    except PatternFault as fault:
        raise ConditionFault(fault.code, right.column, right.value) from None
    take = left.take

    def holds(slots: Values) -> bool:
        value = take(slots)
        return isinstance(value, str) and found(value)

    return holds


def comparable(one: Any, other: Any) -> bool:
    """Whether two values are of one kind: words, numbers, or yes and no."""
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    return (isinstance(one, str) and isinstance(other, str)) or (
        isinstance(one, _NUMERIC) and isinstance(other, _NUMERIC)
    )


def equal(one: Any, other: Any) -> bool:
    """Equality that holds between values of one kind only."""
    return comparable(one, other) and bool(one == other)


def _unequal(one: Any, other: Any) -> bool:
    return comparable(one, other) and bool(one != other)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list | tuple) and any(equal(item, part) for item in whole)


def _ordered(order: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    return comparable(one, other) and not isinstance(one, bool) and bool(order(one, other))
