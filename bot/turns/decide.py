"""Ask the dialog layer, and never let what it does wrong reach the customer as silence."""

from collections.abc import Callable
from time import monotonic

import structlog

from bot.domain.decision import Decision, Situation
from bot.domain.message import Inbound
from bot.faults import places_of
from bot.turns.budget import BudgetExceeded, call_within

log = structlog.get_logger(__name__)

WARY = 10
WARY_FOR_S = 5.0

Step = Callable[[Inbound, Situation], Decision]
Apologise = Callable[[Inbound, Situation], Decision]


class Decider:
    """Runs ``step`` within ``budget_s``; when it raises, hangs or keeps killing its process, ``apologise`` decides."""

    def __init__(self, step: Step, apologise: Apologise, budget_s: float, crashes_allowed: int) -> None:
        self._step = step
        self._apologise = apologise
        self._budget_s = budget_s
        self._crashes_allowed = crashes_allowed
        self._wary_until = 0.0

    def decide(self, inbound: Inbound, situation: Situation, crashes: int) -> Decision:
        """A decision whatever ``step`` does; only an apology that raises is raised."""
        if crashes >= self._crashes_allowed:
            log.error("message given to a person undecided", crashes=crashes)
            return self._apologise(inbound, situation)
        # While one decision hangs, the transactions of the others wait: of several that hang at once, only the first
        # may take the whole budget.
        wary = monotonic() < self._wary_until
        budget_s = self._budget_s / WARY if wary else self._budget_s
        try:
            return call_within(budget_s, self._step, inbound, situation)
        except BudgetExceeded:
            self._wary_until = monotonic() + WARY_FOR_S
            log.error("decision exceeded its budget", budget_s=budget_s)
        except Exception as error:
            log.error("decision failed", fault=places_of(error))
        return self._apologise(inbound, situation)

    def give_up(self, inbound: Inbound, situation: Situation, crashes: int) -> Decision:
        """The apology without asking ``step`` again."""
        return self._apologise(inbound, situation)
