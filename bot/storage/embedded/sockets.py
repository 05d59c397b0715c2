"""Where the server's Unix socket lies."""

import hashlib
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.storage.embedded.account import Account, make_private
from bot.storage.embedded.configuration import PORT
from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.layout import Layout

_SOCKET = f".s.PGSQL.{PORT}"
_LONGEST = 107 if sys.platform == "linux" else 103
# Others, such as a comma, part addresses in libpq's and PostgreSQL's lists of hosts and folders.
_PLAIN = re.compile(r"[A-Za-z0-9._/+-]+")


def make_socket_dir(layout: Layout, account: Account) -> Path:
    """The folder for the socket: the embedded PostgreSQL's own where its path is short and plain enough,
    else one made for it in the system's folder for temporary files, private to the account like the first.
    """
    if _fits(layout.root):
        return layout.root
    name = f"yingda-{account.uid}-{hashlib.sha256(bytes(layout.root)).hexdigest()[:16]}"
    for parent in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 - checked below
        folder = parent / name
        if _fits(folder) and parent.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.lstat().st_uid not in (0, account.uid):
                raise EmbeddedPostgresError(f"{folder} belongs to somebody else: remove it, or set TMPDIR")
            make_private(folder, account)
            return folder
    raise EmbeddedPostgresError(
        f"The paths of {layout.root} and of the temporary folder are too long for a Unix socket (over {_LONGEST}"
        " bytes): set YINGDA_VAR_DIR or TMPDIR to a shorter one"
    )


def clear_socket(socket_dir: Path) -> None:
    """Remove the socket of a dead server, whose lock file may name the id of a living stranger."""
    for name in (_SOCKET, f"{_SOCKET}.lock"):
        (socket_dir / name).unlink(missing_ok=True)


def remove_socket_dir(layout: Layout, socket_dir: Path) -> None:
    """Remove the folder if it was made for the socket of a server that is gone."""
    if socket_dir != layout.root:
        with suppress(OSError):  # not empty or gone: nothing of ours is in it any more
            clear_socket(socket_dir)
            socket_dir.rmdir()


def _fits(folder: Path) -> bool:
    return bool(_PLAIN.fullmatch(str(folder))) and len(bytes(folder / _SOCKET)) <= _LONGEST
