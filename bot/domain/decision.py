"""What the dialog layer is told, what it asks for on its way, and what it decides."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from bot.domain.message import Assurance, Body, Owner

OutcomeKind = Literal["article", "choices", "hand_over", "flow", "small_talk", "file", "none", "waiting", "failed"]
"""``none``: a question that nothing was found for, which is what editors want to see."""
BEHAVIOUR: Final = "behaviour"
"""CH3: of an interaction that led to nothing, since nothing was said: a follow, a tap, a scan; ``ref`` names it."""


class Outcome(NamedTuple):
    """What an interaction led to (CH2: the result is recorded); ``ref`` names the article or flow."""

    kind: OutcomeKind
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class ActionCall:
    """An action that the dialog wants carried out, with what it may know.

    ``slots`` are all that are set; ``message`` is the body of the inbound message that led here; ``flow`` and ``step``
    say where, so that what an action writes once per step can be keyed by them and the conversation. ``upset``: the
    customer is or was angry in this conversation.
    """

    name: str
    slots: Mapping[str, Any]
    message: Body
    locale: str
    flow: str
    step: str
    upset: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Something an action wants said: a named response with values for it, or a finished body.

    ``choices`` (``id`` and ``label`` of each) go before those that the response has itself.
    """

    response: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    body: Body | None = None
    choices: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What an action did: slots to set (``None`` empties one), things to say, a flow to start, or that it failed.

    ``failed`` is a code; the dialog then follows ``pattern_internal_error``, and nothing the action wrote remains.
    """

    slots: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    follow_up: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class FlowWanted:
    """The dialog needs the version of a flow that this conversation began with, which is not in memory."""

    content_hash: str


Wanted = ActionCall | FlowWanted
Given = ActionResult | Mapping[str, Any] | None
"""To an :class:`ActionCall` its result; to a :class:`FlowWanted` the flow's stored document, or ``None``."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one inbound message or event leads to.

    ``owner`` is who speaks from now on; ``None`` leaves it as it is. ``wake_at``: when nothing was heard until then,
    the dialog wants to be told (an event ``silence``). ``after_commit`` are actions that leave our store; each one's
    result comes back as an event ``action_result`` under its token; ``working`` says that the dialog waits for one, of
    this turn or of an earlier one. ``close`` ends the conversation. ``urgent`` puts it before others in the queue of
    people.
    """

    replies: tuple[Body, ...]
    outcome: Outcome
    state: dict[str, Any] = field(default_factory=dict)
    owner: Owner | None = None
    locale: str | None = None
    wake_at: datetime | None = None
    after_commit: tuple[tuple[str, ActionCall], ...] = ()
    working: bool = False
    close: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What was known under the conversation's lock when the decision was made.

    ``now`` is when the message was received: a decision is the same whenever it is made again. ``first`` says that
    this conversation has only just begun; ``state`` and ``locale`` are then what the customer's last one left.
    """

    owner: Owner
    locale: str
    state: dict[str, Any]
    now: datetime
    first: bool = False
    channel: str = ""
    account: str = ""
    assurance: Assurance = "anonymous"
    conversation_id: UUID | None = None
    identity_id: UUID | None = None
    contact_id: UUID | None = None


Turn = Generator[Wanted, Given, Decision]
"""One step of the dialog: it asks for what it wants done, is sent the results, and returns its decision."""
