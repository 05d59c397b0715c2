"""PostgreSQL stops, crashes or hangs for 20 s under traffic: nothing lost, nothing twice, no restart of ours."""

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.rehearsal.audit import audit, compare_all
from bot.rehearsal.database import Database, own_database
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.traffic import traffic
from bot.settings import Settings
from bot.storage.pool import make_pool
from tests.servers import short_folder

pytestmark = pytest.mark.alone

AWAY_S = 20.0
ENDS_WITHIN_S = 15.0
"""Promised are 10: the drain time of 5 that rehearsals have, and 5. A machine that does much else at the time may take
half as long again: the timers are kept by processes that wait for a processor."""
VISITORS = 9
GiveBack = Callable[[], Awaitable[None]]


async def stop(database: Database) -> GiveBack:
    await database.stop()
    return database.start


async def crash(database: Database) -> GiveBack:
    """Without a farewell, as a machine that loses power: PostgreSQL recovers from its log, unlogged marks are gone."""
    await database.stop(signal.SIGQUIT)
    return database.start


async def freeze(database: Database) -> GiveBack:
    database.freeze()

    async def thaw() -> None:
        database.thaw()

    return thaw


async def be_without(
    nursery: Path, settings: Settings, tmp_path: Path, take_away: Callable[[Database], Awaitable[GiveBack]]
) -> None:
    folder = short_folder()
    async with (
        own_database(folder / "pg") as database,
        kept_server(nursery, database.addresses, tmp_path, YINGDA_WORKER="true") as server,
    ):
        async with traffic([server.url], VISITORS) as crowd:
            await crowd.until_more(50)
            give_back = await take_away(database)
            taken_away = time.monotonic()
            try:
                assert await seconds_until(server, ready=False) < 10
                before = crowd.messages
                while time.monotonic() < taken_away + AWAY_S:
                    assert not await server.ready()
                    await asyncio.sleep(0.5)
                assert crowd.messages == before, "acknowledged without a store"
            finally:
                await give_back()
            assert await seconds_until(server, ready=True) < 20
            async with asyncio.timeout(20):
                await crowd.until_more(50)

        assert server.starts == 1, "it recovered without a restart"
        async with make_pool(database.addresses.application_url, settings) as pool:
            assert await audit(pool) == []
            assert await compare_all(pool, crowd.visitors) == []
    shutil.rmtree(folder, ignore_errors=True)


async def end_without(nursery: Path, tmp_path: Path) -> None:
    """Told to stop while PostgreSQL hangs, a server stops all the same, 5 s after its drain time at the latest."""
    folder = short_folder()
    async with (
        own_database(folder / "pg") as database,
        kept_server(nursery, database.addresses, tmp_path, YINGDA_WORKER="true") as server,
        traffic([server.url], 3) as crowd,
    ):
        await crowd.until_more(10)
        database.freeze()
        assert not await server.ready()  # and is left with a question about it that has no answer
        server.signal(signal.SIGTERM)
        async with asyncio.timeout(ENDS_WITHIN_S):
            await server.until_ended()
        assert server.ends[0] == 0
        database.thaw()
        await crowd.until_more(10)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
async def test_postgresql_is_away_for_twenty_seconds(nursery: Path, settings: Settings, tmp_path: Path) -> None:
    async with asyncio.timeout(150), asyncio.TaskGroup() as group:
        for take_away in (stop, crash, freeze):
            group.create_task(be_without(nursery, settings, tmp_path, take_away))
        group.create_task(end_without(nursery, tmp_path))


async def seconds_until(server: Keeper, *, ready: bool) -> float:
    started = time.monotonic()
    while await server.ready() != ready:
        await asyncio.sleep(0.1)
        assert time.monotonic() - started < 30
    return time.monotonic() - started
