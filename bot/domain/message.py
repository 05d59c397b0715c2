"""What travels: a customer's message in, the bot's or a person's message out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Direction = Literal["in", "out"]
Author = Literal["customer", "bot", "agent", "system"]
Assurance = Literal["anonymous", "claimed", "verified"]
Owner = Literal["bot", "queue", "agent"]

Body = dict[str, Any]
"""The content of a message as it is stored and sent: ``text``, ``choices``, ``links``, ``attachments``,
``choice`` (an inbound tap) and ``article`` (the source of an answer), ``location`` and ``media`` (what a customer sent,
see :func:`bot.channels.wechat.inbound.to_inbound`), each optional."""


@dataclass(frozen=True, slots=True)
class Concerns:
    """Whom an event is meant for, and which moment: it is refused once the identity is gone, the conversation closed,
    another one speaks (``fence``) or the conversation is to be woken at another time (``wake_at``). What is ``None``
    does not matter.
    """

    identity_id: UUID
    conversation_id: UUID | None = None
    fence: int | None = None
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as a channel parsed it.

    ``external_id`` is the channel's own id, unique per account: the same id is the same message (CH2 counts it once).
    ``identity`` is who sent it in that account's terms; ``assurance`` how sure the channel is of that.
    """

    channel: str
    account: str
    external_id: str
    identity: str
    assurance: Assurance
    locale: str
    body: Body
    received_at: datetime
    trace_id: str
    client_msg_id: str | None = None
    event: str | None = None
    """What happened, when no customer wrote: ``silence``, ``action_result``, ``case_changed``, ``resolved`` …; its
    values stand in ``body``. Such an inbound is no line of the conversation."""
    concerns: Concerns | None = None
    """Every event says it; a message concerns whatever is open."""
    reply_by: datetime | None = None
    """Until when the channel may still give the answers itself, as the answer to its platform's request; without it
    they are sent at once where we send, see ``bot.pushes``."""
    act: str | None = None
    """What the customer did, by kind, where the platform lets us send only after a deed of theirs."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a conversation as the store has it; ``seq`` grows by one per line of a customer's thread."""

    id: UUID
    seq: int
    direction: Direction
    author: Author
    body: Body
    at: datetime
    client_msg_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an inbound message once its transaction was committed.

    An event's ``message`` is what came in, as a line that nobody finds in the thread: it takes no ``seq``.
    """

    conversation_id: UUID
    identity_id: UUID
    message: Message
    answers: tuple[Message, ...] = field(default=())
    duplicate: bool = False
    at_desk: bool = False
    """Whether a person has the conversation or is waited for, or was until now: the desk wants to know of it."""
    locale: str = ""
    """The conversation's since then; not said of a duplicate."""
    working: bool = False
    """Whether something goes on outside whose outcome is still to be told; not said of a duplicate."""

    @property
    def last(self) -> Message:
        """The last line that it led to, else what came in."""
        return self.answers[-1] if self.answers else self.message


def stands_in(body: Body) -> bool:
    """Whether the text is ours: what the customer sent has no words, and could not be had (``media.stand_in``)."""
    media = body.get("media")
    return isinstance(media, dict) and media.get("stand_in") is True
