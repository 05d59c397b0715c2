"""`make run` on a machine that has the files of the project and nothing else of it."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bot.storage.embedded import status
from tests.integration.conftest import clean_environment
from tests.servers import free_port, short_folder
from tests.unit.test_house import ROOT, files

pytestmark = pytest.mark.heavy

INSTALLED_WITHIN_S = 300.0
LEFT_WITHIN_S = 40.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short name, since a Unix socket will lie below it."""
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def copy_project(target: Path) -> None:
    """What a clone would bring: no environment, no packages, no built pages."""
    for path in files():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def printed(log: Path, words: str, make: subprocess.Popen[bytes], within_s: float) -> str:
    """What `make` printed once `words` are in it; fails with that when it ends or takes too long before."""
    deadline = time.monotonic() + within_s
    while words not in (said := log.read_text(encoding="utf-8")):
        assert make.poll() is None, said[-4000:]
        assert time.monotonic() < deadline, said[-4000:]
        time.sleep(0.2)
    return said


def living(group: int) -> list[psutil.Process]:
    """The processes of a process group."""
    return [process for process in psutil.process_iter() if _group_of(process.pid) == group]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


@pytest.mark.slow
def test_make_run_installs_serves_and_leaves_nothing_running(folder: Path) -> None:
    project, var, log, port = folder / "project", folder / "var", folder / "make.log", free_port()
    copy_project(project)
    environment = clean_environment(YINGDA_HTTP__PORT=str(port), YINGDA_VAR_DIR=str(var))
    # Under `make test` this would be told to be a part of that make.
    environment = {name: value for name, value in environment.items() if name not in {"MAKEFLAGS", "MFLAGS"}}
    with log.open("wb") as output:
        make = subprocess.Popen(
            ["make", "run"], cwd=project, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        said = printed(log, "Press Ctrl-C to stop.", make, INSTALLED_WITHIN_S)
        links = re.findall(rf"http://127\.0\.0\.1:{port}(/\S+)", said)
        assert [link.split("?")[0] for link in links] == ["/demo/", "/console/", "/dev/outgoing", "/console/#/welcome"]
        for page in ("/readyz", *links):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10) as answer:
                assert answer.status == 200, page
        assert status(var / "postgres").running
        os.killpg(make.pid, signal.SIGINT)  # as a terminal's Ctrl-C does
        make.wait(LEFT_WITHIN_S)
        assert "Stopped." in log.read_text(encoding="utf-8")
        assert living(make.pid) == []
        assert not status(var / "postgres").running
    finally:
        for process in living(make.pid):
            process.kill()
        make.wait(10)
        if postmaster := status(var / "postgres").pid:
            os.kill(postmaster, signal.SIGQUIT)
