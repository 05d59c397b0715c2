"""Rate limits and presence: the same promises in every form."""

import asyncio
import time
from uuid import uuid4

import pytest

from bot.realtime import Allowance, Realtime


async def test_a_bucket_gives_its_limit_and_then_says_when(room: Realtime) -> None:
    key = uuid4().hex
    began = time.monotonic()
    answers = [await room.allow(key, 5, 60.0) for _ in range(7)]
    took_s = time.monotonic() - began
    assert answers[:5] == [Allowance(True, 0.0)] * 5
    assert [answer.allowed for answer in answers[5:]] == [False, False]
    assert 11.9 - took_s < answers[5].retry_after_s <= 12.0


async def test_it_refills_evenly_and_never_above_the_limit(room: Realtime) -> None:
    key, given, began = uuid4().hex, 0, time.monotonic()
    for wait_s in (0.0, 1.0):
        await asyncio.sleep(wait_s)
        taken, asked = 0, time.monotonic()
        while (answer := await room.allow(key, 4, 0.8)).allowed:
            taken += 1
        # What comes back while it is asked for passes too: the more of it, the slower the machine.
        assert 4 <= taken <= 4 + (time.monotonic() - asked) / 0.2 + 0.01
        await asyncio.sleep(answer.retry_after_s + 0.01)
        while (await room.allow(key, 4, 0.8)).allowed:
            given += 1
        given += taken
        assert 4 < given <= 4 + (time.monotonic() - began) / 0.2 + 0.01


async def test_cost_counts_and_a_refusal_takes_nothing(room: Realtime) -> None:
    key = uuid4().hex
    assert (await room.allow(key, 10, 60.0, cost=8)).allowed
    too_much = await room.allow(key, 10, 60.0, cost=3)
    assert not too_much.allowed
    assert 0.0 < too_much.retry_after_s <= 6.0
    assert (await room.allow(key, 10, 60.0, cost=2)).allowed
    assert not (await room.allow(uuid4().hex, 10, 60.0, cost=11)).allowed


async def test_keys_are_apart(room: Realtime) -> None:
    one, two = uuid4().hex, uuid4().hex
    assert (await room.allow(one, 1, 60.0)).allowed
    assert not (await room.allow(one, 1, 60.0)).allowed
    assert (await room.allow(two, 1, 60.0)).allowed


async def test_at_once_no_more_than_the_limit_pass(room: Realtime) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(*(room.allow(key, 20, 600.0) for _ in range(200)))
    assert sum(answer.allowed for answer in answers) == 20


@pytest.mark.parametrize(("limit", "per_s", "cost"), [(0, 1.0, 1), (1, 0.0, 1), (1, 1.0, 0), (1, float("nan"), 1)])
async def test_a_limit_that_means_nothing_is_refused(room: Realtime, limit: int, per_s: float, cost: int) -> None:
    with pytest.raises(ValueError, match="not a rate limit"):
        await room.allow("k", limit, per_s, cost)


async def test_presence_lasts_until_it_ends_or_is_taken_back(room: Realtime) -> None:
    kind = uuid4().hex
    await room.touch(kind, "甲", 60.0)
    await room.touch(kind, "乙", 60.0)
    await room.touch(kind, "丙", 1.5)
    assert await room.present(kind) == {"甲", "乙", "丙"}
    assert await room.present(uuid4().hex) == set()
    await room.gone(kind, "乙")
    await room.gone(kind, "nobody")
    async with asyncio.timeout(10):
        while await room.present(kind) != {"甲"}:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.05)


async def test_touching_again_prolongs(room: Realtime) -> None:
    kind = uuid4().hex
    await room.touch(kind, "agent", 0.2)
    await room.touch(kind, "agent", 60.0)
    await asyncio.sleep(0.3)
    assert await room.present(kind) == {"agent"}
