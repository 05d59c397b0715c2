"""Ask the dialog layer, and never let what it does wrong reach the customer as silence."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import structlog

from bot.domain.decision import Decision, Given, Situation, Turn, Wanted
from bot.domain.message import Inbound
from bot.faults import places_of
from bot.turns.budget import BudgetExceeded, call_within

log = structlog.get_logger(__name__)

WARY = 10
WARY_FOR_S = 5.0

Step = Callable[[Inbound, Situation], Decision | Turn]
Apologise = Callable[[Inbound, Situation], Decision]


@dataclass(frozen=True, slots=True)
class Asking:
    """A dialog that wants something done before it decides."""

    turn: Turn
    wanted: Wanted


class Broken(Exception):
    """The dialog raised or hung on its way: it will not decide, and what it had done must not stay."""


class Decider:
    """Runs ``step`` within ``budget_s``; when it raises, hangs or keeps killing its process, ``apologise`` decides.

    ``step`` decides at once, or gives a generator that asks for what it wants done; each of its steps has the budget.
    """

    def __init__(self, step: Step, apologise: Apologise, budget_s: float, crashes_allowed: int) -> None:
        self._step = step
        self._apologise = apologise
        self._budget_s = budget_s
        self._crashes_allowed = crashes_allowed
        self._wary_until = 0.0

    def decide(self, inbound: Inbound, situation: Situation, crashes: int) -> Decision | Asking:
        """A decision, or what is wanted first, whatever ``step`` does; only an apology that raises is raised."""
        if crashes >= self._crashes_allowed:
            log.error("message given to a person undecided", crashes=crashes)
            return self._apologise(inbound, situation)
        try:
            return self._within_budget(lambda: self._begin(inbound, situation))
        except Broken:
            return self._apologise(inbound, situation)

    def resume(self, asking: Asking, given: Given) -> Decision | Asking:
        """The decision, or what is wanted next. Raises :class:`Broken`."""
        return self._within_budget(lambda: _advance(asking.turn, given))

    def give_up(self, inbound: Inbound, situation: Situation, crashes: int = 0) -> Decision:
        """The apology without asking ``step`` again."""
        return self._apologise(inbound, situation)

    def _begin(self, inbound: Inbound, situation: Situation) -> Decision | Asking:
        first = self._step(inbound, situation)
        return first if isinstance(first, Decision) else _advance(first, None)

    def _within_budget(self, ask: Callable[[], Decision | Asking]) -> Decision | Asking:
        # While one decision hangs, the transactions of the others wait: of several that hang at once, only the first
        # may take the whole budget.
        wary = monotonic() < self._wary_until
        budget_s = self._budget_s / WARY if wary else self._budget_s
        try:
            return call_within(budget_s, ask)
        except BudgetExceeded:
            self._wary_until = monotonic() + WARY_FOR_S
            log.error("decision exceeded its budget", budget_s=budget_s)
            raise Broken from None
        except Exception as error:
            log.error("decision failed", fault=places_of(error))
            raise Broken from error


def _advance(turn: Turn, given: Given) -> Decision | Asking:
    try:
        return Asking(turn, turn.send(given))
    except StopIteration as decided:
        decision: Decision = decided.value
        return decision
