"""What can be wrong with a backup."""

from bot.faults import StartFault


class BackupFault(StartFault):
    """It cannot be made, read or restored; the message says why and what to do, without a secret."""


class ArchiveDamaged(BackupFault):
    """An archive was changed, cut short, or put together from others."""


class WrongKeyring(BackupFault):
    """The keyring lacks what the backup was sealed or signed with."""
