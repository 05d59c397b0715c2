"""Who uses the server: one locked file per user, named by its process id.

A file whose lock is free belongs to a user that is gone, however it went.
"""

import os
import secrets
from pathlib import Path

from bot.storage.embedded.account import Account, make_private
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.locks import hold, is_held


class User:
    """This process as a user of the server, from ``enter`` to ``leave``; both under the control lock."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor
        self._pid = os.getpid()

    @classmethod
    def enter(cls, layout: Layout, account: Account) -> "User":
        layout.users.mkdir(mode=0o700, exist_ok=True)
        make_private(layout.users, account)
        path = layout.users / f"{os.getpid()}-{secrets.token_hex(4)}"
        descriptor = account.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        hold(descriptor)
        return cls(path, descriptor)

    @property
    def is_this_process(self) -> bool:
        """False in a forked child, which must not give up what its parent holds."""
        return self._pid == os.getpid()

    def is_last(self) -> bool:
        """Whether nobody else uses the server; sweeps what dead users left."""
        last = True
        for path in self._path.parent.iterdir():
            if path == self._path:
                continue
            if is_held(path):
                last = False
            else:
                path.unlink(missing_ok=True)
        return last

    def leave(self) -> None:
        """Stop counting as a user; a second call does nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            self._path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def user_pids(layout: Layout) -> tuple[int, ...]:
    """The process ids of all living users, ascending; changes nothing."""
    try:
        paths = list(layout.users.iterdir())
    except FileNotFoundError:
        return ()
    pids = {path.name.partition("-")[0] for path in paths if is_held(path)}
    return tuple(sorted(int(pid) for pid in pids))
