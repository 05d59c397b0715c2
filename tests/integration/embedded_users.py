"""Processes that use an embedded PostgreSQL, and what the tests ask of its server."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.storage.embedded import Databases, EmbeddedPostgres, status

ROOT = Path(__file__).parents[2]
_ANSWER_S = 60.0

_PROGRAM = """
import dataclasses, json, sys
from pathlib import Path
from bot.storage.embedded import EmbeddedPostgres

with EmbeddedPostgres(Path(sys.argv[1])) as databases:
    print(json.dumps(dataclasses.asdict(databases)), flush=True)
    sys.stdin.readline()
"""


class UserProcess:
    """A user in a process, session and process group of its own."""

    def __init__(self, data_dir: Path, packages: Path = ROOT) -> None:
        """Packages are looked for in ``packages`` before those of this environment."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(packages)},
            start_new_session=True,
        )
        self.pid = self._process.pid

    def databases(self) -> Databases:
        """Wait until the process is a user."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _ANSWER_S)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.kill()
            raise AssertionError(f"the user did not start: {self.errors}")
        return Databases(**json.loads(line))

    def leave(self) -> int:
        """Let the process end in order; the answer is its exit status."""
        return self._end(b"\n")

    def interrupt(self) -> int:
        """What Ctrl-C in a terminal does: SIGINT to the whole process group."""
        os.killpg(self.pid, signal.SIGINT)
        return self._end(b"")

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._end(b"")

    def _end(self, last_words: bytes) -> int:
        _, errors = self._process.communicate(last_words, timeout=_ANSWER_S)
        self.errors = errors.decode()
        return self._process.returncode


class UserProcesses:
    """All user processes of one test and the folders they used; ``end`` leaves nothing running."""

    def __init__(self) -> None:
        self._processes: list[UserProcess] = []
        self._folders: set[Path] = set()

    def start(self, data_dir: Path, packages: Path = ROOT) -> UserProcess:
        process = UserProcess(data_dir, packages)
        self._processes.append(process)
        self._folders.add(data_dir)
        return process

    def end(self) -> None:
        for process in self._processes:
            process.kill()
        for folder in self._folders:
            if status(folder).running:
                with EmbeddedPostgres(folder):
                    pass
            assert not status(folder).running


@pytest.fixture
def users() -> Iterator[UserProcesses]:
    processes = UserProcesses()
    yield processes
    processes.end()


def server_pid(data_dir: Path) -> int:
    """The server's first process; it must be running and ready."""
    seen = status(data_dir)
    assert seen.ready
    assert seen.pid is not None
    return seen.pid


def kill_server(data_dir: Path) -> None:
    """kill -9 of the server's first process, and wait until it is dead."""
    pid = server_pid(data_dir)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid))


def wait_for(condition: Callable[[], object]) -> None:
    """Until it is true, for at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def value(url: str, query: str) -> object:
    """The first column of the query's first row, by a connection of its own."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
