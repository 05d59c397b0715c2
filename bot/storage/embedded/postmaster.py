"""Find the server's first process, tell it from others, and signal it and nothing else."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.locks import is_held

_PROGRAM = "postgres"


@dataclass(frozen=True)
class Observation:
    """What is alive of a server at one moment."""

    pid: int | None
    """Of the first process (postmaster), verified to be this folder's."""
    socket_dir: Path | None
    is_ready: bool
    """It takes connections."""
    lock_held: bool
    """Some process of the server lives, if only a left-over of a killed one."""

    @property
    def is_gone(self) -> bool:
        return self.pid is None and not self.lock_held


@dataclass(frozen=True)
class _PidFile:
    pid: int
    socket_dir: Path | None
    is_ready: bool


def observe(layout: Layout) -> Observation:
    """Look, and change nothing.

    Raises EmbeddedPostgresError when a process may be this folder's server and cannot be told from another.
    """
    noted = _read_pid_file(layout)
    # The lock after the file: a server that has just started has both, one that has just ended neither.
    lock_held = is_held(layout.server_lock)
    if noted is None or not _is_server_of(noted.pid, layout.data):
        return Observation(None, None, is_ready=False, lock_held=lock_held)
    return Observation(noted.pid, noted.socket_dir, is_ready=noted.is_ready, lock_held=lock_held)


def clear_stale_pid_file(layout: Layout) -> None:
    """Remove a pid file that would keep PostgreSQL from starting although its server is gone.

    PostgreSQL refuses a file that is damaged (power loss) or that names a living process, whose id may have been
    given to a stranger since. A file with a dead id stays: PostgreSQL checks more with it, then replaces it.
    To be called only while ``observe`` says gone.
    """
    noted = _read_pid_file(layout)
    if noted is None or psutil.pid_exists(noted.pid):
        layout.pid_file.unlink(missing_ok=True)


def signal_server(pid: int, layout: Layout, number: signal.Signals) -> None:
    """Send a signal to the first process if it still is this folder's server."""
    if sys.platform == "linux":
        try:
            # Pinned before it is verified: the id cannot pass to another process in between.
            pinned = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if _is_server_of(pid, layout.data):
                signal.pidfd_send_signal(pinned, number)
        except ProcessLookupError:
            return
        finally:
            os.close(pinned)
    elif _is_server_of(pid, layout.data):
        os.kill(pid, number)


def _read_pid_file(layout: Layout) -> _PidFile | None:
    try:
        lines = layout.pid_file.read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if pid <= 0:  # written so by a single-user PostgreSQL, which holds the lock but serves nobody
        return None
    socket_dir = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    return _PidFile(pid, socket_dir, is_ready=len(lines) > 7 and lines[7].strip() == "ready")


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether the process is the PostgreSQL server of this data directory.

    A server works in its data directory, which is decisive; where only its command line is public, that counts.
    """
    try:
        process = psutil.Process(pid)
        if process.name() != _PROGRAM or process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = process.cmdline()
        if not command or command[0].startswith(f"{_PROGRAM}:"):
            return False  # a child of some server; a pid file names the first process, which has no such title
        try:
            place = process.cwd()
        except psutil.AccessDenied:
            place = ""
        return Path(place).samefile(data) if place else _names_data(command, data, pid)
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def _names_data(command: list[str], data: Path, pid: int) -> bool:
    try:
        named = Path(command[command.index("-D") + 1])
    except (ValueError, IndexError):
        named = Path()
    if not named.is_absolute():
        raise EmbeddedPostgresError(
            f"Process {pid} is a PostgreSQL that may be the one of {data}, started by other means: stop it, then"
            " try again"
        )
    return named.resolve() == data
