"""What is tried no more until somebody says so: records that were put aside, and files that cannot be read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from bot.spool.file import ASIDE, PLACE, SUFFIX, HeldFile, new_path
from bot.spool.frames import read_head, read_standing
from bot.storage.folders import sync
from crm_adapter.encryption import EncryptionFault, Keys, SealBroken, unseal

_LONGEST_HEAD = 4096
UNREADABLE = (OSError, ValueError, EncryptionFault)
"""What reading a file may raise: it cannot be reached, it is no spool, its key is not in the keyring."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was put aside: when it came, why, and what it was made of (``None``: its seal is broken)."""

    at: datetime
    why: str
    content: bytes | None


def find_aside(folder: Path, keys: Keys) -> list[Path]:
    """The files of which nothing is tried any more; what a process is about to take over is none of them."""
    found = sorted(folder.iterdir()) if folder.is_dir() else ()
    return [path for path in found if path.suffix == ASIDE or (path.suffix == SUFFIX and not _can_be_read(path, keys))]


def look_into(path: Path, keys: Keys) -> list[Kept]:
    """What was put aside in a file, oldest first. Raises what :data:`UNREADABLE` names."""
    content = path.read_bytes()
    head, end = read_head(content)
    key, standing = keys.unwrap(*head), read_standing(content, end)
    waiting = ((record, "") for record in standing.waiting.values())  # brought back by somebody who did not end it
    kept = []
    for record, why in sorted((*standing.aside.values(), *waiting)):
        try:
            clear = unseal(key, PLACE, UUID(int=record.stamp), content[record.at : record.at + record.size])
        except SealBroken:
            clear = None
        kept.append(Kept(datetime.fromtimestamp(record.stamp / 1e9, UTC), why, clear))
    return kept


def try_again(path: Path, keys: Keys) -> int:
    """Has whoever takes pushes try what is in the file again: how many records; 0 where somebody does so already.

    A server that runs does it within a second, under the file's new name. Raises what :data:`UNREADABLE` names; then
    the file is as it was.
    """
    file = HeldFile.take_over(path, keys)
    if file is None:
        return 0
    try:
        file.bring_back()
        path.rename(new_path(path.parent))
        sync(path.parent)
        return len(file.waiting)
    finally:
        file.close()


def _can_be_read(path: Path, keys: Keys) -> bool:
    try:
        with path.open("rb") as file:
            keys.unwrap(*read_head(file.read(_LONGEST_HEAD))[0])
    except FileNotFoundError:
        return True  # emptied by its process in the meantime
    except UNREADABLE:
        return False
    return True
