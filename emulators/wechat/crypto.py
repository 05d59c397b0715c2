"""Signatures and AES of WeChat's message push, written from the vendor's description and nothing else.

Key = base64 of EncodingAESKey + "=", AES-256-CBC with IV = key[:16], PKCS7 to 32 bytes; the plain text is 16 random
bytes, the length of the message in 4 bytes (big-endian), the message and the appid.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class CryptoFault(Exception):
    """A cipher text that is not WeChat's for this key and appid; the text says what is wrong with it."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, in hexadecimal: token, timestamp, nonce and, for ``msg_signature``, the cipher."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the vendor's choice


def key_of(encoding_aes_key: str) -> bytes:
    """The 32 bytes that an EncodingAESKey of 43 characters stands for; raises :class:`CryptoFault`."""
    try:
        key = base64.b64decode(encoding_aes_key + "=", validate=True)
    except (binascii.Error, ValueError):
        raise CryptoFault("the EncodingAESKey is not base64") from None
    if len(encoding_aes_key) != 43 or len(key) != 32:
        raise CryptoFault("the EncodingAESKey does not have 43 characters")
    return key


def encrypt(message: str, key: bytes, appid: str, random_bytes: Callable[[int], bytes]) -> str:
    """The cipher text in base64."""
    body = message.encode()
    plain = random_bytes(16) + struct.pack(">I", len(body)) + body + appid.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    cipher = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(cipher).decode()


def decrypt(cipher_text: str, key: bytes, appid: str) -> str:
    """The message in a cipher text; raises :class:`CryptoFault` for another key, another appid or a damaged one."""
    try:
        cipher = base64.b64decode(cipher_text, validate=True)
    except (binascii.Error, ValueError):
        raise CryptoFault("the cipher text is not base64") from None
    if not cipher or len(cipher) % BLOCK:
        raise CryptoFault("the cipher text is not padded to 32 bytes")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(cipher) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise CryptoFault("the padding is wrong: another key, or not PKCS7 to 32 bytes")
    content = plain[16:-padding]
    if len(content) < 4:
        raise CryptoFault("the plain text is too short")
    (size,) = struct.unpack(">I", content[:4])
    if size > len(content) - 4:
        raise CryptoFault("the length of the message is wrong")
    if content[4 + size :] != appid.encode():
        raise CryptoFault("the appid is another one")
    try:
        return content[4 : 4 + size].decode()
    except UnicodeDecodeError:
        raise CryptoFault("the message is not UTF-8") from None
