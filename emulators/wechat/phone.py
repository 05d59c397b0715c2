"""What a user's phone shows, in its order; whoever waits for the next thing is woken."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, Literal

How = Literal["user", "passive", "custom", "template", "subscription", "mass", "error", "typing", "menu", "system"]
"""Where a thing shown comes from: the user's own act, an answer to a push, a customer-service message, a template,
a subscription notice, a mass send, WeChat's notice that the account did not answer, the account's typing, its new
menu, or WeChat itself (a session with a person begins or ends)."""

WHAT_COUNTS: frozenset[How] = frozenset(("passive", "custom", "template", "subscription", "mass", "error"))
"""What an account caused to be read: what a wait asks for unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line: ``seq`` grows by one per line of the phone; ``push`` is the push it answers, ``msgid`` the sent one."""

    seq: int
    at: float
    account: str
    how: How
    type: str
    content: dict[str, Any]
    push: int | None = None
    msgid: int | None = None

    def document(self) -> dict[str, Any]:
        """The line as JSON."""
        return asdict(self)


class Phone:
    """The chats of one user with all accounts; the last ``kept`` lines are remembered."""

    def __init__(self, now: Callable[[], float], kept: int) -> None:
        self._now = now
        self._lines: deque[Shown] = deque(maxlen=kept)
        self._changed = asyncio.Event()
        self.seq = 0

    def show(
        self,
        account: str,
        how: How,
        kind: str,
        content: dict[str, Any],
        *,
        push: int | None = None,
        msgid: int | None = None,
    ) -> Shown:
        """Adds a line and wakes who waits for it."""
        self.seq += 1
        line = Shown(self.seq, self._now(), account, how, kind, content, push, msgid)
        self._lines.append(line)
        self._changed.set()
        self._changed = asyncio.Event()
        return line

    def lines(self, after: int = 0, account: str | None = None, how: Collection[str] | None = None) -> list[Shown]:
        """What has been shown since the line ``after``."""
        return [
            line
            for line in self._lines
            if line.seq > after and account in (None, line.account) and (how is None or line.how in how)
        ]

    async def wait(
        self,
        after: int,
        wait_s: float,
        *,
        count: int = 1,
        account: str | None = None,
        how: Collection[str] | None = None,
    ) -> list[Shown]:
        """The lines after ``after``, as soon as there are ``count`` of them; after ``wait_s`` seconds what there is."""
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    changed = self._changed
                    lines = self.lines(after, account, how)
                    if len(lines) >= count:
                        return lines
                    await changed.wait()
        except TimeoutError:
            return self.lines(after, account, how)
