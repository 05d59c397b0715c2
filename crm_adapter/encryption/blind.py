"""Blind indexes: keyed hashes by which something can be found without being readable (HMAC-SHA-256, 16 bytes).

Only for what is hard to guess by itself: channel ids, phone numbers, e-mail addresses, outside systems' keys. A gender
or a birthday is never indexed: whoever holds the database could count its few values.
"""

import hmac

BLIND_BYTES = 16


def blind(index_key: bytes, kind: str, *parts: str) -> bytes:
    """The same 16 bytes for the same ``kind`` and ``parts``, and without the key no way back or forth."""
    message = b"\0".join(part.encode("utf-8", "surrogatepass") for part in (kind, *parts))
    return hmac.digest(index_key, message, "sha256")[:BLIND_BYTES]
