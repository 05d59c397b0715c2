"""Two real processes over one Redis: hints cross, limits and presence are shared, one connection listens."""

import asyncio
import sys
from uuid import uuid4

from redis.asyncio import Redis

from bot.realtime import Hint, open_realtime

from .conftest import RedisServer

OTHER = """
import asyncio, sys
from bot.realtime import open_realtime

async def main(url, run):
    room = open_realtime(url)
    async with room.subscribe([f"{run}:ask"]) as reader:
        await room.touch(run, "other", 60.0)
        taken = [(await room.allow(run, 10, 600.0)).allowed for _ in range(6)]
        print("ready", sum(taken), flush=True)
        async for signal in reader:
            await room.publish(f"{run}:answer", {"heard": signal.body["n"]})
            if signal.body["n"] == 19:
                break
    await room.gone(run, "other")
    await room.close()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_two_processes(redis_server: RedisServer) -> None:
    run = uuid4().hex
    room = open_realtime(redis_server.url)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, redis_server.url, run, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    try:
        async with asyncio.timeout(30), room.subscribe([f"{run}:answer"]) as reader:
            assert await other.stdout.readline() == b"ready 6\n"
            assert await room.present(run) == {"other"}
            assert sum([(await room.allow(run, 10, 600.0)).allowed for _ in range(6)]) == 4
            for number in range(20):
                await room.publish(f"{run}:ask", {"n": number})
                assert await anext(reader) == Hint(f"{run}:answer", {"heard": number})
            assert await other.wait() == 0
            assert await room.present(run) == set()
    finally:
        await room.close()
        if other.returncode is None:
            other.kill()
            await other.wait()


async def test_many_subscriptions_share_one_connection(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as look:
        before = len(await look.client_list())
        room = open_realtime(redis_server.url)
        try:
            async with asyncio.timeout(10):
                subscriptions = [room.subscribe([uuid4().hex]) for _ in range(100)]
                await asyncio.gather(*(subscription.__aenter__() for subscription in subscriptions))
                assert len(await look.client_list()) - before == 1
                assert len(await look.pubsub_channels("yingda:hint:*")) >= 100
                await asyncio.gather(*(subscription.__aexit__(None, None, None) for subscription in subscriptions))
                while await look.pubsub_channels("yingda:hint:*"):  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(0.02)
        finally:
            await room.close()
