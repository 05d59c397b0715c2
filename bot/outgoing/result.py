"""What a provider made of a message."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from bot.outgoing.texts import Written


@dataclass(frozen=True, slots=True)
class Result:
    """``again``: nothing was handed over, it may be tried again. ``unknown``: it may have been sent, or not.

    ``reason`` is a code of ours, without anything a provider or a person wrote.
    """

    state: Literal["sent", "failed", "unknown", "again"]
    reason: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out, in the clear; lives as long as its delivery."""

    id: str
    recipient: str
    written: Written
    code: str


Begin = Callable[[], Awaitable[None]]
"""Called by a provider right before the first byte that may lead to a message."""
