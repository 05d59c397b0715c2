"""Short-lived values that travel through a browser: nobody can read, change or make one, and each is for one use."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class PassRefused(Exception):
    """``code`` is ``invalid`` for one that is none of ours, ``expired`` for one that came too late."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass holds; ``number`` may be spent once until ``expires_at``."""

    number: str
    expires_at: datetime
    values: dict[str, Any]


class Passes:
    """Makes and reads them with keys derived from one secret; the processes of a house share it."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(_derived(secret, "seal"))
        self._signing = _derived(secret, "sign")

    def make(self, kind: str, life_s: int, **values: Any) -> str:
        """Letters, digits, ``-`` and ``_``; one ``kind`` is never taken for another."""
        document = {"n": secrets.token_hex(16), "e": int(time.time()) + life_s, "v": values}
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(document).encode(), kind.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def read(self, kind: str, token: str) -> Pass:
        """Raises :class:`PassRefused`."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            clear = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], kind.encode())
        except (ValueError, binascii.Error, InvalidTag):
            raise PassRefused("invalid") from None
        document = json.loads(clear)
        if document["e"] <= time.time():
            raise PassRefused("expired")
        return Pass(document["n"], datetime.fromtimestamp(document["e"], UTC), document["v"])

    def sign(self, text: str) -> str:
        """64 hexadecimal digits that only we can know."""
        return hmac.new(self._signing, text.encode(), hashlib.sha256).hexdigest()

    def is_signed(self, text: str, signature: str) -> bool:
        """Whether this is the text's signature, in constant time."""
        return hmac.compare_digest(self.sign(text).encode(), signature.encode())


def _derived(secret: str, what: str) -> bytes:
    return hmac.new(secret.encode(), f"yingda wechat login {what}".encode(), hashlib.sha256).digest()
