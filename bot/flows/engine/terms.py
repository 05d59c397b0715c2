"""What the engine is given: numbers from the settings, and what a turn works with that is of no one conversation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from bot.flows.commands import Understood
from bot.flows.facts import Facts
from bot.flows.model import Definitions, Flow
from bot.flows.understanding.heard import ORDER_PATTERNS, Heard

Understand = Callable[[Heard, Facts, Definitions], Understood]
"""Words, taps and files in, commands out; without I/O."""


def _nothing_known(_action: str) -> frozenset[str] | None:
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """``promises`` are values that any response may name, such as ``hours`` (SL1); times are in seconds.

    Silence reminds after ``remind_s``, parks what is open after ``park_s``, and closes ``close_s`` after all is done.
    ``after_commit`` are the actions that leave our store; one that has not answered within ``action_s`` has failed.
    ``inputs`` tells which slots an action looks at, ``None`` where that is not known: then every slot is. ``tries`` are
    the answers to one question that may fail before help is offered, ``depth`` the flows that may be open at once.
    """

    promises: Mapping[str, str] = field(default_factory=dict)
    policy_url: str | None = None
    remind_s: float = 600
    park_s: float = 1800
    close_s: float = 1800
    action_s: float = 60
    after_commit: frozenset[str] = frozenset()
    inputs: Callable[[str], frozenset[str] | None] = _nothing_known
    tries: int = 3
    depth: int = 5
    region: str = "CN"
    order_patterns: tuple[str, ...] = ORDER_PATTERNS
    zone: tzinfo = UTC


class World(NamedTuple):
    """``revive`` makes a flow of a stored document, ``None`` where it cannot be read any more."""

    definitions: Definitions
    understand: Understand
    facts: Facts
    revive: Callable[[Mapping[str, Any]], Flow | None]
    terms: Terms
