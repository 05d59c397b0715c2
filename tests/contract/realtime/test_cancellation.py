"""The client may lose a cancellation on Python 3.11; ours may not, or closing would hang."""

import asyncio

import pytest

from bot.realtime import open_realtime
from bot.realtime.cancellation import honest

from .conftest import RedisServer


async def loses_its_cancellation() -> str:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return "done all the same"
    return "done"


async def test_a_lost_cancellation_is_found_again() -> None:
    task = asyncio.create_task(honest(loses_its_cancellation()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_around_it_still_is_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await honest(loses_its_cancellation())


async def test_closing_at_any_moment_ends(redis_server: RedisServer) -> None:
    """Leaving a subscription sends a command at the very moment at which closing cancels the sender of it."""
    for yields in range(30):
        room = open_realtime(redis_server.url)
        async with room.subscribe(["t"]):
            await room.publish("t", {})
        for _ in range(yields % 6):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await room.close()
