"""The addresses of the embedded databases."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bot.storage.embedded.cluster import APPLICATION, DATABASE, OWNER
from bot.storage.embedded.configuration import PORT


@dataclass(frozen=True)
class Databases:
    """One database seen by its two roles, as libpq URLs (``postgresql://role@/yingda?host=…&port=…``).

    They hold no secret: who may connect is decided by the kernel's word for the caller's account.
    """

    owner_url: str
    """Owns the database and makes schemas in it; not a superuser."""
    application_url: str
    """May connect; all else must be granted by the owner."""


def databases_at(socket_dir: Path) -> Databases:
    """The databases of the server whose socket lies in ``socket_dir``."""
    # The port is named although it is the usual one: PGPORT in the environment would count otherwise.
    place = f"/{DATABASE}?host={quote(str(socket_dir), safe='/')}&port={PORT}"
    return Databases(f"postgresql://{OWNER}@{place}", f"postgresql://{APPLICATION}@{place}")
