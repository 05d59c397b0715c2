"""Flows as they are once read: plain, immutable values. The syntax of their files is that of Rasa's CALM."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Text = Mapping[str, str]
"""By locale: ``zh-Hans``, ``zh-Hant``, ``en``; always all three."""
Values = Mapping[str, Any]

END = "END"
"""The target of a branch that ends the flow."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a flow file; ``holds(slots)`` never raises, and is false where it speaks of what is not set.

    ``reads`` are the slots it looks at.
    """

    source: str
    holds: Callable[[Values], bool] = field(compare=False, repr=False)
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Branch:
    """Where to go when the condition holds; ``None`` always does."""

    to: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A value is refused where the condition holds, with a response that says why."""

    when: Condition
    utter: str


@dataclass(frozen=True, slots=True)
class Collect:
    """Asks for a slot (``utter``, or the action ``ask``), unless it is filled and may be taken as it is."""

    slot: str
    utter: str | None
    ask: str | None
    ask_before_filling: bool = False
    reset_after_flow_ends: bool = True
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Carries out an action, or says a response (``utter_…``)."""

    action: str


@dataclass(frozen=True, slots=True)
class SetSlots:
    """Sets slots; ``None`` empties one."""

    values: Values


@dataclass(frozen=True, slots=True)
class Link:
    """Goes over to another flow; this one is over."""

    flow: str


@dataclass(frozen=True, slots=True)
class Call:
    """Runs another flow and comes back."""

    flow: str


@dataclass(frozen=True, slots=True)
class Noop:
    """Only branches."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step; the first branch that holds is taken."""

    id: str
    does: Collect | Run | SetSlots | Link | Call | Noop
    next: tuple[Branch, ...]
    """Empty after a link: the flow is over there."""
    line: int = field(compare=False, default=0)
    """Where it stands in its file; 0 for one that was read from a stored document."""


Takes = Literal["", "words", "story", "everything"]
SlotType = Literal["text", "bool", "categorical", "float", "list", "any"]


@dataclass(frozen=True, slots=True)
class Slot:
    """``kind`` says how a value is understood from words, beyond its type: ``phone``, ``email``, ``date``, ``order``,
    ``time``, ``number``, ``money``, ``address``, ``name``, ``rating``, ``files``, ``free`` (whatever was said).
    ``values`` are a categorical slot's, each with its wordings by locale (the first is its label).
    """

    name: str
    type: SlotType
    kind: str = "free"
    initial: Any = None
    persisted: bool = False
    values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    past: bool = False
    """Of a date: whether it has been (a birthday, a purchase) rather than is to come, where the words leave both."""
    scale: tuple[int, int] = (1, 5)
    """Of a rating: its lowest and its highest value."""
    takes: Takes = ""
    """Of words of the customer's own: ``words`` are never a bare yes, a number or a sign; a ``story`` may also be the
    sentence that began the flow; where ``everything`` is taken, only a trigger word for word means something else."""
    year: bool = False
    """Of a date: whether its year has to be said, since none can be supposed (a birthday)."""


@dataclass(frozen=True, slots=True)
class Button:
    """``payload`` as Rasa has it: ``/SetSlots(slot=value)``, ``/start(flow)`` or a link's address."""

    title: Text
    payload: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say a response; ``channel`` and ``when`` narrow down where it is used. ``{slot}`` is filled in."""

    text: Text
    buttons: tuple[Button, ...] = ()
    links: tuple[Button, ...] = ()
    channel: str | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The first variant that fits channel and condition is said."""

    name: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow with everything it needs to run: a conversation can go on with it although files have changed.

    ``content_hash`` is the SHA-256 of ``document`` (the flow, the slots and the responses it names) in canonical form;
    ``moves`` says where the steps of an older version are to be found in this one, by that version's hash (a prefix of
    at least 8 digits) and step.
    """

    id: str
    name: Text
    description: str
    guard: Condition | None
    steps: tuple[Step, ...]
    slots: Mapping[str, Slot]
    responses: Mapping[str, Response]
    persisted_slots: frozenset[str]
    content_hash: str
    document: Values = field(compare=False, repr=False)
    source: str = field(compare=False, default="")
    moves: Mapping[str, Mapping[str, str]] = field(compare=False, default_factory=dict)
    offered: bool = True
    """Whether a customer may start it by saying so; patterns and flows that only others call may not be."""
    parks: bool = True
    """Whether it is kept for the customer's next visit when silence ended the conversation."""
    keeps: bool = False
    """Whether each answer is kept at once, so that nothing is lost when it is cancelled."""
    after: frozenset[str] = field(compare=False, default=frozenset())
    """Directly after one of these flows an example of this one, word for word, means it ("how much is it")."""

    def step(self, step_id: str) -> Step | None:
        """The step of that id."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a customer may want, by example sentences in each locale; ``flow`` is what it starts.

    ``flow`` is empty when no flow is triggered by it. ``threshold`` is how sure the matcher has to be (0..1), where the
    trigger says so.
    """

    name: str
    flow: str
    examples: Mapping[str, tuple[str, ...]]
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All flows of one moment; immutable, shared between turns.

    ``responses`` and ``slots`` are those of every file, for what is said outside a flow.
    """

    flows: Mapping[str, Flow]
    slots: Mapping[str, Slot]
    responses: Mapping[str, Response]
    intents: tuple[Intent, ...]
    content_hash: str
    sentences: Mapping[str, frozenset[str]] = field(compare=False, repr=False, default_factory=dict)
    """The examples of each flow's intents in every language, in the plain form in which messages are looked at."""
    places: Mapping[str, tuple[tuple[str, int], ...]] = field(compare=False, repr=False, default_factory=dict)
    """File and line of ``flow:…``, ``slot:…``, ``response:…`` and ``intent:…``: of the one in force first, then of
    those that it overrides."""
