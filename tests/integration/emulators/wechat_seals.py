"""How a bot that knows WeChat only from its documentation opens and seals: nothing of the emulator is used."""

import base64
import hashlib
import struct
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.integration.emulators.wechat_lab import KEY, TOKEN, Received


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def cipher(key: str) -> Cipher[modes.CBC]:
    raw = base64.b64decode(key + "=")
    return Cipher(algorithms.AES(raw), modes.CBC(raw[:16]))


def opened(received: Received, appid: str, encrypted: str, key: str = KEY) -> str:
    """The document in a push, its signature checked."""
    query = received.query
    assert query["encrypt_type"] == "aes"
    assert query["msg_signature"] == sha1(TOKEN, query["timestamp"], query["nonce"], encrypted)
    decryptor = cipher(key).decryptor()
    plain = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    plain = plain[: -plain[-1]]
    (size,) = struct.unpack(">I", plain[16:20])
    assert plain[20 + size :] == appid.encode()
    return plain[20 : 20 + size].decode()


def sealed(document: str, appid: str, key: str = KEY) -> tuple[str, str, str, str]:
    """Encrypt, MsgSignature, TimeStamp and Nonce of an answer."""
    body = document.encode()
    plain = b"r" * 16 + struct.pack(">I", len(body)) + body + appid.encode()
    padding = 32 - len(plain) % 32
    encryptor = cipher(key).encryptor()
    data = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    encrypted = base64.b64encode(data).decode()
    return encrypted, sha1(TOKEN, "1700000000", "nonce", encrypted), "1700000000", "nonce"


def sealed_xml(document: str, appid: str, key: str = KEY) -> bytes:
    encrypted, mark, stamp, nonce = sealed(document, appid, key)
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature>{mark}</MsgSignature>"
        f"<TimeStamp>{stamp}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
    ).encode()


def fields_of(document: str | bytes) -> dict[str, str]:
    return {child.tag: child.text or "" for child in ElementTree.fromstring(document)}
