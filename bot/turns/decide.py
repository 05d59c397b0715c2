"""Ask the dialog layer, and never let what it does wrong reach the customer as silence."""

from collections.abc import Callable

import structlog

from bot.domain.decision import Decision, Situation
from bot.domain.message import Inbound
from bot.turns.budget import BudgetExceeded, time_budget

log = structlog.get_logger(__name__)

Step = Callable[[Inbound, Situation], Decision]
Apologise = Callable[[Inbound, Situation], Decision]


class Decider:
    """Runs ``step`` within ``budget_s``; when it raises, hangs or keeps killing its process, ``apologise`` decides."""

    def __init__(self, step: Step, apologise: Apologise, budget_s: float, crashes_allowed: int) -> None:
        self._step = step
        self._apologise = apologise
        self._budget_s = budget_s
        self._crashes_allowed = crashes_allowed

    def decide(self, inbound: Inbound, situation: Situation, crashes: int) -> Decision:
        """Always a decision; never raises."""
        if crashes >= self._crashes_allowed:
            log.error("message given to a person undecided", crashes=crashes)
            return self._apologise(inbound, situation)
        try:
            with time_budget(self._budget_s):
                return self._step(inbound, situation)
        except BudgetExceeded:
            log.error("decision exceeded its budget", budget_s=self._budget_s)
        except Exception:
            log.exception("decision failed")
        return self._apologise(inbound, situation)
