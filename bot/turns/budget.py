"""A time budget for synchronous code: a decision that hangs is interrupted where it stands.

A thread could only be abandoned, and would go on burning the interpreter; a timer signal raises inside the hanging
code itself, costs two system calls, and works for busy loops and sleeps alike.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class BudgetExceeded(BaseException):
    """Raised inside the code that took too long. Not an ``Exception``: a broad handler in there must not eat it."""


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Interrupts the block after ``seconds`` with :class:`BudgetExceeded`.

    Only the main thread can be interrupted; elsewhere the block runs unbounded. The handler fires in this same
    thread between two bytecodes, so it cannot hit anything after ``armed`` has been cleared.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    armed = True

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if armed:
            raise BudgetExceeded

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
