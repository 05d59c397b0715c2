"""What became of every push, attempt by attempt, and the figures over all of them."""

import asyncio
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["answered", "silent", "malformed", "timeout", "unreachable", "http_error", "dropped"]
"""Of an attempt: answered, no answer wanted, a wrong answer; nothing within five seconds, no connection, another
status than 200, lost by a fault that was asked for. The last four are tried again."""
FINAL: frozenset[Outcome] = frozenset(("answered", "silent", "malformed"))
KEPT_BODY = 4096
KEPT_LATENCIES = 200_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: ``seconds`` as measured on the wall, ``at`` by the emulator's clock."""

    number: int
    at: float
    seconds: float
    outcome: Outcome
    status: int | None = None
    answer: str = ""
    reason: str = ""


@dataclass(slots=True)
class Push:
    """One push. ``settled`` is set when it is answered or given up; ``outcome`` is then its last attempt's."""

    id: int
    account: str
    user: str
    type: str
    fields: dict[str, Any]
    answerable: bool
    created: float
    attempts: list[Attempt] = field(default_factory=list)
    duplicates: list[Attempt] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def outcome(self) -> Outcome | None:
        """``None`` while it is under way."""
        return self.attempts[-1].outcome if self.settled.is_set() and self.attempts else None

    def document(self) -> dict[str, Any]:
        """The push as JSON."""
        return {
            "id": self.id,
            "account": self.account,
            "user": self.user,
            "type": self.type,
            "fields": self.fields,
            "created": self.created,
            "settled": self.settled.is_set(),
            "outcome": self.outcome,
            "attempts": [asdict(attempt) for attempt in self.attempts],
            "duplicates": [asdict(attempt) for attempt in self.duplicates],
        }


class Record:
    """The last pushes and the counts of all of them."""

    def __init__(self, kept: int) -> None:
        self._pushes: deque[Push] = deque(maxlen=kept)
        self._last = 0
        self._attempts: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._first_answers: deque[float] = deque(maxlen=KEPT_LATENCIES)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self, account: str, user: str, kind: str, fields: dict[str, Any], answerable: bool, now: float) -> Push:
        """A push begins."""
        self._last += 1
        push = Push(self._last, account, user, kind, fields, answerable, now)
        self._pushes.append(push)
        self._under_way += 1
        self._idle.clear()
        return push

    def tried(self, push: Push, attempt: Attempt, since_first: float) -> None:
        """An attempt has ended, ``since_first`` seconds after the push was first sent."""
        push.attempts.append(attempt)
        self._attempts[attempt.outcome] += 1
        if attempt.outcome == "answered":
            self._first_answers.append(since_first)

    def settle(self, push: Push) -> None:
        """The push is answered or given up."""
        push.settled.set()
        self._outcomes[push.outcome or "given_up"] += 1
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    def find(self, number: int) -> Push | None:
        """A push that is still remembered."""
        return next((push for push in reversed(self._pushes) if push.id == number), None)

    def pushes(self, after: int, user: str | None, account: str | None, limit: int) -> list[Push]:
        """The remembered pushes with a higher number than ``after``, oldest first."""
        chosen = (push for push in self._pushes if push.id > after)
        chosen = (push for push in chosen if user in (None, push.user) and account in (None, push.account))
        return list(chosen)[:limit]

    async def idle(self) -> None:
        """Waits until no push is under way."""
        await self._idle.wait()

    def view(self) -> dict[str, Any]:
        """The figures: pushes and attempts by outcome, seconds to the passive answer at some quantiles."""
        ordered = sorted(self._first_answers)
        quantiles = {
            f"p{share}": round(ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))], 6)
            for share in (50, 90, 99, 99.9)
            if ordered
        }
        return {
            "pushes": self._last,
            "under_way": self._under_way,
            "outcomes": dict(self._outcomes),
            "attempts": dict(self._attempts),
            "passive_answer_s": quantiles | {"count": len(ordered)},
        }
