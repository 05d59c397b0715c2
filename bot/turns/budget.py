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


class _Alarm:
    """The process's one timer; its handler is installed at the first use and stays."""

    def __init__(self) -> None:
        self.armed = False
        self._installed = False

    def set(self, seconds: float) -> None:
        """Rings after ``seconds``, and again and again: code that swallows the first ring meets the next."""
        if not self._installed:
            signal.signal(signal.SIGALRM, self._ring)
            self._installed = True
        self.armed = True
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)

    def stop(self) -> None:
        """Rings no more. The handler runs in this same thread, so after this line it can hit nothing."""
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        if self.armed:
            raise BudgetExceeded


_alarm = _Alarm()


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Interrupts the block after ``seconds`` with :class:`BudgetExceeded`.

    Only the main thread can be interrupted; elsewhere the block runs unbounded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _alarm.set(seconds)
    try:
        yield
    finally:
        _alarm.stop()
