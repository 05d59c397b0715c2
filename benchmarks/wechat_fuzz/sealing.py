"""WeChat's side of a push, with everything in it that can be done wrong."""

import hashlib
import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Form = Literal["xml", "json"]
Mode = Literal["plain", "compatible", "safe"]
BLOCK = 32


@dataclass(frozen=True, slots=True)
class Account:
    """An official account, as WeChat's console has it and our settings too."""

    name: str
    mode: Mode
    appid: str
    token: str = "pushes4fuzz"
    aes_key: str = "Fz8Lk2Qw9Er4Ty7Ui1Op5As3Df6Gh0Jk2Zx8Cv4Bn7M"


@dataclass(frozen=True, slots=True)
class Case:
    """One request: what it is called, what it is, and which statuses it may be answered with."""

    kind: str
    account: str
    query: tuple[tuple[str, bytes], ...]
    body: bytes
    allowed: frozenset[int]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    chunked: bool = False


def sign(*parts: bytes) -> bytes:
    """The SHA-1 of the sorted parts."""
    return hashlib.sha1(b"".join(sorted(parts))).hexdigest().encode()


def plaintext(document: bytes, account: Account, head: bytes, *, length: int | None = None, appid: str = "") -> bytes:
    """What is encrypted, without its padding; ``length`` and ``appid`` where they are to be wrong."""
    size = len(document) if length is None else length
    return head + struct.pack(">I", size % 2**32) + document + (appid or account.appid).encode()


def padded(plain: bytes) -> bytes:
    """PKCS7 to 32 bytes."""
    size = BLOCK - len(plain) % BLOCK
    return plain + bytes([size]) * size


def encrypt(whole: bytes, aes_key: str) -> bytes:
    """Whole blocks as AES-256-CBC in Base64."""
    key = b64decode(aes_key + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(encryptor.update(whole) + encryptor.finalize())


def envelope(encrypted: bytes, form: Form, beside: bytes = b"") -> bytes:
    """The body around a ciphertext; ``beside`` are the elements that compatible mode leaves in the clear."""
    if form == "json":
        return json.dumps({"ToUserName": "gh_f1", "Encrypt": encrypted.decode("latin-1")}).encode()
    return b"<xml><ToUserName>gh_f1</ToUserName>" + beside + b"<Encrypt><![CDATA[" + encrypted + b"]]></Encrypt></xml>"


def signed(account: Account, timestamp: bytes, nonce: bytes, encrypted: bytes | None) -> dict[str, bytes]:
    """The query of a request whose signatures are right."""
    token = account.token.encode()
    query = {"signature": sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, "openid": b"o-fuzz"}
    if encrypted is not None:
        query |= {"encrypt_type": b"aes", "msg_signature": sign(token, timestamp, nonce, encrypted)}
    return query
