"""``yingda backup verify``: whether a backup can really be restored, tried in a database of its own."""

import shutil
import tempfile
from pathlib import Path

from bot.backup.restore import Restored, Say, open_backup, restore
from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres
from crm_adapter.encryption import Keyring


def verify(folder: Path, ring: Keyring, say: Say) -> Restored:
    """Restores into a scratch server, which is gone afterwards. Raises :class:`~bot.backup.faults.BackupFault`."""
    source = open_backup(folder, ring, say)
    scratch = Path(tempfile.mkdtemp(prefix="yd-"))
    try:
        with EmbeddedPostgres(scratch / "pg", say=say) as databases:
            into = Addresses(databases.owner_url, databases.application_url)
            return restore(source, into, scratch / "blobs", ring, [], say)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
