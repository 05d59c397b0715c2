"""From a push to a message for a turn, with the files that WeChat holds."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.inbound import RemoteFile, files_of, to_inbound
from bot.channels.wechat.pushes import Push, Subscribe
from bot.domain.message import Inbound
from bot.storage.blobs import TYPES, BlobRefused, BlobStore
from crm_adapter.identify import Sender

log = structlog.get_logger(__name__)

FETCHED_WITHIN_S = 3.0
"""So that the answer can still be in time; what takes longer is answered without the file."""
MEDIA_TYPES = (*TYPES, "audio/amr", "audio/mpeg", "video/mp4")
LOCALE = "zh-Hans"
FIRST = "start(menu)"
"""What a follow begins with: the notice of a first contact, and what there is."""
_FOLLOWED = "关注公众号"
_CAME = {
    "image": "［图片］",
    "voice": "［语音］",
    "video": "［视频］",
    "shortvideo": "［短视频］",
    "unsupported": "［表情或文件］",
}


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One account's; ``labels`` are those of its menu's items."""

    account: str
    blobs: BlobStore
    labels: Mapping[str, str] = field(default_factory=dict)

    def message(self, push: Push, now: datetime) -> Inbound | None:
        """What a push says, without its files; ``None`` for what no customer said. To follow is to ask what there is,
        on record with the scene of the QR code that led here."""
        trace_id = secrets.token_hex(16)
        if isinstance(push, Subscribe):
            words = f"{_FOLLOWED}（{push.scene}）" if push.scene else _FOLLOWED
            body = {"text": words, "choice": FIRST}
            return Inbound(
                channel="wechat",
                account=self.account,
                external_id=push.external_id,
                identity=push.openid,
                assurance="verified",
                locale=LOCALE,
                body=body,
                received_at=now,
                trace_id=trace_id,
            )
        return to_inbound(
            push, account=self.account, locale=LOCALE, received_at=now, trace_id=trace_id, labels=self.labels
        )

    async def whole(self, inbound: Inbound, push: Push, client: WechatClient | None) -> Inbound:
        """The same with its files, as far as they could be had; words say what came where nothing else does."""
        body = dict(inbound.body)
        if client is not None and (
            found := [one for file in files_of(push) if (one := await self._held(inbound, file, client))]
        ):
            body["attachments"] = found
        if "media" in body and not body.get("text") and not body.get("attachments"):
            body["text"] = _CAME[body["media"]["kind"]]
        return replace(inbound, body=body)

    async def _held(self, inbound: Inbound, file: RemoteFile, client: WechatClient) -> dict[str, Any] | None:
        sender = Sender("wechat", inbound.account, inbound.identity, inbound.assurance, inbound.locale)
        try:
            async with asyncio.timeout(FETCHED_WITHIN_S):
                media = await client.fetch_media(file.media_id)
            blob = await self.blobs.put(sender, file.name, media.content, MEDIA_TYPES)
        except TimeoutError:
            log.warning("a file took too long", account=self.account, type=file.type)
        except WechatFault as fault:
            log.warning("a file could not be fetched", account=self.account, fault=str(fault))
        except BlobRefused:
            log.warning("a file is of no type that is kept", account=self.account, type=file.type)
        except (OSError, psycopg.Error, PoolTimeout, TooManyRequests) as error:
            log.warning("a file could not be kept", account=self.account, reason=type(error).__name__)
        else:
            return blob.as_json()
        return None
