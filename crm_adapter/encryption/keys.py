"""The keyring as a running process has it: read again when another process has changed it."""

import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crm_adapter.encryption.blind import blind
from crm_adapter.encryption.errors import KeyringFault
from crm_adapter.encryption.keyring import Keyring
from crm_adapter.encryption.seal import DataKey

REREAD_S = 60.0
"""How long after a rotation a running process may still wrap with the old key."""


class Keys:
    """What everybody who seals, opens, blinds or signs is given.

    ``read`` gives the keyring's current document; it is asked once at the start, and again when something was wrapped
    with a key-encryption key that is not known, or a new key is wrapped after a while: after a rotation every process
    goes on without a restart.
    """

    def __init__(self, read: Callable[[], Keyring]) -> None:
        self._read = read
        self._ring = read()
        self._read_at = time.monotonic()

    @property
    def ring(self) -> Keyring:
        """The keyring as it was read last."""
        return self._ring

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """Signs checkpoints and certificates."""
        return self._ring.signing_key

    @property
    def gram_key(self) -> bytes:
        """For the n-gram index."""
        return self._ring.gram_key

    def new_data_key(self, key_id: UUID) -> tuple[DataKey, str, bytes]:
        """A fresh data key of that id, the id of the key that wraps it, and its wrapped form."""
        if time.monotonic() - self._read_at > REREAD_S:
            self._read_at = time.monotonic()
            with suppress(KeyringFault, OSError):  # what was read before is still good
                self._ring = self._read()
        return self._ring.new_data_key(key_id)

    def unwrap(self, key_id: UUID, kek: str, wrapped: bytes) -> DataKey:
        """The data key. Raises :class:`KeyringFault` or :class:`SealBroken`."""
        try:
            return self._ring.unwrap(key_id, kek, wrapped)
        except KeyringFault:
            self._ring = self._read()
            return self._ring.unwrap(key_id, kek, wrapped)

    def blind(self, kind: str, *parts: str) -> bytes:
        """The blind index of ``parts``; 16 bytes."""
        return blind(self._ring.index_key, kind, *parts)
