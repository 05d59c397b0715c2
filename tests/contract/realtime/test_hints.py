"""Fan-out: the same promises in every form."""

import asyncio
import time
from uuid import uuid4

import pytest

from bot.realtime import Hint, Missed, Realtime
from bot.realtime.mailbox import SIZE


async def test_a_hint_reaches_every_subscription_of_its_topic_only(room: Realtime) -> None:
    topic, other = uuid4().hex, uuid4().hex
    async with (
        room.subscribe([topic]) as one,
        room.subscribe([topic, other]) as two,
        room.subscribe([other]) as off,
    ):
        await room.publish(topic, {"seq": 7, "文": ["退货", None, 1.5, True]})
        await room.publish(other, {"seq": 8})
        expected = Hint(topic, {"seq": 7, "文": ["退货", None, 1.5, True]})
        async with asyncio.timeout(5):
            assert await anext(one) == expected
            assert await anext(two) == expected
            assert await anext(two) == Hint(other, {"seq": 8})
            assert await anext(off) == Hint(other, {"seq": 8})


async def test_order_within_a_topic_is_kept(room: Realtime) -> None:
    topic = uuid4().hex
    async with room.subscribe([topic]) as reader:
        for number in range(SIZE):
            await room.publish(topic, {"n": number})
        async with asyncio.timeout(5):
            assert [await anext(reader) for _ in range(SIZE)] == [Hint(topic, {"n": n}) for n in range(SIZE)]


async def test_publishing_without_readers_is_nothing(room: Realtime) -> None:
    topic = uuid4().hex
    await room.publish(topic, {"before": True})
    async with room.subscribe([topic]) as reader:
        await room.publish(topic, {"after": True})
        async with asyncio.timeout(5):
            assert await anext(reader) == Hint(topic, {"after": True})


async def test_a_slow_reader_keeps_the_newest_and_is_told_once(room: Realtime) -> None:
    topic = uuid4().hex
    async with room.subscribe([topic]) as reader:
        for number in range(3 * SIZE):
            await room.publish(topic, {"n": number})
        async with asyncio.timeout(5):
            assert await anext(reader) == Missed()
            kept = [await anext(reader) for _ in range(SIZE)]
        assert kept == [Hint(topic, {"n": n}) for n in range(2 * SIZE, 3 * SIZE)]
        await room.publish(topic, {"n": -1})
        async with asyncio.timeout(5):
            assert await anext(reader) == Hint(topic, {"n": -1})


async def test_a_cancelled_wait_loses_nothing(room: Realtime) -> None:
    topic = uuid4().hex
    async with room.subscribe([topic]) as reader:
        for number in range(50):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await anext(reader)
            await room.publish(topic, {"n": number})
            async with asyncio.timeout(5):
                assert await anext(reader) == Hint(topic, {"n": number})


async def test_leaving_ends_the_reading(room: Realtime) -> None:
    topic = uuid4().hex
    async with room.subscribe([topic]) as first:
        async with room.subscribe([topic]) as second:
            pass
        await room.publish(topic, {})
        assert [signal async for signal in second] == []
        async with asyncio.timeout(5):
            assert await anext(first) == Hint(topic, {})


async def test_close_ends_readers_and_what_comes_after_is_harmless(room: Realtime) -> None:
    async def read(topic: str) -> list[object]:
        async with room.subscribe([topic]) as reader:
            return [signal async for signal in reader]

    topic = uuid4().hex
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(read(topic))
        await asyncio.sleep(0.05)
        await room.close()
    assert waiting.result() == []
    assert await read(topic) == []
    await room.publish(topic, {"late": True})
    assert (await room.allow(topic, 1, 1.0)).allowed
    await room.close()


async def test_a_thousand_subscribers(room: Realtime) -> None:
    """All of them hear of it soon, over one connection."""
    topic, own = uuid4().hex, [uuid4().hex for _ in range(1000)]
    heard: list[float] = []

    async def read(name: str, ready: asyncio.Semaphore) -> None:
        async with room.subscribe([topic, name]) as reader:
            ready.release()
            async for signal in reader:
                assert signal in (Hint(topic, {"go": True}), Missed())
                if signal != Missed():
                    heard.append(time.monotonic())
                    return

    ready = asyncio.Semaphore(0)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for name in own:
            group.create_task(read(name, ready))
        for _ in own:
            await ready.acquire()
        began = time.monotonic()
        await room.publish(topic, {"go": True})
    assert len(heard) == 1000
    assert max(heard) - began < 10
