"""``/channels/{account}/files/{token}``: what cannot be sent as a file is a link, which only who was sent it knows."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from aiohttp import web

from bot.outbox.rows import Row
from bot.storage.blobs import BlobStore
from bot.web.file_response import file_response
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route

GOOD_FOR = timedelta(days=30)
_PURPOSE = b"file link\0"
_ID_BYTES, _TIME_BYTES, _SEAL_BYTES = 16, 5, 16


@dataclass(frozen=True, slots=True)
class Downloads:
    """Addresses of files and what stands behind them; ``key`` is the program's own."""

    base_url: str
    key: str
    blobs: BlobStore

    def address(self, blob_id: UUID, row: Row) -> str:
        """Always the same for the same line; good for 30 days."""
        return self.address_since(blob_id, row.account, row.queued_at)

    def address_since(self, blob_id: UUID, account: str, began: datetime) -> str:
        """The one in a line that is queued at that moment; those of an account are all of the same length."""
        until = int((began + GOOD_FOR).timestamp())
        named = blob_id.bytes + until.to_bytes(_TIME_BYTES)
        token = urlsafe_b64encode(named + self._seal(account, named)).decode().rstrip("=")
        return f"{self.base_url.rstrip('/')}/channels/{account}/files/{token}"

    def blob_of(self, account: str, token: str, now: datetime) -> UUID | None:
        """Which file a token names; ``None`` for one that is not ours or over."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        named, seal = raw[: _ID_BYTES + _TIME_BYTES], raw[_ID_BYTES + _TIME_BYTES :]
        if not hmac.compare_digest(seal, self._seal(account, named)):
            return None
        over = int.from_bytes(named[_ID_BYTES:]) < now.timestamp()
        return None if over else UUID(bytes=named[:_ID_BYTES])

    def _seal(self, account: str, named: bytes) -> bytes:
        return hmac.digest(self.key.encode(), _PURPOSE + account.encode() + b"\0" + named, sha256)[:_SEAL_BYTES]


DOWNLOADS = web.AppKey("wechat_downloads", Downloads)


async def get_file(request: web.Request) -> web.Response:
    """The bytes, shown in place when a picture and downloaded when not; 404 for a link that is not ours or over."""
    downloads = request.app[DOWNLOADS]
    blob_id = downloads.blob_of(request.match_info["account"], request.match_info["token"], datetime.now(UTC))
    read = await downloads.blobs.read(blob_id) if blob_id else None
    if read is None:
        raise Problem(404, "file_link_over", days=GOOD_FOR.days)
    return file_response(*read, kept="private, no-store")


FILE_ROUTES = (Route("GET", "/channels/{account}/files/{token}", get_file, PUBLIC),)
