"""Files of ours as WeChat holds them: uploaded when they are first sent, known by an id for three days."""

import asyncio
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.compose import Kind
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from crm_adapter.encryption import KeyringFault, SealBroken

log = structlog.get_logger(__name__)

HELD_FOR = timedelta(days=3) - timedelta(hours=1)
WITHIN_S = 15.0
"""What reading and uploading may take; what takes longer is sent as a link."""
_HELD = "SELECT media_id FROM bot.uploads WHERE account = %s AND blob_id = %s AND until > now()"
_KEEP = """
INSERT INTO bot.uploads (account, blob_id, media_id, until)
SELECT %s, b.id, %s, now() + %s FROM bot.blobs b WHERE b.id = %s FOR KEY SHARE
ON CONFLICT (account, blob_id) DO UPDATE SET media_id = excluded.media_id, until = excluded.until
"""


class Uploads:
    """One account's; the ids are kept for all processes, and are gone with the file."""

    def __init__(self, account: str, client: WechatClient, blobs: BlobStore, pool: Pool) -> None:
        self._account = account
        self._client = client
        self._blobs = blobs
        self._pool = pool

    async def hold(self, blob_id: UUID, kind: Kind, *, again: bool = False) -> str | None:
        """The file's id at WeChat, ``again``: of a new upload; ``None`` where it cannot be had. Does not raise."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return (None if again else await self._held(blob_id)) or await self._upload(blob_id, kind)
        except TimeoutError:
            reason = "too_slow"
        except WechatFault as fault:
            reason = str(fault)
        except (OSError, psycopg.Error, PoolTimeout, TooManyRequests, SealBroken, KeyringFault) as error:
            reason = type(error).__name__
        log.warning("a file could not be uploaded", account=self._account, blob=str(blob_id), reason=reason)
        return None

    async def _held(self, blob_id: UUID) -> str | None:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_HELD, (self._account, blob_id))).fetchone()
        return row[0] if row else None

    async def _upload(self, blob_id: UUID, kind: Kind) -> str | None:
        found = await self._blobs.read(blob_id)
        if found is None:
            return None
        blob, content = found
        media_id = await self._client.upload_media(kind, content, blob.type)
        async with self._pool.connection() as connection:
            await connection.execute(_KEEP, (self._account, media_id, HELD_FOR, blob_id))
        return media_id
