"""A time budget for synchronous code: a decision that hangs is interrupted where it stands.

A thread could only be abandoned, and would go on burning the interpreter; a timer signal raises inside the hanging
code itself, costs two system calls, and works for busy loops and sleeps alike.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class BudgetExceeded(BaseException):
    """Raised inside the code that took too long. Not an ``Exception``: a broad handler in there must not eat it."""


def call_within(seconds: float, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``function`` returns; interrupted after ``seconds`` with :class:`BudgetExceeded`.

    Only the main thread can be interrupted; elsewhere the call runs unbounded.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args, **kwargs)
    if signal.getsignal(signal.SIGALRM) is not _ring:
        signal.signal(signal.SIGALRM, _ring)
    # Again and again: code that swallows the first ring meets the next.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        return _bounded(function, *args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _bounded(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


def _ring(_signal: int, frame: FrameType | None) -> None:
    """Raises only below :func:`_bounded`: a late ring must not hit whoever has just finished in time.

    A process that was stopped and goes on gets its overdue signal at any line, that which stops the timer included.
    """
    while frame is not None:
        if frame.f_code is _bounded.__code__:
            raise BudgetExceeded
        frame = frame.f_back
