"""The one form of a link that its hash runs over: canonical JSON (RFC 8785), SHA-256.

Bytes are base64, ids their text, times ISO 8601 in UTC with microseconds and ``Z``. Sealed fields go in as ciphertext:
the proof needs no data key and survives its erasure.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crm_adapter.ledger.chains import Chain

START = bytes(32)
"""The hash before the first link."""


def plain(value: Any) -> Any:
    """The value as JSON holds it. Raises :class:`TypeError` for what has no one form (floats above all)."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def iso(at: datetime) -> str:
    """``2026-11-22T01:29:51.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def event_of(chain: Chain, row: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical columns of an event's row."""
    return {name: plain(row[name]) for name in chain.columns}


def link_hash(label: str, position: int, previous: bytes, linked_at: datetime, event: Mapping[str, Any]) -> bytes:
    """SHA-256 over a link: place, predecessor, time and the whole event."""
    return sha256(
        rfc8785.dumps(
            {
                "chain": label,
                "position": position,
                "previous": previous.hex(),
                "linked_at": iso(linked_at),
                "event": dict(event),
            }
        )
    ).digest()


def sign_link(key: Ed25519PrivateKey, digest: bytes) -> bytes:
    """The signature on a batch's last link: nobody without the key can continue a chain or write it anew."""
    return key.sign(_LINK + digest)


def link_signed(key: Ed25519PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether :func:`sign_link` made it, with that key's private half."""
    return is_signed(key, _LINK + digest, signature)


def is_signed(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


_LINK = b"yingda link\0"  # so that no signature on a link is ever one on a checkpoint or a certificate
