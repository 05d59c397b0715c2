"""What a message means for the dialog, as commands; who understands (rules today, a model later) is not its concern."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StartFlow:
    """The customer wants what this flow does; ``slots`` are answers that came with the tap.

    ``instead``: in place of what is going on, which then is over.
    """

    flow: str
    slots: tuple[tuple[str, Any], ...] = ()
    instead: bool = False


@dataclass(frozen=True, slots=True)
class SetSlot:
    """A value for the slot that was asked for, or for another one that the message names."""

    slot: str
    value: Any


@dataclass(frozen=True, slots=True)
class CorrectSlot:
    """A value that replaces one given before: "不对，电话是…". ``None`` where only the slot was named: ask again."""

    slot: str
    value: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What was said for a slot is no value of its kind; ``code`` says what is wrong with it (``phone_too_short`` …).

    Every code stands in :data:`bot.flows.understanding.values.CODES`.
    """

    slot: str
    code: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """ "算了", "cancel": the customer wants out of the present flow."""


@dataclass(frozen=True, slots=True)
class Skip:
    """ "跳过", "skip": no answer to this question."""


@dataclass(frozen=True, slots=True)
class Clarify:
    """Several things could be meant: ids ``flow:<flow>`` or ``article:<id>``, with their labels."""

    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that this article answers; ``sure`` says whether the search is certain of it."""

    article_id: str


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """``greeting``, ``thanks``, ``goodbye``, ``who_are_you``, ``compliment``, ``insult`` …"""

    kind: str


@dataclass(frozen=True, slots=True)
class WantPerson:
    """ "转人工": understood in every state, before anything else."""


@dataclass(frozen=True, slots=True)
class BackToBot:
    """The customer, in the queue for a person, wants the assistant back."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """ "退订", "TD", "STOP": withdrawal of every consent to be written to; in every state, before anything else."""


@dataclass(frozen=True, slots=True)
class Speak:
    """The customer asks for another language."""

    locale: str


@dataclass(frozen=True, slots=True)
class CannotHandle:
    """Nothing was understood."""


Command = (
    StartFlow | SetSlot | CorrectSlot | Unreadable | Cancel | Skip | Clarify | Answer | SmallTalk | WantPerson
    | BackToBot | Withdraw | Speak | CannotHandle
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Understood:
    """The commands of one message in the order they are to be followed, the language it is in, and its temper."""

    commands: tuple[Command, ...]
    locale: str
    upset: bool = False
    """Anger or the threat of a complaint elsewhere: whoever takes over should hurry."""
