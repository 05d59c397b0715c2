"""What can go wrong with keys and seals.

EncryptionFault
├── KeyringFault   the keyring's document is wrong, or lacks the key that something was wrapped with
├── KeyGone        the data key was erased: what it sealed cannot be read by anybody any more
└── SealBroken     the bytes were changed, belong to another record or were sealed with another key
"""


class EncryptionFault(Exception):
    """Any of the faults of this package; no message of theirs contains a secret or what was sealed."""


class KeyringFault(EncryptionFault):
    """The keyring cannot be used; the message says why."""


class KeyGone(EncryptionFault):
    """There is no such data key: it was erased, or the key store has not been restored."""


class SealBroken(EncryptionFault):
    """The seal does not open: bytes, place, record or key are not those it was made with."""
