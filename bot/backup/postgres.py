"""pg_dump and pg_restore as streams: the embedded programs, or those on the PATH when they are new enough."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.backup.faults import BackupFault
from bot.storage.embedded import EmbeddedPostgresError
from bot.storage.embedded.binaries import find_binaries
from bot.urls import libpq_url

SILENCE_S = 600.0
"""A program that neither gives nor takes a byte for so long is ended."""
_VERSION_S = 20.0
_PIECE = 1 << 18
_CONNECT_S = 10
_LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def connect(url: str, *, autocommit: bool = False) -> psycopg.Connection:
    """A connection of our own, which waits for a while but not for ever."""
    options = "-c lock_timeout=60000 -c timezone=UTC -c idle_in_transaction_session_timeout=0 -c statement_timeout=0"
    parameters = conninfo_to_dict(libpq_url(url))
    given = f"{parameters.get('options') or ''} {options}".strip()
    conninfo = make_conninfo(libpq_url(url), connect_timeout=_CONNECT_S, options=given, keepalives_idle=5)
    return psycopg.connect(conninfo, autocommit=autocommit)


def dump(url: str, snapshot: str, tables: Iterable[str]) -> Iterator[bytes]:
    """The rows of these tables and the state of these sequences, as of the snapshot, in pg_dump's custom format."""
    names = [f"--table={name}" for name in tables]
    arguments = ["--format=custom", "--compress=6", "--data-only", "--no-owner", f"--snapshot={snapshot}", *names]
    with _running(url, "pg_dump", *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as (program, alive):
        while piece := cast(IO[bytes], program.stdout).read(_PIECE):
            alive()
            yield piece


def load(url: str, content: Iterable[bytes]) -> None:
    """Puts such rows back, all in one transaction or none."""
    arguments = ["--format=custom", "--data-only", "--no-owner", "--exit-on-error", "--single-transaction"]
    target = _without_password(url)
    with (
        _running(
            url, "pg_restore", *arguments, f"--dbname={target}", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as (program, alive),
        suppress(BrokenPipeError),
    ):  # its last words say why
        for piece in content:
            cast(IO[bytes], program.stdin).write(piece)
            alive()


@contextmanager
def _running(
    url: str, name: str, *arguments: str, stdin: int, stdout: int
) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], None]]]:
    target = [] if name == "pg_restore" else [f"--dbname={_without_password(url)}"]
    program = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program, no shell
        [require(url, name), *arguments, *target],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=_environment(url),
    )
    words: list[bytes] = []
    listener = threading.Thread(target=partial(_listen, program, words), daemon=True)
    listener.start()
    watch = _Watch(program)
    try:
        yield program, watch.alive
        if program.stdin is not None:
            with suppress(BrokenPipeError):
                program.stdin.close()
        program.wait(SILENCE_S)
    except BaseException:
        program.kill()
        raise
    finally:
        watch.end()
        program.wait()
        listener.join()
        for pipe in (program.stdin, program.stdout, program.stderr):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):
                    pipe.close()
    if program.returncode != 0:
        told = b"".join(words).decode(errors="replace").strip().splitlines()
        # Only the first line: details may quote rows.
        raise BackupFault(f"{name} failed: {told[0] if told else f'exit status {program.returncode}'}")


def _listen(program: "subprocess.Popen[bytes]", words: list[bytes]) -> None:
    for line in cast(IO[bytes], program.stderr):
        if len(words) < 20:
            words.append(line)


class _Watch:
    """Kills a program that has been silent for too long."""

    def __init__(self, program: "subprocess.Popen[bytes]") -> None:
        self._program = program
        self._seen = time.monotonic()
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def alive(self) -> None:
        self._seen = time.monotonic()

    def end(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            if time.monotonic() - self._seen > SILENCE_S:
                self._program.kill()
                return


def require(url: str, name: str) -> str:
    """The program that knows the server's version. Raises :class:`BackupFault`."""
    with connect(url) as connection:
        wanted = connection.info.server_version // 10_000
    candidates = []
    with suppress(EmbeddedPostgresError):
        candidates.append(find_binaries().program(name))
    if found := shutil.which(name):
        candidates.append(Path(found))
    for candidate in candidates:
        if _major(candidate) >= wanted:
            return str(candidate)
    raise BackupFault(f"the database is PostgreSQL {wanted}, and there is no {name} of that version or a newer one")


def _major(program: Path) -> int:
    try:
        told = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)\.", told)
    return int(found[1]) if found else 0


def _without_password(url: str) -> str:
    parameters = conninfo_to_dict(libpq_url(url))
    parameters.pop("password", None)
    return make_conninfo(**{name: str(value) for name, value in parameters.items() if value is not None})


def _environment(url: str) -> dict[str, str]:
    """The password goes by the environment: everybody sees a command line."""
    kept = {name: os.environ[name] for name in (*_LIBRARIES, "HOME") if name in os.environ}
    password = conninfo_to_dict(libpq_url(url)).get("password")
    secret = {"PGPASSWORD": str(password)} if password else {}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept, **secret}
