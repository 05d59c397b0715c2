"""What `yingda doctor` tells about the embedded PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path

from bot.storage.embedded.configuration import PORT
from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.postmaster import observe
from bot.storage.embedded.users import user_pids


@dataclass(frozen=True)
class Status:
    """One folder at one moment."""

    data_dir: Path
    log: Path
    initialised: bool
    version: int | None
    """The major version that wrote the data."""
    running: bool
    ready: bool
    """Running and taking connections."""
    pid: int | None
    users: tuple[int, ...]
    """Process ids of those who use the server; empty while it runs: the last one was killed."""
    socket_dir: Path | None
    port: int | None
    """Part of the socket's name; there is no network port."""


def status(data_dir: Path) -> Status:
    """Look at the embedded PostgreSQL in ``data_dir``; starts, makes and changes nothing.

    Raises EmbeddedPostgresError when the folder cannot be read or its data is damaged.
    """
    layout = Layout.of(data_dir)
    try:
        version = layout.data_version()
        seen = observe(layout)
        users = user_pids(layout)
    except OSError as fault:
        raise EmbeddedPostgresError(
            f"{fault.filename or layout.root}: {fault.strerror}; run as the user who owns {layout.root}"
        ) from fault
    return Status(
        data_dir=layout.root,
        log=layout.log,
        initialised=version is not None,
        version=version,
        running=seen.pid is not None,
        ready=seen.is_ready,
        pid=seen.pid,
        users=users,
        socket_dir=seen.socket_dir,
        port=None if seen.pid is None else PORT,
    )
