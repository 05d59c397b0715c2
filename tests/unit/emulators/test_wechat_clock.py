"""The emulator's clock: it goes on by itself, can be put forward, and rings."""

import asyncio
import time

import pytest

from emulators.wechat.clock import Clock


def test_it_is_the_walls_until_it_is_put_forward() -> None:
    clock = Clock()
    assert abs(clock.now() - time.time()) < 1
    clock.advance(3600)
    assert 3599 < clock.now() - time.time() < 3601
    with pytest.raises(ValueError):
        clock.advance(-1)
    clock.reset()
    assert clock.ahead == 0


def test_alarms_ring_in_their_order_before_advance_returns() -> None:
    clock, rung = Clock(), []
    now = clock.now()
    for seconds in (30, 10, 20, 1000):
        clock.at(now + seconds, lambda seconds=seconds: rung.append(seconds))
    clock.advance(60)
    assert rung == [10, 20, 30]
    clock.reset()
    clock.advance(2000)
    assert rung == [10, 20, 30], "a reset clock has no alarms"


def test_an_alarm_may_set_the_next() -> None:
    clock, rung = Clock(), []

    def again() -> None:
        rung.append(clock.now())
        if len(rung) < 3:
            clock.at(clock.now(), again)

    clock.at(clock.now() + 5, again)
    clock.advance(5)
    assert len(rung) == 3


async def test_alarms_ring_by_themselves_also_one_set_while_another_is_waited_for() -> None:
    clock, rung = Clock(), asyncio.Event()
    running = asyncio.create_task(clock.run())
    clock.at(clock.now() + 3600, lambda: None)
    await asyncio.sleep(0)
    clock.at(clock.now() + 0.05, rung.set)
    assert await asyncio.wait_for(rung.wait(), 5)
    running.cancel()
