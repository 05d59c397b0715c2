"""Test conversations as they are once read. The format is that of Rasa's end-to-end tests (``test_cases``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final


class _Anything:
    def __repr__(self) -> str:
        return "anything"


ANYTHING: Final = _Anything()
"""A slot's value where only its being set matters."""


@dataclass(frozen=True, slots=True)
class Utters:
    """The response of this name is said, with whatever values."""

    response: str


@dataclass(frozen=True, slots=True)
class Says:
    """These very words are said."""

    text: str


@dataclass(frozen=True, slots=True)
class Uttered:
    """Something is said that fits all that is given: ``text_matches`` is searched for as a regular expression, and
    ``buttons`` are choices by label or payload."""

    response: str | None = None
    text_matches: str | None = None
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotUttered:
    """Nothing is said that fits."""

    what: Uttered


@dataclass(frozen=True, slots=True)
class SlotSet:
    """The slot got this value in the turn."""

    name: str
    value: Any = ANYTHING


@dataclass(frozen=True, slots=True)
class SlotNotSet:
    """The slot did not get this value in the turn."""

    name: str
    value: Any = ANYTHING


@dataclass(frozen=True, slots=True)
class FlowStarted:
    """One of these flows began in the turn."""

    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionExecuted:
    """The action was carried out in the turn."""

    name: str


Expectation = Utters | Says | Uttered | NotUttered | SlotSet | SlotNotSet | FlowStarted | ActionExecuted


@dataclass(frozen=True, slots=True)
class Move:
    """What the customer does: writes ``text`` (one that begins with ``/`` is a tap's payload), sends ``files``, or
    keeps silent for ``after``; and what is expected to come of it, each with its line."""

    line: int
    text: str = ""
    files: tuple[str, ...] = ()
    after: timedelta | None = None
    expected: tuple[tuple[int, Expectation], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation of one new customer; ``slots`` are set when it begins.

    ``about`` may have a ``profile`` (verified facts by field), ``orders`` (each with ``reference``, ``amount``,
    ``days_ago``, ``status``) and ``verified`` (the channel vouches for the customer).
    """

    name: str
    file: str
    line: int
    moves: tuple[Move, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)
    locale: str = "zh-Hans"
    channel: str = "web"
    about: Mapping[str, Any] = field(default_factory=dict)
