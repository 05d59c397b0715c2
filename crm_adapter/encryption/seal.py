"""Seals: AES-256-GCM over one field of one record, with the record and the field bound to it.

The form is one version byte, the data key's id (16 bytes), the nonce (12 bytes), then ciphertext and tag. ``place``
(such as ``messages.body``) and the record's id are associated data: a seal copied to another row or column does not
open there.
"""

import json
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crm_adapter.encryption.errors import SealBroken

VERSION = b"\x01"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
_HEAD = 1 + 16
OVERHEAD = _HEAD + NONCE_BYTES + TAG_BYTES
"""How many bytes a seal is longer than what it holds."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One data key in the clear; lives as long as the work it is needed for, never in a cache or a log."""

    id: UUID
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)
    head: bytes = field(init=False, repr=False, compare=False)
    """What every seal with this key begins with."""

    def __post_init__(self) -> None:
        """Whoever has a key seals or opens with it at once, and mostly several times."""
        object.__setattr__(self, "cipher", AESGCM(self.secret))
        object.__setattr__(self, "head", VERSION + self.id.bytes)


def seal(key: DataKey, place: str, record: UUID, clear: bytes) -> bytes:
    """``clear``, readable only with ``key`` and only as this field of this record."""
    nonce = os.urandom(NONCE_BYTES)
    return key.head + nonce + key.cipher.encrypt(nonce, clear, _bound(key, place, record))


def unseal(key: DataKey, place: str, record: UUID, sealed: bytes) -> bytes:
    """What :func:`seal` was given. Raises :class:`SealBroken`."""
    head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + NONCE_BYTES], sealed[_HEAD + NONCE_BYTES :]
    if head != key.head or len(rest) < TAG_BYTES:
        raise SealBroken(f"{place}: not sealed with this key")
    try:
        return key.cipher.decrypt(nonce, rest, _bound(key, place, record))
    except InvalidTag:
        raise SealBroken(f"{place}: changed, or of another record") from None


def key_id_of(sealed: bytes) -> UUID:
    """Which data key opens it. Raises :class:`SealBroken` for bytes that are no seal."""
    if len(sealed) < OVERHEAD or sealed[:1] != VERSION:
        raise SealBroken("not a seal")
    return UUID(bytes=bytes(sealed[1:_HEAD]))


def seal_json(key: DataKey, place: str, record: UUID, value: Any) -> bytes:
    """As :func:`seal`, for what JSON can hold."""
    return seal(key, place, record, _encode(value).encode())


def unseal_json(key: DataKey, place: str, record: UUID, sealed: bytes) -> Any:
    """What :func:`seal_json` was given. Raises :class:`SealBroken`."""
    return json.loads(unseal(key, place, record, sealed))


def _bound(key: DataKey, place: str, record: UUID) -> bytes:
    return b"\0".join((key.head, place.encode(), record.bytes))


# What goes round in circles is refused as what is nested too deeply.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
