"""A real redis-server per session, and the room in each of its forms."""

import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.realtime import Realtime, open_realtime
from bot.realtime.in_memory import InMemory
from bot.realtime.over_redis import OverRedis
from tests.parts import needed_program
from tests.servers import free_port


class RedisServer:
    """One redis-server process on a fixed port, so that it can die and come back at the same address."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._binary,
                "--bind",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self._process.poll() is None, "redis-server ended at once"
                assert time.monotonic() < deadline, "redis-server does not listen"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self.thaw()
            self.kill()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(needed_program("redis-server"), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of its own for tests that kill it."""
    server = RedisServer(needed_program("redis-server"), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["in_memory", "over_redis"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Realtime]:
    url = None
    if request.param == "over_redis":
        url = request.getfixturevalue("redis_server").url
    room = open_realtime(url)
    assert isinstance(room, InMemory if url is None else OverRedis)
    yield room
    await room.close()
