"""The link under which a customer fetches the file of their own data: it names one request and ends at a set time.

Nothing is stored for it: who has the keyring can tell a link of ours, and it is used up once its request is answered.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm_adapter.encryption import Keys

_ID, _TIME, _MAC = 16, 6, 16
_LENGTH = _ID + _TIME + _MAC


def write_token(keys: Keys, request_id: UUID, until: datetime) -> str:
    """The last part of the link."""
    ends = int(until.timestamp()).to_bytes(_TIME, "big")
    return urlsafe_b64encode(request_id.bytes + ends + _mac(keys, request_id, ends)).decode().rstrip("=")


def read_token(keys: Keys, token: str, now: datetime) -> UUID | None:
    """The request that a link is for; ``None`` for one that is none of ours or has ended."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Error, ValueError):
        return None
    if len(raw) != _LENGTH:
        return None
    request_id, ends = UUID(bytes=raw[:_ID]), raw[_ID : _ID + _TIME]
    if not hmac.compare_digest(raw[_ID + _TIME :], _mac(keys, request_id, ends)):
        return None
    until = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int.from_bytes(ends, "big"))
    return request_id if now < until else None


def _mac(keys: Keys, request_id: UUID, ends: bytes) -> bytes:
    return keys.blind("export_link", str(request_id), ends.hex())
