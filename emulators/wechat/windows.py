"""How many customer-service messages a user may still be sent: the one place that decides it."""

from dataclasses import dataclass
from typing import Any, Literal

from emulators.wechat.errors import Refused
from emulators.wechat.settings import Window, Windows

Trigger = Literal["message", "tap", "subscribe", "scan", "payment"]


@dataclass(slots=True)
class Allowance:
    """What one interaction allows: ``left`` messages (``None``: any number) until ``until``."""

    trigger: Trigger
    until: float
    left: int | None


class SendWindow:
    """The send window of one user with one account."""

    def __init__(self, rules: Windows) -> None:
        self._rules = rules
        self._allowances: dict[Trigger, Allowance] = {}

    def open(self, trigger: Trigger, now: float) -> None:
        """An interaction took place: its allowance begins anew."""
        rule: Window = getattr(self._rules, trigger)
        if self._rules.combine == "latest":
            self._allowances.clear()
        self._allowances[trigger] = Allowance(trigger, now + rule.seconds, rule.messages)

    def close(self) -> None:
        """Nothing may be sent any more: the user has unfollowed."""
        self._allowances.clear()

    def spend(self, now: float) -> Trigger:
        """Counts one message and says which interaction allowed it.

        Raises :class:`Refused`: 45015 when no window is open, 45047 when what was allowed is used up.
        """
        live = self._live(now)
        if not live:
            raise Refused(45015)
        usable = [allowance for allowance in live if allowance.left is None or allowance.left > 0]
        if not usable:
            raise Refused(45047)
        # Nothing is counted while a payment allows any number.
        chosen = min(usable, key=lambda allowance: (allowance.left is not None, allowance.until))
        if chosen.left is not None:
            if self._rules.combine == "largest":
                for allowance in usable:
                    allowance.left = (allowance.left or 1) - 1
            else:
                chosen.left -= 1
        return chosen.trigger

    def view(self, now: float) -> list[dict[str, Any]]:
        """The open windows: ``trigger``, ``left`` (``None``: any number), ``until``."""
        live = sorted(self._live(now), key=lambda allowance: allowance.until)
        return [{"trigger": one.trigger, "left": one.left, "until": one.until} for one in live]

    def _live(self, now: float) -> list[Allowance]:
        return [allowance for allowance in self._allowances.values() if allowance.until > now]
