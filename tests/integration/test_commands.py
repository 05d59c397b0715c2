"""``ask``, ``chat``, ``contact`` and ``doctor`` as whoever sits at the machine types them: processes of their own."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres, status
from tests.servers import ROOT, short_folder

ENDS_WITHIN_S = 3.0


@dataclass(frozen=True)
class Shell:
    """Runs ``yingda ARGUMENTS`` with an environment of its own."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, typed: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=ROOT,
            env=self.environment | changes,
            check=False,
        )


def clean(**added: str) -> Shell:
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    return Shell(hidden | {"LC_ALL": "C.UTF-8", **added})


@pytest.fixture
def yingda(demo_addresses: Addresses, tmp_path: Path) -> Shell:
    """The command line on a database with the demo company."""
    return clean(
        YINGDA_DATABASE_URL=demo_addresses.application_url,
        YINGDA_OWNER_DATABASE_URL=demo_addresses.owner_url,
        YINGDA_VAR_DIR=str(tmp_path),
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose embedded PostgreSQL does not outlive the test."""
    path = short_folder()
    yield path
    if status(path / "postgres").running:
        with EmbeddedPostgres(path / "postgres"):
            pass
    shutil.rmtree(path)


def read_until(terminal: int, wanted: str) -> None:
    """Returns when the terminal has shown it; the process's end is the test's."""
    seen = ""
    while wanted not in seen:
        seen += os.read(terminal, 4096).decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_chat_that_waits_for_a_line_ends_at_once(folder: Path, number: signal.Signals, code: int) -> None:
    environment = clean(YINGDA_VAR_DIR=str(folder), YINGDA_DEMO="false").environment
    master, terminal = pty.openpty()
    chat = subprocess.Popen(
        # The terminal becomes the process's own, so that Ctrl-C typed into it is the kernel's SIGINT.
        [sys.executable, "-c", CONTROLLED, sys.executable, "-m", "bot", "chat"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        read_until(master, "> ")
        assert status(folder / "postgres").users == (chat.pid,)
        started = time.monotonic()
        if number == signal.SIGINT:
            os.write(master, b"\x03")
        else:
            chat.send_signal(number)
        assert chat.wait(20) == code
        assert time.monotonic() - started < ENDS_WITHIN_S
    finally:
        os.close(master)
        if chat.poll() is None:
            chat.kill()
            chat.wait(10)
    seen = status(folder / "postgres")
    assert (seen.users, seen.running) == ((), False)


CONTROLLED = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
