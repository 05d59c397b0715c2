"""Redis away: nothing raises, nothing waits long, and the room mends itself."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from bot.realtime import Hint, Missed, Realtime, Signal, open_realtime
from tests.servers import free_port

from .conftest import RedisServer


async def hint_across(sender: Realtime, reader: object, topic: str, within_s: float = 10.0) -> list[Signal]:
    """Publish until the reader hears of it; what it got until then."""
    got: list[Signal] = []
    deadline = time.monotonic() + within_s
    while Hint(topic, {"again": True}) not in got:
        assert time.monotonic() < deadline, got
        await sender.publish(topic, {"again": True})
        try:
            async with asyncio.timeout(0.1):
                while True:
                    got.append(await anext(reader))  # type: ignore[call-overload]
        except TimeoutError:
            pass
    return got


async def test_killed_and_restarted(mortal_redis: RedisServer) -> None:
    here, there = open_realtime(mortal_redis.url), open_realtime(mortal_redis.url)
    try:
        async with here.subscribe(["t"]) as reader:
            await there.publish("t", {"n": 1})
            async with asyncio.timeout(5):
                assert await anext(reader) == Hint("t", {"n": 1})
            await there.touch("desk", "anna", 60.0)
            assert await here.present("desk") == {"anna"}

            with capture_logs() as logs:
                mortal_redis.kill()
                began = time.monotonic()
                for number in range(100):
                    await there.publish("t", {"lost": number})
                    assert (await there.allow("k", 1000, 60.0)).allowed
                    await there.touch("desk", "anna", 60.0)
                assert await there.present("desk") == {"anna"}
                assert await here.present("desk") == set()
                await there.gone("desk", "nobody")
                assert time.monotonic() - began < 20, "300 calls, of which none waits"
                async with there.subscribe(["late"]) as late, asyncio.timeout(5):
                    await there.publish("late", {"near": True})
                    assert await anext(late) == Hint("late", {"near": True})
            assert 1 <= [entry["event"] for entry in logs].count("realtime_redis_away") <= 2

            mortal_redis.start()
            got = await hint_across(there, reader, "t")
            assert Missed() in got
            assert not any(isinstance(signal, Hint) and "lost" in signal.body for signal in got)
            await there.touch("desk", "anna", 60.0)
            assert await here.present("desk") == {"anna"}
    finally:
        await here.close()
        await there.close()


async def test_a_server_that_hangs_costs_one_timeout_not_one_per_call(mortal_redis: RedisServer) -> None:
    room, other = open_realtime(mortal_redis.url), open_realtime(mortal_redis.url)
    try:
        async with other.subscribe(["t"]) as reader:
            await room.allow("k", 10, 60.0)
            mortal_redis.freeze()
            began = time.monotonic()
            for _ in range(50):
                await room.publish("t", {})
                await room.allow("k", 1000, 60.0)
            assert time.monotonic() - began < 10, "100 calls, of which one waits"
            mortal_redis.thaw()
            await hint_across(room, reader, "t")
    finally:
        await room.close()
        await other.close()


async def test_redis_that_was_never_there(mortal_redis: RedisServer) -> None:
    """A start without Redis serves at once, and finds it when it comes."""
    port = mortal_redis.port
    mortal_redis.kill()
    room, other = open_realtime(f"redis://127.0.0.1:{port}/0"), open_realtime(f"redis://127.0.0.1:{port}/0")
    try:
        async with room.subscribe(["t"]) as reader:
            async with asyncio.timeout(10):
                await room.publish("t", {"n": 1})
                assert await anext(reader) == Hint("t", {"n": 1})
            mortal_redis.start()
            assert Missed() in await hint_across(other, reader, "t")
    finally:
        await room.close()
        await other.close()


async def test_the_limit_still_holds_within_a_process_during_an_outage() -> None:
    room = open_realtime(f"redis://127.0.0.1:{free_port()}/0")
    try:
        answers = [await room.allow("k", 3, 60.0) for _ in range(5)]
        assert [answer.allowed for answer in answers] == [True, True, True, False, False]
    finally:
        await room.close()


async def test_hints_published_before_closing_still_leave(redis_server: RedisServer) -> None:
    reading, leaving = open_realtime(redis_server.url), open_realtime(redis_server.url)
    try:
        async with reading.subscribe(["goodbye"]) as reader:
            for number in range(20):
                await leaving.publish("goodbye", {"n": number})
            await leaving.close()
            async with asyncio.timeout(5):
                assert [await anext(reader) for _ in range(20)] == [Hint("goodbye", {"n": n}) for n in range(20)]
    finally:
        await reading.close()


async def test_what_is_no_json_is_counted_not_raised(redis_server: RedisServer) -> None:
    room = open_realtime(redis_server.url)
    try:
        with capture_logs() as logs:
            await room.publish("t", {"bad": object()})  # type: ignore[dict-item]
        assert [entry["event"] for entry in logs] == ["realtime_hint_not_json"]
    finally:
        await room.close()


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match="scheme"):
        open_realtime("http://127.0.0.1")
