"""From a push to a message for a turn, with the files that WeChat holds."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.api.answers import Media
from bot.channels.wechat.inbound import RemoteFile, files_of, to_inbound
from bot.channels.wechat.pushes import Push, Subscribe
from bot.domain.message import Inbound
from bot.storage.blobs import CHAT_TYPES, Blob, BlobRefused, BlobStore
from crm_adapter.identify import Sender

log = structlog.get_logger(__name__)

FETCHED_WITHIN_S = 8.5
"""So that the answer is still in time for WeChat's second try; what takes longer is answered without the file."""
FETCHED_AT_ONCE = 8
"""Files of one account, each wholly in memory until it is on disk."""
LOCALE = "zh-Hans"
"""What a WeChat user is taken to read until they write; a push does not say."""
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
_GONE = 40007
"""WeChat has no such file, or not any more."""

Missing = Literal["too_large", "wrong_type", "gone", "slow", "unavailable"]
"""Why a file could not be had: larger than the account's ``media_bytes``, of no type that is kept, not at WeChat any
more, not in time, or one side could not be reached."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One account's; ``labels`` are those of its menu's items."""

    account: str
    blobs: BlobStore
    labels: Mapping[str, str] = field(default_factory=dict)
    _fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHED_AT_ONCE), repr=False)

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
        """The same with its file, or with ``media.missing`` and why it could not be had: the message is taken anyway.

        Where there is nothing but a file that is missing, words of ours stand in its place; ``media.stand_in`` says so.
        """
        body = dict(inbound.body)
        for file in files_of(push):
            found = await self._held(inbound, file, client)
            if isinstance(found, Blob):
                body["attachments"] = [found.as_json()]
            else:
                body["media"] = {**body.get("media", {}), "missing": found}
        if "media" in body and not body.get("text") and not body.get("attachments"):
            body["text"] = _CAME[body["media"]["kind"]]
            body["media"] = {**body["media"], "stand_in": True}
        return replace(inbound, body=body)

    async def _held(self, inbound: Inbound, file: RemoteFile, client: WechatClient | None) -> Blob | Missing:
        why: Missing = "unavailable"
        if client is None:
            return why
        sender = Sender("wechat", inbound.account, inbound.identity, inbound.assurance, inbound.locale)
        try:
            async with asyncio.timeout(FETCHED_WITHIN_S), self._fetching:
                media = await _fetched(file, client)
                return await self.blobs.put(sender, file.name, media.content, CHAT_TYPES)
        except TimeoutError:
            why = "slow"
        except WechatFault as fault:
            why = "too_large" if fault.reason == "too_large" else "gone" if fault.errcode == _GONE else "unavailable"
            log.info("a file could not be fetched", account=self.account, fault=str(fault))
        except BlobRefused:
            why = "wrong_type"
        except (OSError, psycopg.Error, PoolTimeout, TooManyRequests) as error:
            log.info("a file could not be kept", account=self.account, reason=type(error).__name__)
        log.warning("a customer's file is missing", account=self.account, type=file.type, why=why)
        return why


async def _fetched(file: RemoteFile, client: WechatClient) -> Media:
    try:
        return await client.fetch_media(file.media_id)
    except WechatFault as fault:
        if fault.decision != "only_passive" or file.url is None:
            raise
    return await client.fetch_picture(file.url)
