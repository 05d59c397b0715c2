"""Puts the official accounts into the application; imported only where there are any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.outbox.passive import Passive
from bot.realtime import Realtime
from bot.settings import Settings
from bot.spool.spool import Spool
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from bot.turns.take import Turns
from bot.web.chat.edge import EDGE
from bot.web.keys import CRM, DESK, NOTICES, WECHAT_LOGIN
from bot.web.routes import register
from bot.web.wechat.downloads import DOWNLOADS, FILE_ROUTES
from bot.web.wechat.edge import WECHAT, WechatEdge, account_of
from bot.web.wechat.event import EventParts
from bot.web.wechat.events import Events
from bot.web.wechat.intake import Intake
from bot.web.wechat.joining import ROUTES as JOIN_ROUTES
from bot.web.wechat.login import LOGINS, Logins
from bot.web.wechat.login import ROUTES as LOGIN_ROUTES
from bot.web.wechat.passes import Passes
from bot.web.wechat.pulse import Pulse
from bot.web.wechat.sending import Ways
from bot.web.wechat.typing import Typing
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
    ways = Ways(settings, pool, engine, keys, blobs)
    clients = ways.clients
    accounts = {account.name: account_of(account, blobs) for account in settings.wechat}
    theirs = frozenset(account.name for account in settings.wechat if account.desk == "wechat")
    events = Events(EventParts(pool, engine, keys, app[CRM], at_their_desk=theirs), clients)
    passive = Passive(pool, keys)
    if ways.notices is not None:
        app[NOTICES] = ways.notices
    unionids = UnionidQueue(settings.wechat, clients, engine, app[CRM])
    typing = Typing({account.name: account for account in settings.wechat}, clients, pool, ways.rights)
    for name in accounts:
        app[DESK].typists[name] = partial(typing.by_person, name)
    edge = WechatEdge(accounts, clients, turns, passive, ways.outbox, realtime, ways.manners, events, unionids, typing)
    spool = Spool(settings.var_dir / "spool", keys, settings.spool.limit_mb * 1024 * 1024)
    edge.intake = Intake(spool, keys, edge.work, partial(_answers, pool))
    app[WECHAT] = edge
    pulse = Pulse(engine)
    app[DOWNLOADS] = ways.downloads
    register(app, FILE_ROUTES)
    register(app, (replace(route, handler=pulse.watching(route.handler)) for route in ROUTES))
    _offer_login(app, settings)

    async def deliver(_: web.Application) -> AsyncIterator[None]:
        async with ways.open():
            loops = [
                asyncio.create_task(ways.send(realtime), name="sending"),
                asyncio.create_task(unionids.run(), name="unionids"),
                asyncio.create_task(pulse.run(), name="pulse"),
                asyncio.create_task(edge.intake.run(), name="spool"),
            ]
            yield
            for loop in loops:
                loop.cancel()
            for loop in loops:
                with suppress(asyncio.CancelledError):
                    await loop
            await edge.intake.close()
            await typing.close()

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
