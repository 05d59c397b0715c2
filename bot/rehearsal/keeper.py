"""Starts servers in processes of their own, kills them, and starts them again."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.rehearsal.keys import ENVIRONMENT
from bot.storage.database import Addresses

LOAD_WITHIN_S = 60.0
START_WITHIN_S = 10.0
READY_WITHIN_S = 30.0
VAIN_STARTS = 3
LOG_TAIL = 4000
MANY = "1000000"


@contextmanager
def open_nursery(folder: Path) -> Iterator[Path]:
    """A process that forks servers, for as long as the block runs; its socket's path, which must be short."""
    path = folder / "nursery"
    with (folder / "nursery.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves, no shell
            [sys.executable, "-m", "bot.rehearsal.nursery", path],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for the rehearsal, which then ends its servers
            # Without the settings of the user's own server; with one thread, for the nursery forks.
            env={name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
            | {"YINGDA_CONFIG": "", "OPENBLAS_NUM_THREADS": "1"},
        )
    try:
        deadline = time.monotonic() + LOAD_WITHIN_S
        while not path.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no nursery: {(folder / 'nursery.log').read_text(encoding='utf-8')[-LOG_TAIL:]}")
            time.sleep(0.02)
        yield path
    finally:
        process.communicate(timeout=LOAD_WITHIN_S)


class Keeper:
    """One server at a fixed port; whenever it ends it is started again."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: bytes, port: int, log: Path
    ) -> None:
        self.log = log
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.pid = 0
        self.starts = 0
        self.ends: list[int] = []
        """How each server ended: its exit status, or the number of the signal."""
        self._reader = reader
        self._writer = writer
        self._order = order
        self._changed = asyncio.Condition()

    async def keep(self) -> None:
        """Starts the server, waits for its end, and so on; ends by cancellation only."""
        while True:
            self._writer.write(self._order)
            async with asyncio.timeout(START_WITHIN_S):
                self.pid = await self._told("started")
            async with self._changed:
                self.starts += 1
                self._changed.notify_all()
            status = await self._told("ended")
            self.pid = 0
            async with self._changed:
                self.ends.append(status)
                self._changed.notify_all()

    def signal(self, number: signal.Signals) -> None:
        """Signals the server, if one runs; its process id is its own for as long as :attr:`pid` says so."""
        if self.pid:  # 0 would be everybody in our own group
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """kill -9; returns when the process is gone and the next one started, ready or not."""
        starts = self.starts
        self.signal(signal.SIGKILL)
        async with asyncio.timeout(START_WITHIN_S), self._changed:
            await self._changed.wait_for(lambda: self.starts > starts)

    async def until_ended(self, times: int = 1) -> None:
        """Returns when servers have ended so often since the beginning."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.ends) >= times)

    async def until_ready(self) -> None:
        """Returns when /readyz says 200; TimeoutError with the log when it does not, or only ends."""
        deadline, ends = time.monotonic() + READY_WITHIN_S, len(self.ends)
        while not await self.ready():
            if time.monotonic() > deadline or len(self.ends) >= ends + VAIN_STARTS:
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

    async def _told(self, event: str) -> int:
        line = (await self._reader.readline()).decode()
        if not line.startswith(event):
            raise RuntimeError(f"the nursery said {line!r}: {self.log.read_text(encoding='utf-8')[-LOG_TAIL:]}")
        return int(line.split()[1])


@asynccontextmanager
async def kept_server(nursery: Path, addresses: Addresses, folder: Path, **settings: str) -> AsyncIterator[Keeper]:
    """A ready server that is started again whenever it ends, until the block does; gone, it leaves nothing running.

    ``settings`` are environment variables, such as ``YINGDA_WORKER``.
    """
    port = free_port()
    log = folder / f"server-{port}.log"
    environment = {
        "YINGDA_DATABASE_URL": addresses.application_url,
        "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
        "YINGDA_VAR_DIR": str(folder),
        "YINGDA_HTTP__PORT": str(port),
        "YINGDA_HTTP__DRAIN_S": "5",
        "YINGDA_SECRET_KEY": "the rehearsal's own key, of no use anywhere",
        "YINGDA_WORKER": "false",
        "YINGDA_LIMITS__MESSAGES_PER_VISITOR": MANY,
        "YINGDA_LIMITS__SIGNALS_PER_VISITOR": MANY,
        "YINGDA_LIMITS__SESSIONS_PER_ADDRESS": MANY,
        "YINGDA_LIMITS__SOCKETS_PER_ADDRESS": MANY,
        **ENVIRONMENT,
        **settings,
    }
    order = json.dumps({"environment": environment, "log": str(log)}).encode() + b"\n"
    reader, writer = await asyncio.open_unix_connection(nursery)
    try:
        keeper = Keeper(reader, writer, order, port, log)
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(keeper.keep())
            await keeper.until_ready()
            yield keeper
            keeping.cancel()
    finally:
        writer.close()
        await writer.wait_closed()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
