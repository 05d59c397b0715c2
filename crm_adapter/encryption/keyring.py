"""The keyring: what wraps data keys, what blinds indexes, what signs the ledger. One small JSON document.

    {"keks": [{"id": "2026-11-22-a1b2", "key": base64 of 32 bytes}, ...],
     "index_key": base64 of 32 bytes, "signing_key": base64 of 32 bytes}

The first key-encryption key wraps; the others only unwrap, until ``yingda keys rotate`` has wrapped everything anew.
"""

import base64
import binascii
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crm_adapter.encryption.errors import KeyringFault, SealBroken
from crm_adapter.encryption.seal import KEY_BYTES, NONCE_BYTES, DataKey


@dataclass(frozen=True)
class Kek:
    """One key-encryption key; ``id`` stands beside everything it wraps."""

    id: str
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """The cipher with this key."""
        return AESGCM(self.secret)


@dataclass(frozen=True)
class Keyring:
    """All keys that are not in the database; its ``repr`` shows none of them."""

    keks: tuple[Kek, ...]
    index_key: bytes = field(repr=False)
    signing_secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "Keyring":
        """A keyring of new random keys."""
        return cls((_new_kek(),), os.urandom(KEY_BYTES), os.urandom(KEY_BYTES))

    @classmethod
    def parse(cls, document: str) -> "Keyring":
        """The keyring of a document. Raises :class:`KeyringFault`, never quoting it."""
        try:
            content = json.loads(document)
            keks = tuple(Kek(str(one["id"]), _key(one["key"])) for one in content["keks"])
            ring = cls(keks, _key(content["index_key"]), _key(content["signing_key"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyringFault("the keyring is no document of keks, index_key and signing_key") from None
        if not keks or len({kek.id for kek in keks}) != len(keks):
            raise KeyringFault("the keyring needs at least one kek, and no two of one id")
        return ring

    def document(self) -> str:
        """What :meth:`parse` reads; keep it secret."""
        content = {
            "keks": [{"id": kek.id, "key": _text(kek.secret)} for kek in self.keks],
            "index_key": _text(self.index_key),
            "signing_key": _text(self.signing_secret),
        }
        return json.dumps(content, indent=2) + "\n"

    def with_new_kek(self) -> "Keyring":
        """The same with a fresh key-encryption key in front; the old ones still unwrap."""
        return replace(self, keks=(_new_kek(), *self.keks))

    def without_old_keks(self) -> "Keyring":
        """The same with the wrapping key alone."""
        return replace(self, keks=self.keks[:1])

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """Signs checkpoints and certificates; its public half is safe to hand out."""
        return Ed25519PrivateKey.from_private_bytes(self.signing_secret)

    @cached_property
    def gram_key(self) -> bytes:
        """For the n-gram index alone: what leaks through it says nothing about the other indexes."""
        return hmac.digest(self.index_key, b"grams", "sha256")

    def new_data_key(self, key_id: UUID) -> tuple[DataKey, str, bytes]:
        """A fresh data key of that id, with the id of the key that wraps it and its wrapped form."""
        key = DataKey(key_id, os.urandom(KEY_BYTES))
        return key, self.keks[0].id, self.wrap(key)

    def wrap(self, key: DataKey) -> bytes:
        """``key`` wrapped by the first key-encryption key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.keks[0].cipher.encrypt(nonce, key.secret, key.id.bytes)

    def unwrap(self, key_id: UUID, kek: str, wrapped: bytes) -> DataKey:
        """The data key. Raises :class:`KeyringFault` for an unknown ``kek``, :class:`SealBroken` for changed bytes."""
        found = self._by_id.get(kek)
        if found is None:
            raise KeyringFault(f"the keyring lacks the key-encryption key {kek}")
        try:
            secret = found.cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.bytes)
        except (InvalidTag, ValueError):  # the second for bytes that are too few
            raise SealBroken("a data key does not unwrap") from None
        return DataKey(key_id, secret)

    @cached_property
    def _by_id(self) -> Mapping[str, Kek]:
        return {kek.id: kek for kek in self.keks}


def _new_kek() -> Kek:
    return Kek(f"{datetime.now(UTC):%Y-%m-%d}-{os.urandom(2).hex()}", os.urandom(KEY_BYTES))


def _key(value: Any) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(key) != KEY_BYTES:
        raise ValueError
    return key


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
