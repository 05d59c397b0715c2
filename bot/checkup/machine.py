"""The parts that need no database: Python, the built front end, the folder, the key."""

import platform
import shutil
import sys

from bot.checkup.part import Part
from bot.settings import Settings
from bot.storage.embedded import status
from bot.web.pages import PARTS, STATIC

ROOM_MB = 500


def check_machine(settings: Settings) -> list[Part]:
    """All of them but the embedded database, which not everybody has."""
    return [check_python(), check_front_end(), check_folder(settings), check_exposure(settings)]


def check_python() -> Part:
    """3.11 to 3.14: what the parts we stand on run with."""
    version = platform.python_version()
    known = (3, 11) <= sys.version_info[:2] < (3, 15)
    return Part("python", "ok" if known else "warning", "python_ok" if known else "python_odd", {"version": version})


def check_front_end() -> Part:
    """The widget, the console and the demo page are built."""
    missing = [part for part in PARTS if not (STATIC / part).is_file()]
    if missing:
        return Part("front_end", "failed", "front_end_missing", {"files": ", ".join(missing)})
    return Part("front_end", "ok", "front_end_ok")


def check_folder(settings: Settings) -> Part:
    """The data folder can be written and has room."""
    folder = settings.var_dir.absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        free_mb = shutil.disk_usage(existing).free // 1_000_000
        probe = existing / ".yingda-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Part("folder", "failed", "folder_closed", {"folder": folder, "reason": error.strerror})
    values = {"folder": folder, "free": free_mb}
    return Part(
        "folder", "ok" if free_mb > ROOM_MB else "warning", "folder_ok" if free_mb > ROOM_MB else "folder_full", values
    )


def check_exposure(settings: Settings) -> Part:
    """Sessions and passwords travel in clear text unless a proxy in front speaks TLS (PR7)."""
    base = settings.base_url
    loopback = settings.http.host in ("127.0.0.1", "localhost", "::1")
    safe = loopback or base.startswith("https://")
    return Part("address", "ok" if safe else "warning", "address_ok" if safe else "address_open", {"url": base})


def check_embedded(settings: Settings) -> Part:
    """Whether the embedded PostgreSQL was made, runs, and for whom; makes and starts nothing.

    Raises :class:`~bot.storage.embedded.EmbeddedPostgresError` when its folder is closed to us or damaged.
    """
    seen = status(settings.var_dir / "postgres")
    if not seen.initialised:
        return Part("embedded", "warning", "embedded_unmade")
    if not seen.running:
        return Part("embedded", "ok", "embedded_stopped")
    if not seen.users:
        return Part("embedded", "warning", "embedded_left", {"pid": seen.pid})
    return Part("embedded", "ok", "embedded_running", {"pid": seen.pid, "users": ", ".join(map(str, seen.users))})
