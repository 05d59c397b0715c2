"""Rate limits and presence: the same promises in every form."""

import asyncio
import time
from uuid import uuid4

import pytest

from bot.realtime import Allowance, Realtime


async def test_a_bucket_gives_its_limit_and_then_says_when(room: Realtime) -> None:
    key = uuid4().hex
    answers = [await room.allow(key, 5, 60.0) for _ in range(7)]
    assert answers[:5] == [Allowance(True, 0.0)] * 5
    assert [answer.allowed for answer in answers[5:]] == [False, False]
    assert 11.0 < answers[5].retry_after_s <= 12.0


async def test_it_refills_evenly_and_never_above_the_limit(room: Realtime) -> None:
    key = uuid4().hex
    for _ in range(4):
        assert (await room.allow(key, 4, 0.8)).allowed
    refused = await room.allow(key, 4, 0.8)
    assert not refused.allowed
    await asyncio.sleep(refused.retry_after_s + 0.01)
    assert (await room.allow(key, 4, 0.8)).allowed
    assert not (await room.allow(key, 4, 0.8)).allowed
    await asyncio.sleep(1.0)
    assert [(await room.allow(key, 4, 0.8)).allowed for _ in range(5)] == [True] * 4 + [False]


async def test_cost_counts_and_a_refusal_takes_nothing(room: Realtime) -> None:
    key = uuid4().hex
    assert (await room.allow(key, 10, 60.0, cost=8)).allowed
    too_much = await room.allow(key, 10, 60.0, cost=3)
    assert not too_much.allowed
    assert 5.0 < too_much.retry_after_s <= 6.0
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
    await room.touch(kind, "丙", 0.2)
    assert await room.present(kind) == {"甲", "乙", "丙"}
    assert await room.present(uuid4().hex) == set()
    await room.gone(kind, "乙")
    await room.gone(kind, "nobody")
    await asyncio.sleep(0.25)
    assert await room.present(kind) == {"甲"}


async def test_touching_again_prolongs(room: Realtime) -> None:
    kind = uuid4().hex
    deadline = time.monotonic() + 0.6
    while time.monotonic() < deadline:
        await room.touch(kind, "agent", 0.3)
        await asyncio.sleep(0.1)
        assert await room.present(kind) == {"agent"}
    await asyncio.sleep(0.35)
    assert await room.present(kind) == set()
