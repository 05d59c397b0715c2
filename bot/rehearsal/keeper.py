"""Starts servers in processes of their own, kills them, and starts them again."""

import asyncio
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.storage.database import Addresses

LOAD_WITHIN_S = 60.0
READY_WITHIN_S = 30.0
LOG_TAIL = 4000


class Keeper:
    """One server of :mod:`bot.rehearsal.server` at a fixed port; whenever it ends it is started again."""

    def __init__(self, process: Process, port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.pid = 0
        self.starts = 0
        self.ends: list[int] = []
        """How each server ended: its exit status, or the number of the signal."""
        self._process = process
        self._started = asyncio.Condition()

    async def keep(self) -> None:
        """Starts the server, waits for its end, and so on; ends by cancellation only."""
        while True:
            assert self._process.stdin is not None  # noqa: S101
            self._process.stdin.write(b"start\n")
            self.pid = await self._told("started", LOAD_WITHIN_S)
            async with self._started:
                self.starts += 1
                self._started.notify_all()
            self.ends.append(await self._told("ended", None))

    def signal(self, number: signal.Signals) -> None:
        """Signals the server; its process id is its own for as long as :attr:`pid` says so."""
        os.kill(self.pid, number)

    async def kill(self) -> None:
        """kill -9; returns when the process is gone and the next one started, ready or not."""
        starts = self.starts
        self.signal(signal.SIGKILL)
        async with asyncio.timeout(LOAD_WITHIN_S), self._started:
            await self._started.wait_for(lambda: self.starts > starts)

    async def until_ready(self) -> None:
        """Returns when /readyz says 200; TimeoutError with the log's end when it does not in time."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not await self.ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready: {self.log.read_text(encoding='utf-8')[-LOG_TAIL:]}")
            await asyncio.sleep(0.02)

    async def ready(self) -> bool:
        """Whether /readyz answers 200 now."""
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
                    return b" 200 " in await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    async def _told(self, event: str, within_s: float | None) -> int:
        assert self._process.stdout is not None  # noqa: S101
        async with asyncio.timeout(within_s):
            line = (await self._process.stdout.readline()).decode()
        if not line.startswith(event):
            raise RuntimeError(f"the server's parent ended: {self.log.read_text(encoding='utf-8')[-LOG_TAIL:]}")
        return int(line.split()[1])


@asynccontextmanager
async def kept_server(addresses: Addresses, folder: Path, **environment: str) -> AsyncIterator[Keeper]:
    """A server that is started again whenever it ends, until the block does; gone, it leaves nothing running."""
    port = free_port()
    log = folder / f"server-{port}.log"
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.rehearsal.server",
            stdin=PIPE,
            stdout=PIPE,
            stderr=stream,
            start_new_session=True,  # a Ctrl-C is for the rehearsal, which then ends its servers
            env={**_bare_environment(), **_settings(addresses, folder, port), **environment},
        )
    try:
        keeper = Keeper(process, port, log)
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(keeper.keep())
            await keeper.until_ready()
            yield keeper
            keeping.cancel()
    finally:
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _bare_environment() -> dict[str, str]:
    """Ours without the settings of the user's own server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}


def _settings(addresses: Addresses, folder: Path, port: int) -> dict[str, str]:
    many = "1000000"
    return {
        "YINGDA_CONFIG": "",
        "YINGDA_DATABASE_URL": addresses.application_url,
        "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
        "YINGDA_VAR_DIR": str(folder),
        "YINGDA_HTTP__PORT": str(port),
        "YINGDA_HTTP__DRAIN_S": "5",
        "YINGDA_SECRET_KEY": "the rehearsal's own key, of no use anywhere",
        "YINGDA_WORKER": "false",
        "YINGDA_LIMITS__MESSAGES_PER_VISITOR": many,
        "YINGDA_LIMITS__SESSIONS_PER_ADDRESS": many,
        "YINGDA_LIMITS__SOCKETS_PER_ADDRESS": many,
        "OPENBLAS_NUM_THREADS": "1",  # the parent forks, and threads do not survive that
    }
