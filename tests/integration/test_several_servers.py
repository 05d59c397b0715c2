"""Several processes on one store: they share news, jobs and what they know."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bot.rehearsal.keys import ENVIRONMENT
from bot.storage.database import Addresses
from tests.integration.chat_calls import connect, say, token_of
from tests.parts import needed_program
from tests.servers import ROOT, LiveServer, free_port

pytestmark = pytest.mark.heavy

CLOSED = "closed silent conversations"
QUESTION = "Do you restore antique grandfather clocks?"
ARTICLE = """
id: grandfather-clocks
question: {{en: "{question}", zh-Hans: 你们修老式落地钟吗？}}
variants: {{en: [restore my grandfather clock, antique clock restoration]}}
answer: {{en: "{answer}", zh-Hans: 修。}}
"""


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real Redis of the test's own."""
    port = free_port()
    process = subprocess.Popen(
        [
            needed_program("redis-server"),
            *("--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"),
        ],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder for each of two servers."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    return one, two


async def test_a_message_taken_by_one_server_is_seen_at_once_on_another(
    demo_addresses: Addresses, folders: tuple[Path, Path], redis_url: str
) -> None:
    with (
        LiveServer(demo_addresses, folders[0], YINGDA_REDIS_URL=redis_url) as one,
        LiveServer(demo_addresses, folders[1], YINGDA_REDIS_URL=redis_url) as two,
    ):
        async with aiohttp.ClientSession() as session:
            token = await token_of(session, one)
            socket = await connect(session, two, token)
            await say(session, one, token, "hello")
            started = time.monotonic()
            frames = [await socket.receive_json(timeout=15) for _ in range(2)]
            assert time.monotonic() - started < 10
            assert [frame["seq"] for frame in frames] == [1, 2]
            await socket.close()


async def written(server: LiveServer, words: str, within_s: float = 60.0) -> str:
    """The server's log once it holds `words`."""
    deadline = time.monotonic() + within_s
    while words not in (log := server.log.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, log
        await asyncio.sleep(0.2)
    return log


# procrastinate defers a periodic task that was due within the last ten minutes as soon as it starts


async def test_a_worker_apart_does_the_periodic_work(demo_addresses: Addresses, tmp_path: Path) -> None:
    server = LiveServer(demo_addresses, tmp_path, YINGDA_WORKER="false", YINGDA_TURN__CLOSE_AFTER_SILENCE_H="0.000001")
    worker = LiveServer(
        demo_addresses,
        tmp_path,
        command="worker",
        YINGDA_TURN__CLOSE_AFTER_SILENCE_H="0.000001",
        YINGDA_LOG_LEVEL="info",
    )
    with server:
        async with aiohttp.ClientSession() as session:
            await say(session, server, await token_of(session, server), "hello")
    worker.start(wait=False)
    try:
        assert '"count": 1' in await written(worker, CLOSED)
    finally:
        assert await asyncio.to_thread(worker.stop) == 0


async def test_a_server_works_off_jobs_unless_told_not_to(
    demo_addresses: Addresses, folders: tuple[Path, Path]
) -> None:
    with LiveServer(demo_addresses, folders[0], YINGDA_WORKER="false", YINGDA_LOG_LEVEL="info") as idle:
        with LiveServer(demo_addresses, folders[1], YINGDA_LOG_LEVEL="info") as working:
            await written(working, CLOSED)
            with psycopg.connect(demo_addresses.application_url) as connection:
                assert connection.execute("SELECT count(*) FROM procrastinate_workers").fetchall() == [(1,)]
        assert CLOSED not in idle.log.read_text(encoding="utf-8")


def import_clocks(addresses: Addresses, folder: Path, answer: str) -> None:
    """`yingda kb import`, as the staff of a shop would type it while its servers run."""
    (folder / "grandfather-clocks.yaml").write_text(ARTICLE.format(question=QUESTION, answer=answer), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")} | {
        "YINGDA_DATABASE_URL": addresses.application_url,
        "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
        **ENVIRONMENT,
    }
    command = [sys.executable, "-m", "bot", "kb", "import", str(folder), "--source", "clocks"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


async def answers(server: LiveServer) -> str:
    """What a new visitor hears to the question."""
    async with aiohttp.ClientSession() as session:
        return "\n".join(await say(session, server, await token_of(session, server), QUESTION))


@pytest.mark.slow
async def test_every_process_answers_by_what_was_imported_last(
    demo_addresses: Addresses, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    with LiveServer(demo_addresses, folders[0]) as one, LiveServer(demo_addresses, folders[1]) as two:
        for answer in ("Yes, in our workshop in Ningbo.", "No longer: the workshop is closed."):
            assert answer not in await answers(one)
            await asyncio.to_thread(import_clocks, demo_addresses, articles, answer)
            deadline = time.monotonic() + 60
            for server in (one, two):
                while answer not in (heard := await answers(server)):
                    assert time.monotonic() < deadline, heard
                    await asyncio.sleep(0.5)
