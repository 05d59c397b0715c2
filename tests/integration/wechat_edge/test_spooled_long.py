"""PostgreSQL is away for a minute under traffic, with WeChat's own times: every push is taken once and in order."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.rehearsal.database import own_database
from tests.integration.wechat_edge.crowd import Crowd
from tests.integration.wechat_edge.phones import wechat
from tests.servers import short_folder

pytestmark = [pytest.mark.heavy, pytest.mark.slow]

AWAY_S = 60.0
USERS = 20


async def test_postgresql_is_away_for_a_minute(tmp_path: Path) -> None:
    folder = short_folder()
    async with (
        own_database(folder / "pg") as database,
        wechat(database.addresses, tmp_path, {}) as phones,
    ):
        crowd = Crowd(phones, database.addresses, USERS)
        await crowd.gather()
        with phones.server() as server:
            await phones.push_to(server)
            async with asyncio.TaskGroup() as group:
                group.create_task(crowd.write(4, AWAY_S + 12))
                await asyncio.sleep(5)
                await database.stop()
                await asyncio.sleep(AWAY_S)
                assert list((tmp_path / "one" / "spool").iterdir())
                await database.start()
            await crowd.settled(60)
            assert list((tmp_path / "one" / "spool").iterdir()) == []
        assert await crowd.account() == []
        pushes = (await phones.emulator.control("GET", "/deliveries?limit=5000"))["deliveries"]
        assert len(pushes) > USERS * AWAY_S / 5
        assert {push["outcome"] for push in pushes} <= {"answered", "silent"}
    shutil.rmtree(folder, ignore_errors=True)
