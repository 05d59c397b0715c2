"""A cancellation that is never lost in the Redis client."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def honest(call: Awaitable[T]) -> T:
    """The result of `call`, unless this task was cancelled meanwhile.

    The client sends through `asyncio.wait_for`, which before Python 3.12 returns its result and forgets the
    cancellation when both come at the same moment: a task that is to end would go on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    result = await call
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    return result
