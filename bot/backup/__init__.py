"""Backups: two sealed archives of one moment, data and keys apart, and the way back (CP4, PR5).

Only one generation of the keys is kept: in an older one, keys of erased people would live on.
"""

from bot.backup.faults import BackupFault
from bot.backup.make import make_backup
from bot.backup.restore import restore
from bot.backup.scratch import verify

__all__ = ["BackupFault", "make_backup", "restore", "verify"]
