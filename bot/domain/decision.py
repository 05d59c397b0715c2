"""What the dialog layer decides about one message: words to say, state to keep, who speaks next."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bot.domain.message import Body, Owner

OutcomeKind = Literal["article", "choices", "hand_over", "flow", "small_talk", "file", "none", "waiting", "failed"]
"""``none``: a question that nothing was found for, which is what editors want to see."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an interaction led to (CH2: the result is recorded); ``ref`` names the article or flow."""

    kind: OutcomeKind
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """``owner`` is who speaks from now on; ``None`` leaves it as it is."""

    replies: tuple[Body, ...]
    outcome: Outcome
    state: dict[str, Any] = field(default_factory=dict)
    owner: Owner | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What was known under the conversation's lock when the decision was made."""

    owner: Owner
    locale: str
    state: dict[str, Any]
