"""The embedded PostgreSQL as its users hold it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from bot.storage.embedded.account import Account, account_for, prepare_folder
from bot.storage.embedded.address import Databases
from bot.storage.embedded.binaries import find_binaries
from bot.storage.embedded.errors import EmbeddedPostgresError, StillStarting
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.locks import exclusive
from bot.storage.embedded.server import Server
from bot.storage.embedded.users import User

_CONTROL_S = 240.0
"""Longer than anything takes that is done under the control lock."""


class EmbeddedPostgres:
    """One process's use of the PostgreSQL server in ``data_dir``.

    The first user starts the server, the last to leave stops it, in whatever processes they are. A user that is
    killed no longer counts; if it was the only one the server goes on until the next has come and left. Methods
    block and are for one thread at a time.

    ``run_as`` names the account for new data when root is the user; ``say`` gets a line before each long step.
    """

    def __init__(
        self, data_dir: Path, *, run_as: str | None = None, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self._layout = Layout.of(data_dir)
        self._run_as = run_as
        self._say = say
        self._use: tuple[User, Account, Databases] | None = None

    def start(self) -> Databases:
        """Become a user; returns when the server takes connections, and at once when already a user.

        Raises EmbeddedPostgresError, and then this process is no user; StillStarting leaves the server alone.
        """
        if self._use is not None:
            return self._use[2]
        with _typed_errors(self._layout):
            account = account_for(self._layout, self._run_as)
            server = Server(find_binaries(), self._layout, account, self._say)
            prepare_folder(self._layout, account)
            with exclusive(self._layout.control_lock, account, _CONTROL_S, self._say):
                user = User.enter(self._layout, account)
                try:
                    databases = server.ensure_running()
                except StillStarting:
                    user.leave()
                    raise
                except BaseException:  # a Ctrl-C too must not leave a server behind that nobody asked for
                    self._leave(user, server)
                    raise
            self._use = user, account, databases
            return databases

    def stop(self) -> None:
        """Stop being a user, and stop the server if nobody else is one; nothing when not a user.

        Raises EmbeddedPostgresError when the server does not end.
        """
        if self._use is None or not self._use[0].is_this_process:
            return
        user, account, _ = self._use
        self._use = None
        try:
            with _typed_errors(self._layout):
                server = Server(find_binaries(), self._layout, account, self._say)
                with exclusive(self._layout.control_lock, account, _CONTROL_S, self._say):
                    self._leave(user, server)
        finally:
            user.leave()  # also where the lock was not to be had

    def __enter__(self) -> Databases:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @staticmethod
    def _leave(user: User, server: Server) -> None:
        try:
            if user.is_last():
                server.stop()
        finally:
            user.leave()


@contextmanager
def _typed_errors(layout: Layout) -> Iterator[None]:
    try:
        yield
    except PermissionError as fault:
        raise EmbeddedPostgresError(
            f"{fault.filename or layout.root} is closed to you: run as the user who owns {layout.root}, or set"
            " YINGDA_VAR_DIR to a folder of your own"
        ) from fault
    except OSError as fault:
        raise EmbeddedPostgresError(
            f"{fault.filename or layout.root}: {fault.strerror}; mend that, or set YINGDA_VAR_DIR to another folder"
        ) from fault
