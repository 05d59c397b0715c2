"""One user of the embedded PostgreSQL: what it gets, and what is on disk."""

import os
import signal
import stat
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from bot.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, status
from tests.integration.embedded_users import is_alive, run, server_pid, value, wait_for

pytestmark = pytest.mark.heavy


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_serves_two_roles_until_stopped(tmp_path: Path) -> None:
    data_dir = tmp_path / "pg"
    said: list[str] = []
    before = status(data_dir)
    assert (before.initialised, before.running, before.users) == (False, False, ())
    assert not data_dir.exists()

    postgres = EmbeddedPostgres(data_dir, say=said.append)
    databases = postgres.start()
    assert postgres.start() == databases
    assert said[0].startswith("Creating the database")
    assert said[1].startswith("Starting PostgreSQL 18")
    during = status(data_dir)
    assert (during.initialised, during.version, during.ready) == (True, 18, True)
    assert during.users == (os.getpid(),)
    assert during.port == 5432

    run(
        databases.owner_url,
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.contact (name text)",
        "CREATE TABLE public.job (id int)",
        "INSERT INTO crm.contact VALUES ('Ada')",
    )
    superusers = "SELECT array_agg(rolname::text) FROM pg_roles WHERE rolsuper OR rolcreaterole OR rolcreatedb"
    assert value(databases.owner_url, superusers) == ["postgres"]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'yingda'"
    assert value(databases.application_url, owner) == "yingda_owner"
    for refused in ("SELECT * FROM crm.contact", "CREATE TABLE public.mine (id int)", "CREATE TEMP TABLE t (id int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(databases.application_url, refused)

    postgres.stop()
    postgres.stop()
    after = status(data_dir)
    assert (after.initialised, after.running, after.users) == (True, False, ())
    assert during.pid is not None
    assert not is_alive(during.pid)

    started = time.monotonic()
    with EmbeddedPostgres(data_dir) as again:
        assert time.monotonic() - started < 10
        assert value(again.owner_url, "SELECT name FROM crm.contact") == "Ada"


def test_settings_are_durable_private_and_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("YINGDA_SECRET_KEY", "not for the database")
    with EmbeddedPostgres(tmp_path / "pg") as databases:
        expected = {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
            "shared_buffers": "64MB",
            "max_connections": "100",
        }
        found = {name: value(databases.owner_url, f"SHOW {name}") for name in expected}
        assert found == expected
        assert value(databases.owner_url, "SELECT lower('ÄÉ')") == "äé"
        environment = Path(f"/proc/{server_pid(tmp_path / 'pg')}/environ")
        if environment.parent.exists():
            assert b"YINGDA" not in environment.read_bytes()


def test_url_is_understood_by_sqlalchemy(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as databases:
        engine = sqlalchemy.create_engine(databases.owner_url.replace("postgresql", "postgresql+psycopg", 1))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "yingda_owner"
        engine.dispose()


def test_folder_is_private_and_the_folders_above_are_not_touched(tmp_path: Path) -> None:
    above = tmp_path / "shared" / "var"
    above.mkdir(parents=True)
    above.chmod(0o751)
    above.parent.chmod(0o710)
    loose = above / "pg"
    loose.mkdir()
    loose.chmod(0o755)
    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (above, above.parent)]
    with EmbeddedPostgres(loose):
        for private in (loose, loose / "data", loose / "users"):
            assert mode(private) == 0o700
        for file in (*loose.glob("*.lock"), *(loose / "users").iterdir(), loose / "server.log"):
            assert mode(file) == 0o600
    assert (mode(above), mode(above.parent)) == (0o751, 0o710)
    assert [(path.stat().st_uid, path.stat().st_gid) for path in (above, above.parent)] == owners


@pytest.mark.parametrize("name", ["long" * 40, "应答 'x' \"y\", $HOME %s"])
def test_path_unfit_for_a_socket(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / name
    with EmbeddedPostgres(data_dir) as databases:
        assert value(databases.application_url, "SELECT 1") == 1
        socket_dir = status(data_dir).socket_dir
        assert socket_dir is not None
        assert data_dir not in (socket_dir, *socket_dir.parents)
        assert mode(socket_dir) == 0o700
        assert socket_dir.stat().st_uid == (data_dir / "data").stat().st_uid
    assert not socket_dir.exists()


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg"):
        pass
    (tmp_path / "pg/data/PG_VERSION").write_text("17\n")
    control = (tmp_path / "pg/data/global/pg_control").read_bytes()
    with pytest.raises(EmbeddedPostgresError, match=r"written by PostgreSQL 17.*are PostgreSQL 18"):
        EmbeddedPostgres(tmp_path / "pg").start()
    assert status(tmp_path / "pg").version == 17
    assert (tmp_path / "pg/data/global/pg_control").read_bytes() == control


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    before = mode(tmp_path)
    with pytest.raises(EmbeddedPostgresError, match="another folder"):
        EmbeddedPostgres(tmp_path).start()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert mode(tmp_path) == before


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    data_dir = tmp_path / "pg"
    with EmbeddedPostgres(data_dir):
        pass
    control = data_dir / "data/global/pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(EmbeddedPostgresError, match=r"ended while starting(.|\n)*pg_control"):
        EmbeddedPostgres(data_dir).start()
    assert status(data_dir).users == ()
    control.with_suffix(".away").rename(control)
    with EmbeddedPostgres(data_dir) as databases:
        assert value(databases.application_url, "SELECT 1") == 1


def test_half_made_data_of_a_killed_first_start_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "pg/data.partial"
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg/control.lock").touch()
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path / "pg") as databases:
        assert value(databases.application_url, "SELECT 1") == 1
    assert not half.exists()


def test_what_customers_write_does_not_reach_the_log(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg") as databases:
        run(databases.owner_url, "CREATE TABLE t (phone text PRIMARY KEY)", "INSERT INTO t VALUES ('13800001111')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            run(databases.owner_url, "INSERT INTO t VALUES ('13800001111')")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            run(databases.owner_url, "SELECT 'ada@example.com'::uuid")
        run(databases.owner_url, "DO $$ BEGIN RAISE WARNING 'ada@example.com'; END $$")
        session = psycopg.connect(databases.owner_url)
        session.pgconn.send_query(b"SELECT pg_sleep(60), 'ada@example.com'")
        wait_for(
            lambda: value(databases.owner_url, "SELECT max(query) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        )
        os.kill(session.info.backend_pid, signal.SIGKILL)
        wait_for(lambda: "terminated by signal 9" in (tmp_path / "pg/server.log").read_text())
        session.close()
    log = (tmp_path / "pg/server.log").read_text()
    assert "ready to accept connections" in log
    assert "1380000" not in log
    assert "ada@" not in log
