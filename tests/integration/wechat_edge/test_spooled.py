"""PostgreSQL is away for longer than WeChat's retries: what was pushed is on disk, sealed, and taken once, in order."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rehearsal.database import Database, own_database
from tests.integration.wechat_edge.crowd import QUESTIONS, Crowd
from tests.integration.wechat_edge.phones import wechat
from tests.servers import short_folder

pytestmark = pytest.mark.heavy

SCALE = 0.4
HASTY = json.dumps({"push_try_s": 5 * SCALE})
"""As the emulator, whose tries are over after 6 s instead of 15."""


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """A PostgreSQL of the test's own, which can be taken away."""
    folder = short_folder()
    async with own_database(folder / "pg") as database:
        yield database
    shutil.rmtree(folder, ignore_errors=True)


def spooled(folder: Path, name: str = "one") -> list[Path]:
    return sorted((folder / name / "spool").glob("*"))


def in_clear(files: list[Path], words: str) -> list[Path]:
    return [path for path in files if words.encode() in path.read_bytes()]


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_what_comes_while_postgresql_is_away_is_taken_once_and_in_order(
    database: Database, tmp_path: Path, how: str
) -> None:
    """Away for 8 s, where WeChat gives up after 6; users write on all the time, also when it comes back. Frozen, it
    leaves every connection open and answers nothing."""
    async with wechat(database.addresses, tmp_path, {}, delivery={"scale": SCALE}) as phones:
        crowd = Crowd(phones, database.addresses, 5)
        await crowd.gather()
        with phones.server(account=HASTY) as server:
            await phones.push_to(server)
            async with asyncio.TaskGroup() as group:
                group.create_task(crowd.write(1.5, 13))
                await asyncio.sleep(2)
                await (database.stop() if how == "stopped" else asyncio.to_thread(database.freeze))
                await asyncio.sleep(8)
                files = spooled(tmp_path)
                assert files
                assert not [path for words in QUESTIONS for path in in_clear(files, words)]
                assert not in_clear(files, "care")
                await (database.start() if how == "stopped" else asyncio.to_thread(database.thaw))
            await crowd.settled()
            assert not spooled(tmp_path)
        assert await crowd.account() == []
        pushes = (await phones.emulator.control("GET", "/deliveries?limit=1000"))["deliveries"]
        assert {push["outcome"] for push in pushes} <= {"answered", "silent"}, "nobody was shown an error"
        assert "silent" in {push["outcome"] for push in pushes}


async def test_what_was_acknowledged_outlives_its_process(database: Database, tmp_path: Path) -> None:
    """Acknowledged while PostgreSQL is away; then the server is killed, and another takes over what it held."""
    async with wechat(database.addresses, tmp_path, {}, delivery={"scale": SCALE}) as phones:
        crowd = Crowd(phones, database.addresses, 3)
        await crowd.gather()
        shared = {"YINGDA_VAR_DIR": str(tmp_path / "shared"), "account": HASTY}
        one = phones.server(**shared).start()
        two = phones.server("two", **shared).start()
        try:
            await phones.push_to(one)
            for user in ("u1", "u2", "u3"):
                await crowd.ask(user)
            await crowd.settled()
            await database.stop()
            for user in ("u1", "u2", "u3") * 2:
                await crowd.ask(user)
            idle = await phones.emulator.control("GET", "/idle?wait=20")
            assert idle["idle"]
            assert spooled(tmp_path, "shared")
            one.kill()
            await phones.push_to(two)
            await crowd.ask("u1")
            await database.start()
            await crowd.settled()
            assert not spooled(tmp_path, "shared")
        finally:
            one.__exit__()
            two.__exit__()
        assert await crowd.account() == []


async def test_a_full_spool_refuses_and_has_lost_nothing(database: Database, tmp_path: Path) -> None:
    """The limit is less than one record: 503, and WeChat, which was told nothing, brings the push again."""
    async with wechat(database.addresses, tmp_path, {}) as phones:
        crowd = Crowd(phones, database.addresses, 1)
        await crowd.gather()
        (tmp_path / "one" / "spool").mkdir(parents=True)
        (tmp_path / "one" / "spool" / "other.aside").write_bytes(b"x" * 1024 * 1024)
        server = phones.server("half", YINGDA_VAR_DIR=str(tmp_path / "one"), YINGDA_SPOOL__LIMIT_MB="1")
        with server:
            await phones.push_to(server)
            await crowd.ask("u1")
            await crowd.settled()
            await database.stop()
            await crowd.ask("u1")
            await phones.emulator.control("GET", "/idle?wait=2")
            await database.start()
            await crowd.settled()
        assert await crowd.account() == []
        [*_, push] = (await phones.emulator.control("GET", "/deliveries?limit=1000"))["deliveries"]
        *refused, taken = [one["status"] for one in push["attempts"]]
        assert refused
        assert set(refused) == {503}
        assert taken == 200
