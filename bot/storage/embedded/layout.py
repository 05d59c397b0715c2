"""Where the embedded PostgreSQL keeps what: one folder, all of it owned by the account the server runs as."""

from dataclasses import dataclass
from pathlib import Path

from bot.storage.embedded.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class Layout:
    """The parts of one embedded PostgreSQL below ``root``, an absolute path without symbolic links."""

    root: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """Resolved, because PostgreSQL's command line and socket must not depend on the working directory."""
        return cls(data_dir.expanduser().resolve())

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "data"

    @property
    def partial(self) -> Path:
        """A data directory in the making; renamed to ``data`` when it is whole."""
        return self.root / "data.partial"

    @property
    def control_lock(self) -> Path:
        """Held while somebody enters or leaves, so that only one process starts, stops or counts users."""
        return self.root / "control.lock"

    @property
    def server_lock(self) -> Path:
        """Inherited by every process of the server: free means that nothing of it is alive."""
        return self.root / "server.lock"

    @property
    def users(self) -> Path:
        """One locked file per user process."""
        return self.root / "users"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def old_log(self) -> Path:
        return self.root / "server.log.1"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def data_version(self) -> int | None:
        """The major version that wrote the data directory; None when there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text().strip())
        except FileNotFoundError:
            return None
        except ValueError:
            raise EmbeddedPostgresError(
                f"{self.data}/PG_VERSION is damaged: restore {self.root} from a backup"
            ) from None

    def is_foreign(self) -> bool:
        """True for an existing folder with content that is not an embedded PostgreSQL."""
        if not self.root.exists():
            return False
        names = {entry.name for entry in self.root.iterdir()}
        return bool(names) and not names & {self.control_lock.name, self.data.name}
