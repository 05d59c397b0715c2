"""What a channel brings so that its lines go out, and what can become of one.

Where a line did not go out, ``code`` is the platform's own and ``rid`` its id of the request, for its support.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.outbox.rows import Row


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it."""


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing was sent, and it may be tried again: after ``after_s``, or as the outbox thinks fit."""

    reason: str
    code: str | None = None
    after_s: float | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing was sent, nor will it be; the next goes on."""

    reason: str
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
    """It stays until the customer acts: then it goes out in the answer to that, and what follows it behind it."""

    reason: str
    code: str | None = None
    rid: str | None = None


Verdict = Sent | Again | Failed | Unknown | Waiting


class Deliverer(Protocol):
    """One account's way out. None of its methods raises, and :meth:`send` ends within half of the outbox's lease."""

    route: str
    """What the rows it sent are marked with."""

    def messages(self, row: Row) -> Sequence[Any]:
        """All messages of the platform that say the row, always the same ones: the row counts how many were sent."""
        ...

    def hinders(self, row: Row) -> Verdict | None:
        """Why the row's next message cannot be sent now, known without asking the platform."""
        ...

    async def send(self, row: Row, message: Any) -> Verdict:
        """Sends one of :meth:`messages`."""
        ...
