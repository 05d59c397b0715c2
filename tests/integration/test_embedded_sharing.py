"""Several processes use one embedded PostgreSQL, come and go, and are killed."""

import os
from pathlib import Path

import pytest

from bot.storage.embedded import EmbeddedPostgres, status
from tests.integration.embedded_users import UserProcesses, is_alive, run, server_pid, users, value

pytestmark = pytest.mark.heavy

__all__ = ["users"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "pg"


def test_the_last_of_two_stops_the_server(users: UserProcesses, data_dir: Path) -> None:
    first = users.start(data_dir)
    databases = first.databases()
    second = users.start(data_dir)
    assert second.databases() == databases
    server = server_pid(data_dir)
    assert set(status(data_dir).users) == {first.pid, second.pid}

    assert first.leave() == 0
    assert server_pid(data_dir) == server
    assert status(data_dir).users == (second.pid,)
    assert value(databases.application_url, "SELECT 1") == 1

    assert second.leave() == 0
    assert not status(data_dir).running
    assert not is_alive(server)


def test_two_users_in_one_process_count_as_two(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as databases:
        with EmbeddedPostgres(data_dir):
            server = server_pid(data_dir)
        assert server_pid(data_dir) == server
        assert value(databases.application_url, "SELECT 1") == 1
    assert not status(data_dir).running


def test_a_killed_user_harms_nobody(users: UserProcesses, data_dir: Path) -> None:
    starter = users.start(data_dir)
    databases = starter.databases()
    other = users.start(data_dir)
    other.databases()
    server = server_pid(data_dir)
    starter.kill()
    assert server_pid(data_dir) == server
    assert status(data_dir).users == (other.pid,)
    assert value(databases.application_url, "SELECT 1") == 1
    assert other.leave() == 0
    assert not is_alive(server)
    assert list((data_dir / "users").iterdir()) == []


def test_the_server_of_a_killed_only_user_is_taken_over(users: UserProcesses, data_dir: Path) -> None:
    only = users.start(data_dir)
    run(only.databases().owner_url, "CREATE TABLE t (id int)")
    server = server_pid(data_dir)
    only.kill()
    assert server_pid(data_dir) == server
    assert status(data_dir).users == ()

    following = users.start(data_dir)
    assert value(following.databases().owner_url, "SELECT count(*) FROM t") == 0
    assert server_pid(data_dir) == server
    assert following.leave() == 0
    assert not is_alive(server)


def test_five_who_start_at_once_share_one_server(users: UserProcesses, data_dir: Path) -> None:
    starters = [users.start(data_dir) for _ in range(5)]
    databases = {starter.databases() for starter in starters}
    assert len(databases) == 1
    server = server_pid(data_dir)
    assert set(status(data_dir).users) == {starter.pid for starter in starters}
    assert value(databases.pop().application_url, "SELECT 1") == 1
    assert (data_dir / "server.log").read_text().count("starting PostgreSQL") == 1
    assert [starter.leave() for starter in starters] == [0] * 5
    assert not is_alive(server)


def test_comers_and_leavers_at_once_never_lose_the_server(users: UserProcesses, data_dir: Path) -> None:
    for _ in range(3):
        leaver = users.start(data_dir)
        leaver.databases()
        comer = users.start(data_dir)
        assert leaver.leave() == 0
        assert value(comer.databases().application_url, "SELECT 1") == 1
        assert comer.leave() == 0
        assert not status(data_dir).running


def test_ctrl_c_reaches_the_user_but_not_the_server(users: UserProcesses, data_dir: Path) -> None:
    starter = users.start(data_dir)
    databases = starter.databases()
    other = users.start(data_dir)
    other.databases()
    server = server_pid(data_dir)
    assert os.getpgid(server) != os.getpgid(starter.pid)
    assert os.getsid(server) != os.getsid(starter.pid)
    assert starter.interrupt() != 0
    assert server_pid(data_dir) == server
    assert value(databases.application_url, "SELECT 1") == 1
    assert other.interrupt() != 0
    assert not is_alive(server)


def test_a_forked_child_does_not_stop_its_parents_server(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    databases = postgres.start()
    child = os.fork()
    if child == 0:
        postgres.stop()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert status(data_dir).users == (os.getpid(),)
    assert value(databases.application_url, "SELECT 1") == 1
    postgres.stop()
    assert not status(data_dir).running
