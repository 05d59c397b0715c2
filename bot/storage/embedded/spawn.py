"""Run PostgreSQL's programs as the account, in an environment that has nothing of ours in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bot.storage.embedded.account import Account
from bot.storage.embedded.binaries import Binaries
from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.launch import LAUNCH_FAILED, Order
from bot.storage.embedded.layout import Layout

_LAUNCHER = Path(__file__).with_name("launch.py")
_RUN_S = 120.0
_LINKER = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Spawner:
    """Starts programs of one installation for one folder, under the folder's server lock."""

    def __init__(self, binaries: Binaries, layout: Layout, account: Account) -> None:
        self._binaries = binaries
        self._layout = layout
        self._account = account

    def run(self, program: str, *arguments: str, script: str = "") -> None:
        """Run to its end, ``script`` on standard input.

        Raises EmbeddedPostgresError with the program's last words when it fails or takes over 120 s.
        """
        self._launch(program, arguments, script, log=None, needed=())

    def start(self, *arguments: str, needed: tuple[Path, ...]) -> None:
        """Start the server and return while it starts; it outlives this process and its terminal.

        When this returns, the server lock is held for as long as any process of the server lives.
        """
        self._launch("postgres", arguments, "", log=self._layout.log, needed=needed)

    def _launch(
        self, program: str, arguments: tuple[str, ...], script: str, *, log: Path | None, needed: tuple[Path, ...]
    ) -> None:
        account = self._account
        order = Order(
            argv=[str(self._binaries.program(program)), *arguments],
            env=_clean_environment(),
            lock=str(self._layout.server_lock),
            log=None if log is None else str(log),
            account=(account.uid, account.gid) if account.is_other else None,
            needed=[str(path) for path in (*self._binaries.needed, self._layout.root, *needed)],
        )
        try:
            ended = subprocess.run(  # noqa: S603 - our own script, no shell
                # Isolated and without site: nothing in the environment or the folder changes what runs as root.
                [sys.executable, "-I", "-S", _LAUNCHER, json.dumps(order)],
                input=script,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_RUN_S,
                start_new_session=True,  # a Ctrl-C is for the user's process, not for the database
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EmbeddedPostgresError(
                f"{program} took more than {_RUN_S:.0f} s: the disk under {self._layout.root} may be overloaded"
                " or hang; try again"
            ) from None
        if ended.returncode == 0:
            return
        words = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-8:]
        if ended.returncode == LAUNCH_FAILED:
            raise EmbeddedPostgresError(f"PostgreSQL cannot be run as user {account.name}: {'; '.join(words)}")
        raise EmbeddedPostgresError(
            f"{program} failed (exit status {ended.returncode}); its last words:\n" + "\n".join(words)
        )


def _clean_environment() -> dict[str, str]:
    """Without our secrets, PG… variables and languages; the server outlives the process that starts it."""
    kept = {name: os.environ[name] for name in _LINKER if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}
