"""The dialog layer: a message or an event and the situation in, a decision out. Knows no channel and no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import Any

from bot.domain.decision import Decision, Outcome, Situation, Turn
from bot.domain.message import Inbound, stands_in
from bot.flows.commands import Cancel, CannotHandle, Clarify, SetSlot, StartFlow, Understood
from bot.flows.engine.chart import Charts
from bot.flows.engine.events import happen, plan_wake
from bot.flows.engine.fill import asked_slot
from bot.flows.engine.follow import follow
from bot.flows.engine.greet import OFFER, answer_offer, greet, may_offer, offer_choices
from bot.flows.engine.parking import find_parked
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import root_of
from bot.flows.engine.start import announce
from bot.flows.engine.state import State, load
from bot.flows.engine.terms import Terms, Understand, World
from bot.flows.engine.versions import settle
from bot.flows.facts import Facts
from bot.flows.model import Definitions, Flow, Slot
from bot.flows.rendering import MISSING, render
from bot.flows.understanding.heard import Heard, Shown


def _cannot_revive(_document: Mapping[str, Any]) -> Flow | None:
    return None


@dataclass(frozen=True, slots=True)
class Dialog:
    """The dialog layer with everything it is made of.

    ``definitions`` gives those of today; an older version of a flow is asked for by its hash and made a flow again by
    ``revive``, which returns ``None`` for what it cannot read.
    """

    definitions: Callable[[], Definitions]
    understand: Understand
    facts: Facts
    terms: Terms = field(default_factory=Terms)
    revive: Callable[[Mapping[str, Any]], Flow | None] = _cannot_revive
    charts: Charts = field(default_factory=Charts, compare=False, repr=False)

    def turn(self, inbound: Inbound, situation: Situation) -> Turn:
        """Decides what a message or an event leads to; yields what it wants done on its way.

        Every message of a customer is answered unless a person speaks. Raises nothing whatever the state is.
        """
        run = self._run(inbound, situation)
        if run.frames:
            yield from settle(run, list(run.frames))
        if inbound.event is not None:
            run.state.fresh = run.state.fresh or situation.first
            yield from happen(run, inbound.event)
        else:
            yield from self._hear(run)
        plan_wake(run)
        return run.decision()

    def apologise(self, inbound: Inbound, situation: Situation) -> Decision:
        """What is said when a message broke the turn: an apology, and a person takes over. Asks no facts."""
        if situation.owner != "bot" or inbound.event is not None:
            return Decision((), Outcome("failed"), situation.state, locale=situation.locale)
        response = self.definitions().responses.get("utter_internal_error")
        body = render(response, self.terms.promises, situation.locale) if response else {"text": MISSING}
        return Decision((body,), Outcome("failed"), {}, owner="queue", locale=situation.locale)

    def _run(self, inbound: Inbound, situation: Situation) -> Run:
        world = World(self.definitions(), self.understand, self.facts, self.revive, self.terms)
        state = load(situation.state)
        if situation.first:  # it is the last conversation's: what lasts is taken over, not what it was busy with
            state = State(slots=state.slots)
        return Run(inbound, situation, world, self.charts, state, situation.locale)

    def _hear(self, run: Run) -> Steps[None]:
        run.first = (run.situation.first or run.state.fresh) and run.speaks
        run.state.fresh = run.state.fresh and not run.first
        if run.first or self._comes_back(run):
            yield from find_parked(run)
        heard = self._heard(run)
        understood = self.understand(heard, self.facts, run.world.definitions)
        run.locale = understood.locale
        run.urgent = understood.upset
        run.state.reminded, run.state.heard = False, run.now_s
        wanted = self._goes_on(run, heard, understood)
        if wanted is not None:
            yield from answer_offer(run, wanted)
        else:
            yield from follow(run, understood)
        if run.speaks and not run.stopped:
            yield from greet(run)
            announce(run)
        else:
            run.state.fresh = run.state.fresh or run.first
        outcome = run.outcome
        told = outcome is not None and outcome.ref and outcome.kind in ("flow", "article")
        run.state.about = f"{outcome.kind}:{outcome.ref}" if outcome and told else ""
        silent = run.speaks and not run.replies
        if silent and run.say("utter_noted") is None:
            run.utter({"text": MISSING})

    def _comes_back(self, run: Run) -> bool:
        """Whether this is another visit although the conversation was not closed: it may be one on another channel,
        where something was put aside meanwhile."""
        quiet = run.now_s - run.state.heard
        return run.speaks and not run.frames and bool(run.state.heard) and quiet >= self.terms.park_s

    def _goes_on(self, run: Run, heard: Heard, understood: Understood) -> bool | None:
        """Whether the customer goes on with what is parked, without being asked; ``None`` where that was not meant."""
        offer = run.world.definitions.slots.get(OFFER)
        if not run.speaks or run.frames or offer is None or not heard.text or not may_offer(run):
            return None
        parked = StartFlow(str(run.state.parked.get("flow")))
        if not all(one == parked or isinstance(one, CannotHandle | Clarify | Cancel) for one in understood.commands):
            return None
        shown = tuple(Shown(one["id"], one["label"]) for one in offer_choices(run))
        asked = replace(heard, asked=offer, shown=shown, above=())
        answer = self.understand(asked, self.facts, run.world.definitions).commands
        said = next((one.value for one in answer if isinstance(one, SetSlot) and one.slot == OFFER), None)
        return said if isinstance(said, bool) else None

    def _heard(self, run: Run) -> Heard:
        body = run.inbound.body
        asked = asked_slot(run)
        slots: dict[str, Slot] = {}
        for frame in run.frames:
            slots.update(run.chart(frame).fillable)
        return Heard(
            text="" if stands_in(body) else str(body.get("text", "")),
            locale=run.situation.locale,
            now=run.situation.now.astimezone(self.terms.zone),
            choice=body.get("choice"),
            attachments=body.get("attachments", ()),
            asked=asked,
            several=asked is not None and asked.type == "list",
            shown=tuple(starmap(Shown, run.state.shown.items())),
            above=tuple(starmap(Shown, run.state.above.items())),
            about=run.state.about,
            slots=tuple(slots.values()),
            flow=run.frames[root_of(run, len(run.frames) - 1)].flow if run.frames else None,
            region=self.terms.region,
            order_patterns=self.terms.order_patterns,
        )
