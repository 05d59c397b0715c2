"""The time budget interrupts what hangs, and nothing else."""

import asyncio
import os
import signal
import time

import pytest

from bot.turns import budget
from bot.turns.budget import BudgetExceeded, Interruptible, call_within

pytestmark = pytest.mark.alone


def test_what_is_in_time_returns_and_rings_no_more() -> None:
    assert call_within(0.05, lambda: "done") == "done"
    time.sleep(0.12)  # a timer that went on would ring here


@pytest.mark.parametrize("hang", [lambda: time.sleep(10), lambda: [None for _ in iter(int, 1)]], ids=["sleep", "loop"])
def test_what_hangs_is_interrupted(hang: object) -> None:
    started = time.monotonic()
    with pytest.raises(BudgetExceeded):
        call_within(0.05, hang)  # type: ignore[arg-type]
    assert time.monotonic() - started < 1


def test_who_swallows_the_first_ring_meets_the_next() -> None:
    rings = 0

    def stubborn() -> None:
        nonlocal rings
        while True:
            try:
                time.sleep(10)
            except BaseException:
                rings += 1
                if rings == 3:
                    raise

    with pytest.raises(BudgetExceeded):
        call_within(0.02, stubborn)
    assert rings == 3


def test_a_late_ring_hits_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    set_timer = signal.setitimer

    def late(which: int, seconds: float, interval: float = 0.0) -> None:
        if seconds == 0:  # the overdue signal arrives while the timer is being stopped
            os.kill(os.getpid(), signal.SIGALRM)
        set_timer(which, seconds, interval)

    monkeypatch.setattr(budget.signal, "setitimer", late)
    assert call_within(5, lambda: "done") == "done"
    os.kill(os.getpid(), signal.SIGALRM)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_code_that_takes_the_signal_for_itself_does_not_keep_it() -> None:
    async def greedy() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    asyncio.run(_await(Interruptible(greedy(), 1)))
    with pytest.raises(BudgetExceeded):
        call_within(0.05, lambda: time.sleep(1))


async def _await(interruptible: Interruptible[None]) -> None:
    await interruptible
