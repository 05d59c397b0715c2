"""WeChat's side of a webhook: requests signed, and encrypted, as it does it; written apart from the code under test."""

import hashlib
import json
import secrets
import struct
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import settings

SOON = settings(deadline=timedelta(seconds=2))
"""For properties: each case ends soon, also on a busy machine."""
OTHERS = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "wechatpy"
"""Data of the wechatpy project, beside the checkout; tests that read it are extra."""
TOKEN = "the-token"
APP_ID = "wx49f0ab532d5d035a"
KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
PUSH = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o-user]]></FromUserName>"
    "<CreateTime>1760000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[你好]]></Content><MsgId>1</MsgId></xml>"
)


def digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def query(at: datetime = NOW, token: str = TOKEN, **more: str) -> dict[str, str]:
    timestamp, nonce = str(int(at.timestamp())), "437374425"
    return {"signature": digest(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, **more}


def encrypt(text: str, key: str = KEY, app_id: str = APP_ID) -> str:
    content = text.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(content)) + content + app_id.encode()
    padding = 32 - len(plain) % 32
    return b64encode(_aes(key).encryptor().update(plain + bytes([padding]) * padding)).decode()


def decrypt(encrypted: str, key: str = KEY) -> tuple[str, str]:
    """The text and the app id."""
    plain = _aes(key).decryptor().update(b64decode(encrypted))
    plain = plain[: -plain[-1]]
    (length,) = struct.unpack(">I", plain[16:20])
    return plain[20 : 20 + length].decode(), plain[20 + length :].decode()


def safe(
    text: str = PUSH, key: str = KEY, app_id: str = APP_ID, at: datetime = NOW, beside: str = "", form: str = "xml"
) -> tuple[dict[str, str], bytes]:
    """Query and body of safe mode; ``beside`` are the elements that compatible mode leaves in the clear."""
    encrypted = encrypt(text, key, app_id)
    asked = query(at, encrypt_type="aes")
    asked["msg_signature"] = digest(TOKEN, asked["timestamp"], asked["nonce"], encrypted)
    if form == "json":
        return asked, json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted}).encode()
    whole = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName>{beside}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return asked, whole.encode()


def _aes(encoding_aes_key: str) -> Cipher[modes.CBC]:
    key = b64decode(encoding_aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
