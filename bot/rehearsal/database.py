"""A PostgreSQL of the rehearsal's own, to be stopped and frozen; never the user's."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil

from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.postmaster import observe, signal_server
from bot.storage.migrate import migrate

GONE_WITHIN_S = 30.0
T = TypeVar("T")
_ONE_AT_A_TIME = threading.Lock()  # alembic keeps what it works on in a global


class Database:
    """A migrated database that can be taken away."""

    def __init__(self, folder: Path, addresses: Addresses) -> None:
        self.addresses = addresses
        self._folder = folder
        self._layout = Layout.of(folder)
        self._uses: list[EmbeddedPostgres] = []
        self._frozen: list[psutil.Process] = []

    async def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends PostgreSQL, by default as a restart of its service does: sessions are cut at once."""
        signal_server(self._pid(), self._layout, number)
        deadline = time.monotonic() + GONE_WITHIN_S
        while not observe(self._layout).is_gone:
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL has not ended")
            await asyncio.sleep(0.02)

    async def start(self) -> None:
        """Starts it again at the same address; returns when it takes connections."""
        self._uses.append(EmbeddedPostgres(self._folder))
        await _in_full(self._uses[-1].start)

    def freeze(self) -> None:
        """PostgreSQL stands still, its connections stay: a disk or a machine that hangs."""
        postmaster = psutil.Process(self._pid())
        self._frozen = [postmaster, *postmaster.children(recursive=True)]
        for process in self._frozen:
            process.suspend()

    def thaw(self) -> None:
        """It goes on where it stood."""
        while self._frozen:
            self._frozen.pop().resume()

    def close(self) -> None:
        """Lets go of what :meth:`start` started, and of what :meth:`freeze` holds."""
        self.thaw()
        while self._uses:
            self._uses.pop().stop()

    def _pid(self) -> int:
        pid = observe(self._layout).pid
        if pid is None:
            raise RuntimeError("PostgreSQL does not run")
        return pid


@asynccontextmanager
async def own_database(folder: Path) -> AsyncIterator[Database]:
    """A fresh PostgreSQL under ``folder``, migrated; stopped at the end."""
    use = EmbeddedPostgres(folder)
    try:
        urls = await _in_full(use.start)
        addresses = Addresses(urls.owner_url, urls.application_url)
        await _in_full(partial(_migrate, addresses))
        database = Database(folder, addresses)
        try:
            yield database
        finally:
            await _in_full(database.close)
    finally:
        await _in_full(use.stop)


async def _in_full(call: Callable[[], T]) -> T:
    """In a thread, and to its end also when cancelled: a start that is broken off could not be undone."""
    called = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(called)
    except asyncio.CancelledError:
        await asyncio.wait({called})
        raise


def _migrate(addresses: Addresses) -> None:
    with _ONE_AT_A_TIME:
        migrate(addresses.owner_url, addresses.application_url)
