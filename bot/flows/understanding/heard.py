"""What understanding is given: a message, and what the dialog knows of where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bot.flows.model import Slot

ORDER_PATTERNS = (r"[a-z]{0,5}\d[a-z0-9]{7,19}",)
"""How order numbers look where the company has not said: letters, then digits and letters, 8 to 20 in all."""


class Shown(NamedTuple):
    """A choice as it was shown: ``id`` is its payload without the slash."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One message and the state it meets.

    ``choice`` is the id of a tapped choice. ``locale`` is the conversation's so far. ``asked`` is the slot that was
    asked for last and is still open; ``several`` says that more than one of its values may be given. ``shown`` are the
    choices of the bot's last message, in their order, ``above`` those of the messages before it in the same turn, which
    only their labels mean; ``about`` is what the last message led to, ``flow:x`` or ``article:x``. ``slots`` are those
    of every frame on the stack, which a correction may name; ``flow`` is what the customer is busy with, which its own
    trigger does not start again. ``now`` is local time where the company is, or at least aware. ``region`` is where a
    phone number without country code belongs.
    """

    text: str
    locale: str
    now: datetime
    choice: str | None = None
    attachments: Sequence[Mapping[str, Any]] = ()
    asked: Slot | None = None
    several: bool = False
    shown: tuple[Shown, ...] = ()
    above: tuple[Shown, ...] = ()
    about: str = ""
    slots: tuple[Slot, ...] = ()
    flow: str | None = None
    region: str = "CN"
    order_patterns: tuple[str, ...] = field(default=ORDER_PATTERNS)
