"""The way out of all official accounts, in every process that sends: ``yingda serve`` and ``yingda worker``."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import WechatClient, open_client
from bot.outbox.deliverer import Deliverer
from bot.outbox.sending import Outbox
from bot.realtime import Realtime
from bot.realtime.topics import DESK
from bot.settings import Settings, WechatAccount
from bot.storage.blobs import BlobStore
from bot.storage.database import signing_key
from bot.storage.pool import Pool
from bot.web.wechat.delivering import CustomerService
from bot.web.wechat.downloads import Downloads
from bot.web.wechat.notices.sending import NoticeSender
from bot.web.wechat.noticing import Notices, accounts_with_notices
from bot.web.wechat.replies import Manner
from bot.web.wechat.rights import Rights
from bot.web.wechat.uploads import Uploads
from crm_adapter.encryption import Keys


def manners_of(settings: Settings, downloads: Downloads) -> dict[str, Manner]:
    """How each account says things, the same in every process: a line begun by one may be ended by another."""
    return {account.name: _manner_of(account, settings.base_url, downloads) for account in settings.wechat}


def downloads_of(settings: Settings, blobs: BlobStore) -> Downloads:
    """Links to files of ours."""
    return Downloads(settings.base_url, signing_key(settings), blobs)


class Ways:
    """Clients and deliverers by their accounts; empty until they are opened."""

    def __init__(self, settings: Settings, pool: Pool, engine: AsyncEngine, keys: Keys, blobs: BlobStore) -> None:
        self.downloads = downloads_of(settings, blobs)
        self.manners: Mapping[str, Manner] = manners_of(settings, self.downloads)
        self.clients: dict[str, WechatClient] = {}
        self.rights = Rights()
        self._settings = settings
        self._pool = pool
        self._engine = engine
        self._keys = keys
        self._blobs = blobs
        self._deliverers: dict[str, Deliverer] = {}
        self.outbox = Outbox(pool, keys, self._deliverers)
        telling = accounts_with_notices(settings.wechat)
        self._sender = NoticeSender(telling, self.clients, engine, keys)
        company = settings.mail.sender_name
        self.notices = Notices(telling, engine, keys, company, self._sender.wake) if telling else None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Within the block messages can be sent."""
        async with AsyncExitStack() as opened:
            for account in self._settings.wechat:
                client = await opened.enter_async_context(open_client(account, self._engine, self._keys))
                uploads = Uploads(account.name, client, self._blobs, self._pool)
                self.clients[account.name] = client
                manner = self.manners[account.name]
                self._deliverers[account.name] = CustomerService(
                    account, client, manner, uploads, self.rights, self.notices
                )
            yield

    async def send(self, realtime: Realtime) -> None:
        """Sends for ever; cancelled, it ends what it has begun."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.outbox.run(), name="outbox")
            tasks.create_task(self._hear(realtime), name="outbox's hints")
            if self.notices is not None:
                tasks.create_task(self._sender.run(), name="notices")

    async def _hear(self, realtime: Realtime) -> None:
        """Something was said at the desk: what it is stands in the store."""
        async with realtime.subscribe([DESK]) as signals:
            async for _ in signals:
                self.outbox.wake()


async def send_for_ever(settings: Settings, pool: Pool, engine: AsyncEngine, keys: Keys, realtime: Realtime) -> None:
    """For a process that takes no pushes."""
    ways = Ways(settings, pool, engine, keys, BlobStore(settings.var_dir / "blobs", pool, keys))
    async with ways.open():
        await ways.send(realtime)


def _manner_of(account: WechatAccount, base_url: str, downloads: Downloads) -> Manner:
    is_service = account.kind == "service"
    menus = is_service if account.message_menus is None else account.message_menus
    return Manner(base_url, menus=menus, files=is_service, address=downloads.address)
