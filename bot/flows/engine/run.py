"""The working memory of one turn: what is on the stack, what was said, what will be decided."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeVar

from bot.domain.decision import ActionCall, ActionResult, Decision, Given, Outcome, OutcomeKind, Situation, Wanted
from bot.domain.message import Body, Inbound, Owner
from bot.flows.engine.chart import Chart, Charts
from bot.flows.engine.state import By, Frame, State, dump, plain
from bot.flows.engine.terms import World
from bot.flows.model import Flow, Response
from bot.flows.rendering import MISSING, in_language, render

T = TypeVar("T")
Steps = Generator[Wanted, Given, T]
"""What asks for things to be done on its way."""

MAX_STEPS = 100
_RISING: tuple[OutcomeKind, ...] = (
    "waiting", "file", "small_talk", "flow", "none", "choices", "article", "hand_over", "failed"
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_RISING)}


class TooManySteps(Exception):
    """A turn went round in circles."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a frame has asked at a step: the replies from ``begin`` to ``end``."""

    frame: Frame
    step: str
    begin: int
    end: int


@dataclass(slots=True)
class Run:
    """One turn. ``held`` are the charts of every frame, so that no step has to ask for a definition;
    ``question`` is the question asked last; ``told`` are slots whose values came with the wish for their flow, and
    ``begun`` the frames that interrupted another, with how much was said by then and the name of the other.
    """

    inbound: Inbound
    situation: Situation
    world: World
    charts: Charts
    state: State
    locale: str
    held: dict[tuple[str, str], Chart] = field(default_factory=dict)
    replies: list[Body] = field(default_factory=list)
    outcome: Outcome | None = None
    owner: Owner | None = None
    after_commit: list[tuple[str, ActionCall]] = field(default_factory=list)
    close: bool = False
    urgent: bool = False
    first: bool = False
    steps: int = 0
    wake_s: float | None = None
    stopped: bool = False
    follow_up: str | None = None
    question: Question | None = None
    told: set[str] = field(default_factory=set)
    begun: list[tuple[Frame, int, str]] = field(default_factory=list)
    frames: list[Frame] = field(init=False)
    """The stack, its top last: that of the state."""
    now_s: int = field(init=False)
    """When the message came, in seconds since 1970."""

    def __post_init__(self) -> None:
        """Sets what is looked at all the time."""
        self.frames = self.state.frames
        self.now_s = int(self.situation.now.timestamp())

    @property
    def top(self) -> Frame | None:
        """The frame that runs."""
        return self.frames[-1] if self.frames else None

    @property
    def speaks(self) -> bool:
        """Whether the bot is the one to speak."""
        return (self.owner or self.situation.owner) == "bot"

    @property
    def upset(self) -> bool:
        """Whether the customer is angry, or was so earlier in this conversation."""
        return self.urgent or self.state.soothed

    @property
    def offered(self) -> dict[str, Any]:
        """The labels of all choices that the last turn offered, by id."""
        return {**self.state.above, **self.state.shown}

    def chart(self, frame: Frame) -> Chart:
        """The chart of a frame's version."""
        return self.held[frame.flow, frame.hash]

    def hold(self, flow: Flow) -> Chart:
        """The chart of a flow, kept for this turn."""
        chart = self.held[flow.id, flow.content_hash] = self.charts.of(flow)
        return chart

    def push(self, flow: Flow, by: By, slots: Mapping[str, Any] | None = None) -> Frame:
        """A new frame on top; a called one works on its caller's slots."""
        chart = self.hold(flow)
        frame = Frame(flow.id, flow.content_hash, chart.first, by)
        if by == "call" and self.top is not None:
            frame.slots = self.top.slots
        frame.slots.update(slots or {})
        self.frames.append(frame)
        return frame

    def push_pattern(self, name: str, **slots: Any) -> bool:
        """Puts a pattern on top, with what it is about as its slots; false where the definitions lack it.

        The same pattern that still waits for an answer below is about something of before: it is forgotten.
        """
        flow = self.world.definitions.flows.get(name)
        if flow is None:
            return False
        self.forget(name)
        self.push(flow, "pattern", {key: plain(value) for key, value in slots.items() if value is not None})
        return True

    def forget(self, name: str) -> None:
        """Takes a flow that the dialog itself began off the stack, with all that it called."""
        for index in range(len(self.frames) - 1, -1, -1):
            if self.frames[index].flow == name and self.frames[index].by == "pattern":
                end = index + 1
                while end < len(self.frames) and self.frames[end].by == "call":
                    end += 1
                del self.frames[index:end]

    def runs(self, frame: Frame) -> bool:
        """Whether a frame is still on the stack; another one may be its equal."""
        for one in self.frames:  # noqa: SIM110 asked at each step
            if one is frame:
                return True
        return False

    def values(self, frame: Frame | None) -> dict[str, Any]:
        """Every slot that a frame sees: its own, else those that outlive flows, else the initial one."""
        if frame is None:
            return dict(self.state.slots)
        return {**self.chart(frame).initial, **self.state.slots, **frame.slots}

    def put(self, frame: Frame, name: str, value: Any) -> None:
        """Sets a slot where it belongs; ``None`` empties it."""
        slot = self.chart(frame).flow.slots.get(name) or self.world.definitions.slots.get(name)
        if slot is not None and slot.persisted:
            self._set(self.state.slots, name, value)
            frame.slots.pop(name, None)
        else:
            self._set(frame.slots, name, value)
            if value is None:
                self.state.slots.pop(name, None)

    @staticmethod
    def _set(slots: dict[str, Any], name: str, value: Any) -> None:
        if value is None:
            slots.pop(name, None)
        else:
            slots[name] = plain(value)

    def response(self, name: str, frame: Frame | None = None) -> Response | None:
        """A response as the frame's version of the flow has it, else the current one."""
        if frame is not None:
            own = self.chart(frame).flow.responses.get(name)
            if own is not None:
                return own
        return self.world.definitions.responses.get(name)

    def say(self, name: str, frame: Frame | None = None, /, **values: Any) -> Body | None:
        """Says a response; nothing where there is none of that name."""
        response = self.response(name, frame)
        if response is None:
            return None
        slots = self.chart(frame).flow.slots if frame is not None else self.world.definitions.slots
        everything = {**self.promises, **self.values(frame), **values}
        return self.utter(render(response, everything, self.locale, self.situation.channel, slots))

    @property
    def promises(self) -> dict[str, str]:
        """What any response may name: the promises, and the privacy policy's page in the language (PR13)."""
        terms = self.world.terms
        page = {"policy_url": f"{terms.policy_url}?lang={self.locale}"} if terms.policy_url else {}
        return {**terms.promises, **page}

    def utter(self, body: Body) -> Body:
        """Says a finished body; one without words, files and choices is no answer."""
        said = dict(body)
        if not (said.get("text") or said.get("attachments") or said.get("choices") or said.get("links")):
            said["text"] = MISSING
        self.replies.append(said)
        return said

    def name_of(self, frame: Frame) -> str:
        """What a frame's flow is called."""
        return in_language(self.chart(frame).flow.name, self.locale)

    def came_to(self, kind: OutcomeKind, ref: str | None = None) -> None:
        """Of all that a turn leads to, what matters most is recorded."""
        if self.outcome is None or _RANK[kind] > _RANK[self.outcome.kind]:
            self.outcome = Outcome(kind, ref)

    def count_step(self) -> None:
        """Raises :class:`TooManySteps` for a turn that goes round in circles."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooManySteps

    def call(self, name: str, frame: Frame | None = None, slots: Mapping[str, Any] | None = None) -> ActionCall:
        """What an action is told."""
        known = self.values(frame) if slots is None else slots
        flow, step = (frame.flow, frame.step) if frame else ("", "")
        return ActionCall(name, known, self.inbound.body, self.locale, flow, step, upset=self.upset)

    def decision(self) -> Decision:
        """What the turn comes to."""
        if self.replies:
            above = [reply["choices"] for reply in self.replies if reply.get("choices")]
            shown = self.state.shown = _by_id(above.pop()) if above else {}
            earlier = _by_id(chain.from_iterable(above))
            self.state.above = {choice: label for choice, label in earlier.items() if choice not in shown}
        wake = self.wake_s
        return Decision(
            replies=tuple(self.replies),
            outcome=self.outcome or Outcome("flow" if self.speaks else "waiting"),
            state=dump(self.state),
            owner=self.owner,
            locale=self.locale,
            wake_at=_after(self.situation.now, wake) if wake is not None and not self.close else None,
            after_commit=tuple(self.after_commit),
            working=self.speaks and any(frame.token for frame in self.frames),
            close=self.close,
            urgent=self.upset,
        )


def _by_id(choices: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(one["id"]): str(one["label"]) for one in choices}


def _after(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


def carry_out(call: ActionCall) -> Steps[ActionResult]:
    """Has an action carried out; who answers with something else has failed."""
    given = yield call
    return given if isinstance(given, ActionResult) else ActionResult(failed="no_result")
