"""The keyring: from a setting, else from a file that is made once; never from the database."""

import os
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.faults import StartFault
from bot.settings import Settings
from crm_adapter.encryption import Keyring, KeyringFault, Keys


class KeyringDamaged(StartFault):
    """The keyring's file cannot be used; the message says what to do."""


def open_keys(settings: Settings) -> Keys:
    """The keys for this process. Raises :class:`KeyringDamaged`.

    Without setting and file a keyring is made, readable by us alone: whoever loses it loses what was sealed.
    """
    if settings.keys.ring is not None:
        return Keys(partial(Keyring.parse, settings.keys.ring.get_secret_value()))
    path = keyring_path(settings)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_keyring(path, Keyring.fresh(), only_if_absent=True)
    try:
        return Keys(partial(_read, path))
    except (KeyringFault, OSError) as fault:
        raise KeyringDamaged(f"{path}: {fault}; bring it back from where you keep a copy of it") from None


def keyring_path(settings: Settings) -> Path:
    """Where the keyring's file is, or would be."""
    return settings.keys.file or settings.var_dir / "keyring.json"


def write_keyring(path: Path, ring: Keyring, *, only_if_absent: bool = False) -> None:
    """Replaces the file as a whole, on disk when it returns; of two first starts at once, both end up with one file."""
    descriptor, part = tempfile.mkstemp(prefix=".keyring.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(ring.document())
        file.flush()
        os.fsync(descriptor)
    if only_if_absent:
        with suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    else:
        Path(part).replace(path)


def _read(path: Path) -> Keyring:
    return Keyring.parse(path.read_text(encoding="ascii"))
