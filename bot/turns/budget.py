"""A time budget for synchronous code: a decision that hangs is interrupted where it stands.

A thread could only be abandoned, and would go on burning the interpreter; a timer signal raises inside the hanging
code itself, costs two system calls, and works for busy loops and sleeps alike.
"""

import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import FrameType
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


_ours = False
"""Whether the signal is known to be ours. Asking costs more than the timer does, so it is taken anew only where code
of others, which may have wanted it too, has run since."""


class BudgetExceeded(BaseException):
    """Raised inside the code that took too long. Not an ``Exception``: a broad handler in there must not eat it."""


def call_within(seconds: float, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``function`` returns; interrupted after ``seconds`` with :class:`BudgetExceeded`.

    Only the main thread can be interrupted; elsewhere the call runs unbounded.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args, **kwargs)
    global _ours
    if not _ours:
        signal.signal(signal.SIGALRM, _ring)
        _ours = True
    # Again and again: code that swallows the first ring meets the next.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        return _bounded(function, *args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Interruptible(Generic[R]):
    """A coroutine no stretch of which, between two waits, may take more than ``seconds``.

    Awaited, it gives what the coroutine returns; a stretch that takes longer is interrupted, and :class:`TimeoutError`
    raised. How long the coroutine waits is not its concern.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, R], seconds: float) -> None:
        self._coroutine, self._seconds = coroutine, seconds

    def __await__(self) -> Generator[Any, Any, R]:
        """See the class."""
        global _ours
        go_on: Callable[[], Any] = partial(self._coroutine.send, None)
        try:
            while True:
                try:
                    waited_for = call_within(self._seconds, go_on)
                except StopIteration as returned:
                    result: R = returned.value
                    return result
                finally:
                    _ours = False
                try:
                    yield waited_for
                except BaseException as error:
                    go_on = partial(self._coroutine.throw, error)
                else:
                    go_on = partial(self._coroutine.send, None)
        except BudgetExceeded:
            raise TimeoutError("code that does not wait took too long") from None
        finally:
            self._coroutine.close()


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
