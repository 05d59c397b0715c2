"""Whether WeChat sent a request: its signature and its time, checked on every one."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.channels.wechat.loading import load_signer
from bot.channels.wechat.refused import Refused

_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_NONCE = re.compile(r"[!-~]{1,128}")


def sign(*parts: str) -> str:
    """WeChat's signature of parts in any order: the SHA-1 of their sorted concatenation, in lower-case hexadecimal."""
    signer = load_signer()()
    signer.add_data(*parts)
    return str(signer.signature)


def check_request(query: Mapping[str, str], token: str, now: datetime, fresh_for: timedelta) -> None:
    """Raises :class:`Refused` unless ``signature`` is right and ``timestamp`` is at most ``fresh_for`` off ``now``."""
    check_signature(query, token, "signature")
    if abs(now.timestamp() - int(query["timestamp"])) > fresh_for.total_seconds():
        raise Refused("stale_timestamp")


def check_signature(query: Mapping[str, str], token: str, name: str, *signed: str) -> None:
    """Raises :class:`Refused` ``signature_refused`` unless ``query[name]`` signs the request, and ``signed`` with it.

    How long it takes tells nothing about the right signature.
    """
    given, timestamp, nonce = (query.get(key, "") for key in (name, "timestamp", "nonce"))
    if not (_SIGNATURE.fullmatch(given) and _TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce)):
        raise Refused("signature_refused")
    if not hmac.compare_digest(sign(token, timestamp, nonce, *signed), given):
        raise Refused("signature_refused")
