"""The keyring: from a setting, else from a file that is made once; never from the database."""

import os
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg

from bot.faults import StartFault
from bot.settings import Settings
from bot.urls import libpq_url
from crm_adapter.encryption import Keyring, KeyringFault, Keys

_BRING = "bring it back from where you keep a copy of it"
# From one to the next through the index: a store of a million data keys answers at once.
_KEKS = """
WITH RECURSIVE used (kek) AS (
    (SELECT min(kek) FROM vault.data_keys)
    UNION ALL
    SELECT (SELECT min(kek) FROM vault.data_keys WHERE kek > used.kek) FROM used WHERE used.kek IS NOT NULL
)
SELECT kek FROM used WHERE kek IS NOT NULL
"""


class KeyringDamaged(StartFault):
    """The keyring's file cannot be used; the message says what to do."""


class KeyringLost(StartFault):
    """The store was sealed with a keyring that is not here; the message says what to do."""


def open_keys(settings: Settings) -> Keys:
    """The keys for this process. Raises :class:`KeyringLost` and :class:`KeyringDamaged`; makes none."""
    if settings.keys.ring is not None:
        return Keys(partial(Keyring.parse, settings.keys.ring.get_secret_value()))
    path = keyring_path(settings)
    try:
        return Keys(partial(_read, path))
    except FileNotFoundError:
        raise KeyringLost(f"{path} is missing; {_BRING}") from None
    except (KeyringFault, OSError) as fault:
        raise KeyringDamaged(f"{path}: {fault}; {_BRING}") from None


def provide_keyring(settings: Settings, application_url: str) -> None:
    """Makes a keyring for a store in which nothing is sealed yet, where neither setting nor file has one.

    It is readable by us alone: whoever loses it loses what was sealed. Raises as :func:`refuse_other_keyring` does.
    """
    refuse_other_keyring(settings, application_url)
    path = keyring_path(settings)
    if settings.keys.ring is None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_keyring(path, Keyring.fresh(), only_if_absent=True)


def refuse_other_keyring(settings: Settings, application_url: str) -> None:
    """Raises :class:`KeyringLost` before anything is sealed with a keyring that the store was not sealed with.

    A lost keyring must not be replaced in silence by a fresh one: nothing stored before could be read beside it.
    """
    used = keks_in_use(application_url)
    if not used:
        return
    if settings.keys.ring is None and not keyring_path(settings).exists():
        raise KeyringLost(
            f"{keyring_path(settings)} is missing, and what is stored cannot be read without it; {_BRING}"
        )
    if missing := used - {kek.id for kek in open_keys(settings).ring.keks}:
        place = "the setting keys.ring" if settings.keys.ring is not None else str(keyring_path(settings))
        raise KeyringLost(f"{place} lacks {', '.join(sorted(missing))}, which seals what is stored; {_BRING}")


def keks_in_use(application_url: str) -> set[str]:
    """Ids of the key-encryption keys that wrap the store's data keys; none before the first migration."""
    with psycopg.connect(libpq_url(application_url), connect_timeout=10) as connection:
        made = connection.execute("SELECT to_regclass('vault.data_keys') IS NOT NULL").fetchone()
        return {str(row[0]) for row in connection.execute(_KEKS)} if made == (True,) else set()


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
