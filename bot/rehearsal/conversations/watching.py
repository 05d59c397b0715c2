"""A dialog that notes what it does in a turn, for whoever compares it with what was written down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.decision import ActionCall, ActionResult, Decision, Situation, Turn
from bot.domain.message import Body, Inbound
from bot.talk import TurningDialog


@dataclass(slots=True)
class Noted:
    """One turn: the slots and flows before and after it, the actions on its way, what was said.

    ``broken``: the turn ended with an apology. ``failed``: actions with the code of their failure.
    """

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    flows_before: tuple[str, ...] = ()
    flows_after: tuple[str, ...] = ()
    actions: list[str] = field(default_factory=list)
    flows_between: list[str] = field(default_factory=list)
    slots_between: list[Mapping[str, Any]] = field(default_factory=list)
    replies: tuple[Body, ...] = ()
    came_to: tuple[str, ...] = ()
    locale: str = ""
    broken: bool = False
    failed: list[tuple[str, str]] = field(default_factory=list)

    def values(self, slot: str) -> Iterator[Any]:
        """Every value that the slot was seen with after the turn began, the last one last; not what stood before."""
        last = self.before.get(slot)
        for seen in (*self.slots_between, self.after):
            value = seen.get(slot)
            if value != last:
                yield value
            last = value

    @property
    def flows(self) -> frozenset[str]:
        """The flows that ran in the turn, as far as an action, a question or what the turn came to shows them."""
        return frozenset((*self.flows_before, *self.flows_between, *self.flows_after, *self.came_to))

    @property
    def everything(self) -> dict[str, Any]:
        """All values that the turn knew, for what is said with them."""
        return {name: value for seen in (self.before, *self.slots_between, self.after) for name, value in seen.items()}


class WatchedDialog:
    """Does what the dialog does; ``noted`` is the last turn. ``slots`` are set when the conversation begins."""

    def __init__(self, dialog: TurningDialog) -> None:
        self._dialog = dialog
        self.noted = Noted()
        self.slots: Mapping[str, Any] = {}

    def forget(self) -> None:
        """What is noted from now on is of the next turn."""
        self.noted = Noted()

    def turn(self, inbound: Inbound, situation: Situation) -> Turn:
        """The dialog's own turn."""
        if self.slots and not situation.state:
            situation = replace(situation, state={"v": 1, "slots": dict(self.slots)})
        self.noted = noted = Noted(slots_of(situation.state), flows_before=flows_of(situation.state))
        steps = self._dialog.turn(inbound, situation)
        given: Any = None
        while True:
            try:
                wanted = steps.send(given)
            except StopIteration as ended:
                decision: Decision = ended.value
                self._note(decision)
                return decision
            if isinstance(wanted, ActionCall):
                noted.actions.append(wanted.name)
                noted.flows_between.append(wanted.flow)
                noted.slots_between.append(wanted.slots)
            given = yield wanted
            if isinstance(wanted, ActionCall) and isinstance(given, ActionResult):
                noted.slots_between.append({**wanted.slots, **given.slots})
                if given.failed is not None:
                    noted.failed.append((wanted.name, given.failed))

    def apologise(self, inbound: Inbound, situation: Situation) -> Decision:
        """The dialog's own apology."""
        decision = self._dialog.apologise(inbound, situation)
        self._note(decision)
        self.noted.broken = True
        return decision

    def _note(self, decision: Decision) -> None:
        noted = self.noted
        noted.after, noted.flows_after = slots_of(decision.state), flows_of(decision.state)
        outcome = decision.outcome
        noted.came_to = (outcome.ref,) if outcome.kind == "flow" and outcome.ref else ()
        noted.replies, noted.locale = decision.replies, decision.locale or noted.locale


def slots_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Every slot that a conversation's state holds, those of the flow on top last."""
    slots = dict(state.get("slots", {}))
    for frame in state.get("frames", ()):
        slots.update(frame.get("slots", {}))
    return slots


def flows_of(state: Mapping[str, Any]) -> tuple[str, ...]:
    """The flows that run, from the bottom up."""
    return tuple(frame["flow"] for frame in state.get("frames", ()))
