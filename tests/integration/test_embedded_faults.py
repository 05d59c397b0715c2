"""Crashes of PostgreSQL itself, and processes that only look like it."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, server, status
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.postmaster import signal_server
from tests.integration.embedded_users import is_alive, kill_server, run, server_pid, value, wait_for

pytestmark = pytest.mark.heavy


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The folder of a server that has run and ended, with a table of one row."""
    data_dir = tmp_path / "pg"
    with EmbeddedPostgres(data_dir) as databases:
        run(databases.owner_url, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (7)")
    return data_dir


@pytest.fixture
def stranger(stopped: Path) -> Iterator[int]:
    """A process of the account that PostgreSQL runs as, whose living id PostgreSQL itself would respect."""
    owner = pwd.getpwuid((stopped / "data").stat().st_uid)
    process = subprocess.Popen(["/bin/sleep", "600"], user=owner.pw_uid if os.geteuid() == 0 else None)
    yield process.pid
    assert process.poll() is None
    process.terminate()
    process.wait(10)


def leave_stale_files(data_dir: Path, pid: int) -> None:
    """What a machine that lost its power leaves, with the id meanwhile given to another process."""
    data = data_dir / "data"
    lines = f"{pid}\n{data}\n1700000000\n5432\n{data_dir}\n\n  5432001         1\nready   \n"
    (data / "postmaster.pid").write_text(lines)
    (data_dir / ".s.PGSQL.5432.lock").write_text(f"{pid}\n{data}\n1700000000\n5432\n{data_dir}\n")


def test_a_stranger_with_the_servers_old_id_is_left_alone(stopped: Path, stranger: int) -> None:
    leave_stale_files(stopped, stranger)
    assert not status(stopped).running
    with EmbeddedPostgres(stopped) as databases:
        assert value(databases.owner_url, "SELECT id FROM t") == 7
        assert server_pid(stopped) != stranger
    assert not status(stopped).running
    assert is_alive(stranger)


def test_the_server_of_another_folder_is_left_alone(stopped: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "other") as others:
        other = server_pid(tmp_path / "other")
        leave_stale_files(stopped, other)
        signal_server(other, Layout.of(stopped), signal.SIGQUIT)
        with EmbeddedPostgres(stopped) as databases:
            assert value(databases.owner_url, "SELECT id FROM t") == 7
        assert value(others.application_url, "SELECT 1") == 1
        child = psutil.Process(other).children()[0].pid
        leave_stale_files(stopped, child)
        with EmbeddedPostgres(stopped):
            pass
        assert is_alive(child)
        assert server_pid(tmp_path / "other") == other


@pytest.mark.parametrize("content", ["", "garbage\n", "99999999\n"])
def test_a_damaged_pid_file_does_not_keep_the_server_down(stopped: Path, content: str) -> None:
    (stopped / "data/postmaster.pid").write_text(content)
    with EmbeddedPostgres(stopped) as databases:
        assert value(databases.owner_url, "SELECT id FROM t") == 7


def test_a_killed_server_recovers_what_was_committed(stopped: Path) -> None:
    first = EmbeddedPostgres(stopped)
    databases = first.start()
    run(databases.owner_url, "INSERT INTO t SELECT generate_series(8, 1007)")
    open_transaction = psycopg.connect(databases.owner_url)
    open_transaction.execute("INSERT INTO t VALUES (-1)")
    killed = server_pid(stopped)
    kill_server(stopped)
    assert not status(stopped).running

    with EmbeddedPostgres(stopped) as recovered:
        assert server_pid(stopped) != killed
        assert value(recovered.owner_url, "SELECT array[count(*), min(id)] FROM t") == [1001, 7]
    with pytest.raises(psycopg.OperationalError):
        open_transaction.execute("SELECT 1")
    open_transaction.close()
    assert status(stopped).running, "the first user has not left"
    first.stop()
    assert not status(stopped).running


def test_leaving_while_the_server_recovers_takes_no_longer(stopped: Path) -> None:
    """PostgreSQL 18 can hang when it is told to stop in the middle of its recovery."""
    postgres = EmbeddedPostgres(stopped)
    session = psycopg.connect(postgres.start().owner_url)
    log = stopped / "server.log"
    os.kill(session.info.backend_pid, signal.SIGKILL)
    wait_for(lambda: "terminated by signal 9" in log.read_text())
    started = time.monotonic()
    postgres.stop()
    assert time.monotonic() - started < 30
    session.close()
    with EmbeddedPostgres(stopped) as databases:
        assert value(databases.owner_url, "SELECT id FROM t") == 7


def test_no_second_server_beside_what_is_left_of_a_killed_one(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EmbeddedPostgres(stopped)
    session = psycopg.connect(first.start().owner_url)
    left_over = session.info.backend_pid
    os.kill(left_over, signal.SIGSTOP)
    try:
        kill_server(stopped)
        monkeypatch.setattr(server, "START_S", 1.0)
        monkeypatch.setattr(server, "STOP_S", 1.0)
        with pytest.raises(EmbeddedPostgresError, match="earlier PostgreSQL still hold"):
            EmbeddedPostgres(stopped).start()
    finally:
        os.kill(left_over, signal.SIGCONT)
        monkeypatch.undo()
    session.close()
    with EmbeddedPostgres(stopped) as databases:
        assert value(databases.owner_url, "SELECT id FROM t") == 7
    first.stop()
    assert not status(stopped).running


def test_a_server_that_is_slow_to_start_is_left_to_go_on(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EmbeddedPostgres(stopped)
    first.start()
    pid_file = stopped / "data/postmaster.pid"
    ready = pid_file.read_text()
    pid_file.write_text(ready.replace("ready   ", "starting"))
    monkeypatch.setattr(server, "START_S", 0.2)
    with pytest.raises(EmbeddedPostgresError, match="not ready after"):
        EmbeddedPostgres(stopped).start()
    pid_file.write_text(ready)
    assert status(stopped).ready
    assert status(stopped).users == (os.getpid(),)
    first.stop()
