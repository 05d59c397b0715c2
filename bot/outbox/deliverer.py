"""What a channel brings so that its lines go out, and what can become of one.

Where a line did not go out, ``code`` is the platform's own and ``rid`` its id of the request, for its support.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.outbox.rows import Row


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it, or there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing was sent, and it may be tried again: after ``after_s``, or as the outbox thinks fit."""

    reason: str
    code: str | None = None
    after_s: float | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Smaller:
    """Nothing was sent: it was too long. From this part on its texts are cut at ``size`` bytes, and it is sent so."""

    size: int
    code: str | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing was sent, nor will it be; the next goes on."""

    reason: str
    code: str | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """Nothing was sent, and nothing more may be until the customer acts: their window is over, or used up. It may wait
    for a customer who is told of it (:class:`Offers`); else it fails with the reason ``window``."""

    code: str | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing was sent, and nothing will be to this identity until it acts again."""

    code: str | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was sent: it is not sent again, and the next goes on."""

    reason: str
    code: str | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """It stays until the customer acts: then it goes out in the answer to that, and what follows it behind it. They may
    be told of it (:class:`Offers`). Where they do not act for the deliverer's ``patience``, it fails with the reason
    ``waited_too_long``."""

    reason: str
    code: str | None = None
    rid: str | None = None


Verdict = Sent | Again | Smaller | Failed | Shut | Unreachable | Unknown | Waiting


@dataclass(frozen=True, slots=True)
class Step:
    """The platform's next message: it says the first ``whole`` of the rows to their ends, or, where that is 0, the
    next part of the first one."""

    message: Any
    whole: int


class Offers(Protocol):
    """Another way for what cannot go out before the customer acts."""

    async def offer(self, row: Row) -> Verdict | None:
        """Sees to it that the customer is told, once, that there is something for them, and has the line wait;
        ``None`` where it may not. Does not raise, and ends within half of the outbox's lease."""
        ...


class Deliverer(Protocol):
    """One account's way out. None of its methods raises, and :meth:`prepare` and :meth:`send` each end within half of
    the outbox's lease."""

    route: str
    """What the rows it sent are marked with."""
    offers: Offers | None
    patience: timedelta
    """For so long after it was queued a line may wait for the customer."""

    def next(self, rows: Sequence[Row]) -> Step | Verdict:
        """What is sent now of ``rows``, which go to one customer in this order, or what becomes of the first without
        that. For the same row its parts are always the same ones: the row counts how many were sent."""
        ...

    async def prepare(self, row: Row, message: Any) -> Any:
        """The message with all it needs; nothing of it has been sent yet."""
        ...

    async def send(self, row: Row, message: Any) -> Verdict:
        """Sends what :meth:`prepare` made."""
        ...
