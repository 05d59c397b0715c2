"""Start and stop the server of one folder. The caller holds the folder's control lock."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from bot.storage.embedded.account import Account
from bot.storage.embedded.address import Databases, databases_at
from bot.storage.embedded.binaries import Binaries
from bot.storage.embedded.cluster import check_version, create_cluster
from bot.storage.embedded.configuration import write_configuration
from bot.storage.embedded.errors import EmbeddedPostgresError, StillStarting
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.postmaster import Observation, clear_stale_pid_file, observe, signal_server
from bot.storage.embedded.sockets import clear_socket, make_socket_dir, remove_socket_dir
from bot.storage.embedded.spawn import Spawner

START_S = 60.0
STOP_S = 60.0
_FAST_STOP_S = 30.0
_RECOVERY_S = 10.0
_POLL_S = 0.02
_CONNECT_S = 10
_OLD_LOG_BYTES = 5_000_000
_TAIL_LINES = 15


class Server:
    """The PostgreSQL server of one folder."""

    def __init__(self, binaries: Binaries, layout: Layout, account: Account, say: Callable[[str], None]) -> None:
        self._binaries = binaries
        self._layout = layout
        self._account = account
        self._say = say
        self._spawner = Spawner(binaries, layout, account)

    def ensure_running(self) -> Databases:
        """The databases of a server that takes connections: the one that runs, or one started now.

        Raises StillStarting after 60 s, EmbeddedPostgresError with the log's tail when the server ends.
        """
        deadline = time.monotonic() + START_S
        log_from: int | None = None
        while True:
            seen = observe(self._layout)
            if seen.is_ready and seen.socket_dir is not None:
                databases = databases_at(seen.socket_dir)
                if log_from is not None:
                    _check_connection(databases)
                return databases
            if seen.is_gone:
                if log_from is not None:
                    raise EmbeddedPostgresError(f"PostgreSQL ended while starting; {self._log_tail(log_from)}")
                log_from = self._start()
                deadline = time.monotonic() + START_S
            elif time.monotonic() > deadline:
                raise self._too_slow(seen, log_from or 0)
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End the server, if one runs: sessions are cut, what is committed is kept; returns when all is gone.

        Raises EmbeddedPostgresError when it has not ended after 60 s.
        """
        started = time.monotonic()
        sent: signal.Signals | None = None
        socket_dir: Path | None = None
        while not (seen := observe(self._layout)).is_gone:
            socket_dir = seen.socket_dir or socket_dir
            waited = time.monotonic() - started
            if waited > STOP_S:
                raise EmbeddedPostgresError(
                    f"PostgreSQL (process {seen.pid}) has not ended in {STOP_S:.0f} s; {self._log_tail(0)}"
                )
            wanted = _next_signal(seen, sent, waited)
            if seen.pid is not None and wanted is not None:
                if sent is None:
                    self._say("Stopping PostgreSQL")
                signal_server(seen.pid, self._layout, wanted)
                sent = wanted
            time.sleep(_POLL_S)
        if socket_dir is not None:
            remove_socket_dir(self._layout, socket_dir)

    def _start(self) -> int:
        """Start what is not running; the answer is where the log of this start begins, in bytes."""
        layout = self._layout
        if layout.data_version() is None:
            self._say(f"Creating the database in {layout.root} (once, a few seconds)")
            create_cluster(layout, self._account, self._spawner)
        check_version(layout, self._binaries)
        self._say(f"Starting PostgreSQL {self._binaries.version}")
        clear_stale_pid_file(layout)
        socket_dir = make_socket_dir(layout, self._account)
        clear_socket(socket_dir)
        write_configuration(layout, self._account, socket_dir)
        log_from = self._turn_log()
        self._spawner.start("-D", str(layout.data), needed=(layout.data, socket_dir))
        return log_from

    def _turn_log(self) -> int:
        try:
            size = self._layout.log.stat().st_size
        except FileNotFoundError:
            return 0
        if size < _OLD_LOG_BYTES:
            return size
        self._layout.log.replace(self._layout.old_log)
        return 0

    def _too_slow(self, seen: Observation, log_from: int) -> EmbeddedPostgresError:
        if seen.pid is None:
            return EmbeddedPostgresError(
                f"Processes of an earlier PostgreSQL still hold {self._layout.server_lock} and cannot be seen or"
                f" signalled from here, as after its first process was killed or in another container: end them"
                f" (`fuser {self._layout.server_lock}` names them), then try again"
            )
        return StillStarting(
            f"PostgreSQL (process {seen.pid}) is not ready after {START_S:.0f} s. It goes on, for it may be"
            f" recovering from a crash: try again in a minute; {self._log_tail(log_from)}"
        )

    def _log_tail(self, start: int) -> str:
        return f"the end of its log {self._layout.log}:\n" + "\n".join(_tail(self._layout.log, start))


def _tail(log: Path, start: int) -> list[str]:
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(start, size - 10_000))
            return file.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
    except FileNotFoundError:
        return []


def _next_signal(seen: Observation, sent: signal.Signals | None, waited: float) -> signal.Signals | None:
    """SIGINT ends the server fast and in order, SIGQUIT at once, for which the next start makes up by recovery.

    PostgreSQL 18 may hang for ever when SIGINT meets it while it recovers, so it is asked first whether it serves.
    """
    if sent is None and seen.is_ready and seen.socket_dir is not None and _is_serving(seen.socket_dir):
        return signal.SIGINT
    patience = _RECOVERY_S if sent is None else _FAST_STOP_S
    return signal.SIGQUIT if sent != signal.SIGQUIT and waited > patience else None


def _is_serving(socket_dir: Path) -> bool:
    try:
        psycopg.connect(databases_at(socket_dir).application_url, connect_timeout=_CONNECT_S).close()
    except psycopg.OperationalError:
        return False
    return True


def _check_connection(databases: Databases) -> None:
    try:
        psycopg.connect(databases.application_url, connect_timeout=_CONNECT_S).close()
    except psycopg.OperationalError as fault:
        raise EmbeddedPostgresError(f"PostgreSQL has started but takes no connection: {fault}") from fault
