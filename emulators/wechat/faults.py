"""Failures on demand: rules that say what goes wrong, where, how often and with which chance."""

import random
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "latency", "drop_before", "drop_after", "duplicate", "reorder", "errcode", "broken_json", "http_502", "slow"
]


class FaultRule(BaseModel):
    """One rule. What is ``None`` matches anything.

    On a ``push``: ``latency`` waits ``seconds`` before it is sent; ``drop_before`` never sends the attempt;
    ``drop_after`` sends it and ignores the answer; ``duplicate`` sends the push twice at once; ``reorder`` holds it
    back until another push of the same user has been sent, at most ``seconds``.

    On the ``api``: ``latency``; ``drop_before`` and ``drop_after`` close the connection without an answer, before or
    after the call is carried out; ``errcode`` refuses it; ``broken_json`` carries it out and answers half a body;
    ``http_502`` refuses it with a web page; ``slow`` sends the answer's body in pieces over ``seconds``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    on: Literal["push", "api"]
    fault: Kind
    account: str | None = None
    user: str | None = None
    type: str | None = None
    path: str | None = None
    errcode: int = -1
    seconds: float = Field(default=1.0, ge=0, le=3600)
    probability: float = Field(default=1.0, ge=0, le=1)
    count: int | None = Field(default=None, ge=1)
    skip: int = Field(default=0, ge=0)
    seed: int = 1


class _Armed:
    def __init__(self, number: int, rule: FaultRule) -> None:
        self.number = number
        self.rule = rule
        self.random = random.Random(rule.seed)  # noqa: S311 - repeatable on purpose
        self.seen = 0
        self.fired = 0

    def strikes(self, on: str, facts: dict[str, str]) -> bool:
        """Whether it strikes now; a match that is skipped or spared by chance is counted as seen."""
        rule = self.rule
        if rule.on != on or (rule.count is not None and self.fired >= rule.count):
            return False
        wanted = {"account": rule.account, "user": rule.user, "type": rule.type, "path": rule.path}
        for name, pattern in wanted.items():
            if pattern is not None and not fnmatchcase(facts.get(name, ""), pattern):
                return False
        self.seen += 1
        if self.seen <= rule.skip or self.random.random() >= rule.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force, in the order in which they were made."""

    def __init__(self) -> None:
        self._armed: dict[int, _Armed] = {}
        self._last = 0

    def add(self, rule: FaultRule) -> int:
        """Puts a rule in force; returns its number."""
        self._last += 1
        self._armed[self._last] = _Armed(self._last, rule)
        return self._last

    def remove(self, number: int) -> bool:
        """Whether there was such a rule."""
        return self._armed.pop(number, None) is not None

    def clear(self) -> None:
        """No faults any more."""
        self._armed.clear()

    def strike(self, on: Literal["push", "api"], **facts: str) -> dict[Kind, FaultRule]:
        """The faults that strike now, the first of each kind; ``facts``: ``account``, ``user``, ``type``, ``path``."""
        struck: dict[Kind, FaultRule] = {}
        for armed in self._armed.values():
            if armed.rule.fault not in struck and armed.strikes(on, facts):
                struck[armed.rule.fault] = armed.rule
        return struck

    def view(self) -> list[dict[str, Any]]:
        """Every rule with how often it matched and struck."""
        return [
            {"id": armed.number, "seen": armed.seen, "fired": armed.fired, **armed.rule.model_dump()}
            for armed in self._armed.values()
        ]
