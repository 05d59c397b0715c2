"""Puts the official accounts into the application; imported only where there are any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import WechatClient, open_client
from bot.outbox.deliverer import Deliverer
from bot.outbox.passive import Passive
from bot.outbox.sending import Outbox
from bot.realtime import Realtime
from bot.realtime.topics import DESK
from bot.settings import Settings
from bot.spool.spool import Spool
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from bot.turns.take import Turns
from bot.web.chat.edge import EDGE
from bot.web.keys import CRM, NOTICES, WECHAT_LOGIN
from bot.web.routes import register
from bot.web.wechat.delivering import CustomerService
from bot.web.wechat.edge import WECHAT, WechatEdge, account_of
from bot.web.wechat.event import EventParts
from bot.web.wechat.events import Events
from bot.web.wechat.intake import Intake
from bot.web.wechat.joining import ROUTES as JOIN_ROUTES
from bot.web.wechat.login import LOGINS, Logins
from bot.web.wechat.login import ROUTES as LOGIN_ROUTES
from bot.web.wechat.notices.sending import NoticeSender
from bot.web.wechat.noticing import Notices, accounts_with_notices
from bot.web.wechat.passes import Passes
from bot.web.wechat.pulse import Pulse
from bot.web.wechat.unionids import UnionidQueue
from bot.web.wechat.webhook import ROUTES
from crm_adapter.encryption import Keys


def setup_wechat(
    app: web.Application,
    settings: Settings,
    turns: Turns,
    pool: Pool,
    engine: AsyncEngine,
    keys: Keys,
    realtime: Realtime,
    blobs: BlobStore,
) -> None:
    """Webhooks and outbox of all ``[[wechat]]`` accounts; call it before the app's parts are opened."""
    ways: dict[str, Deliverer] = {}
    outbox = Outbox(pool, keys, ways)
    clients: dict[str, WechatClient] = {}
    accounts = {account.name: account_of(account, blobs) for account in settings.wechat}
    theirs = frozenset(account.name for account in settings.wechat if account.desk == "wechat")
    events = Events(EventParts(pool, engine, keys, app[CRM], at_their_desk=theirs), clients)
    passive = Passive(pool, keys)
    telling = accounts_with_notices(settings.wechat)
    sender = NoticeSender(telling, clients, engine, keys)
    notices = Notices(telling, engine, keys, settings.mail.sender_name, sender.wake) if telling else None
    if notices is not None:
        app[NOTICES] = notices
    unionids = UnionidQueue(settings.wechat, clients, engine, app[CRM])
    edge = WechatEdge(accounts, clients, turns, passive, outbox, realtime, settings.base_url, events, unionids)
    spool = Spool(settings.var_dir / "spool", keys, settings.spool.limit_mb * 1024 * 1024)
    edge.intake = Intake(spool, keys, edge.work, partial(_answers, pool))
    app[WECHAT] = edge
    pulse = Pulse(engine)
    register(app, (replace(route, handler=pulse.watching(route.handler)) for route in ROUTES))
    _offer_login(app, settings)

    async def deliver(_: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            for account in settings.wechat:
                client = clients[account.name] = await opened.enter_async_context(open_client(account, engine, keys))
                ways[account.name] = CustomerService(account, client, settings.base_url)
            loops = [
                asyncio.create_task(outbox.run(), name="outbox"),
                asyncio.create_task(_hear(realtime, outbox), name="outbox's hints"),
                asyncio.create_task(unionids.run(), name="unionids"),
                asyncio.create_task(pulse.run(), name="pulse"),
                asyncio.create_task(edge.intake.run(), name="spool"),
            ]
            if notices is not None:
                loops.append(asyncio.create_task(sender.run(), name="notices"))
            yield
            for loop in loops:
                loop.cancel()
            for loop in loops:
                with suppress(asyncio.CancelledError):
                    await loop
            await edge.intake.close()

    app.cleanup_ctx.append(deliver)


async def _answers(pool: Pool) -> None:
    """Returns when the store answers."""
    async with pool.connection() as connection:
        await connection.execute("SELECT 1")


def _offer_login(app: web.Application, settings: Settings) -> None:
    """Where visitors of web channels may log in with WeChat."""
    offering = {account.name: account for account in settings.wechat if account.web_login}
    if offering:
        app[WECHAT_LOGIN] = {channel: name for name, account in offering.items() for channel in account.web_login}
        app[LOGINS] = Logins(offering, Passes(app[EDGE].key))
        register(app, (*LOGIN_ROUTES, *JOIN_ROUTES))


async def _hear(realtime: Realtime, outbox: Outbox) -> None:
    """Something was said at the desk: what it is stands in the store."""
    async with realtime.subscribe([DESK]) as signals:
        async for _ in signals:
            outbox.wake()
