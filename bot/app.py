"""The composition root: the only module that knows every part and puts them together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial

import structlog
from aiohttp import WSCloseCode, web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.terminal import ACCOUNT as TERMINAL
from bot.checkup.alerts import alert_jobs
from bot.checkup.report import StatusReport
from bot.customers import limits_of, open_crm
from bot.desk.news import DeskNews
from bot.desk.steps import Desk
from bot.flows.facts import Facts
from bot.handlers.answers import Answers
from bot.handlers.executing import Actions
from bot.jobs import make_jobs, run_worker, show_backlog
from bot.jobs.importing import defer_import
from bot.outgoing import Codes, Outgoing
from bot.privacy.exporting import Exports
from bot.realtime import Realtime, open_realtime
from bot.settings import Settings
from bot.staff.rules import rules_of
from bot.storage.blobs import BlobStore
from bot.storage.database import Addresses, Say, make_engine, signing_key
from bot.storage.keyring import open_keys
from bot.storage.pool import Pool, make_pool
from bot.talk import TALK_JOBS, Talk, terms_of
from bot.web.actions import ACTION_LIMITS, ACTION_SERVER, ActionServer
from bot.web.actions import ROUTES as ACTION_ROUTES
from bot.web.chat.edge import EDGE, ChatEdge
from bot.web.chat.routes import ROUTES as CHAT_ROUTES
from bot.web.console import setup_console
from bot.web.dev import ROUTES as DEV_ROUTES
from bot.web.health import READINESS, Readiness
from bot.web.health import ROUTES as HEALTH_ROUTES
from bot.web.keys import (
    ACCOUNTS,
    ARTICLES,
    BLOBS,
    CODES,
    CRM,
    DEFER_IMPORT,
    DESK,
    DESK_NEWS,
    ENGINE,
    EXPORTS,
    FLOWS,
    FRAME_ANCESTORS,
    IMPORT_LIMITS,
    KEYS,
    LABEL_OF,
    OUTGOING,
    PUBLIC_URL,
    SHARING,
    STAFF_RULES,
    STATUS,
    WECHAT_ACCOUNTS,
)
from bot.web.measure import measure
from bot.web.pages import add_pages
from bot.web.peer import TRUSTED_PROXIES, networks
from bot.web.privacy import ROUTES as PRIVACY_ROUTES
from bot.web.problems import problems
from bot.web.routes import register
from bot.web.security import secure
from bot.web.shelf import Shelf
from bot.web.telling import telling
from crm_adapter.ledger.sequencer import run_sequencer
from crm_adapter.search import run_indexer
from crm_adapter.sharing.store import SqlSharing
from knowledge_base.watch import LiveIndex

log = structlog.get_logger(__name__)

MakeFacts = Callable[[LiveIndex], Facts]


class Parts:
    """What one serving process holds open; made by :func:`make_app`, opened and closed with it."""

    def __init__(self, settings: Settings, addresses: Addresses, make_facts: MakeFacts = Answers) -> None:
        self.settings = settings
        self.keys = open_keys(settings)
        self.pool: Pool = make_pool(addresses.application_url, settings)
        self.engine: AsyncEngine = make_engine(addresses.application_url, settings)
        self.jobs = make_jobs(addresses.application_url, settings, {"alerts": alert_jobs, **TALK_JOBS})
        self.live = LiveIndex(wishes=lambda: self.talk.wishes())
        self.realtime: Realtime = open_realtime(settings.redis_url.get_secret_value() if settings.redis_url else None)
        self.loops: list[asyncio.Task[None]] = []
        self.talk = Talk(settings, self.pool, self.engine, self.keys, self.realtime, make_facts(self.live))
        self.edge = ChatEdge(
            settings=settings,
            turns=self.talk.turns,
            pool=self.pool,
            realtime=self.realtime,
            blobs=BlobStore(settings.var_dir / "blobs", self.pool, self.keys),
            key=signing_key(settings),
            keys=self.keys,
        )

    def action_server(self) -> ActionServer:
        """Our actions for an outside Rasa."""
        talk, settings = self.talk, self.settings
        promises = terms_of(settings, Actions(())).promises
        return ActionServer(
            settings, self.pool, self.keys, talk.actor, talk.local_names, lambda: talk.catalogue.current, promises
        )

    async def end_loops(self, app: web.Application | None = None) -> None:
        """Tells the loops to end, beside the requests in flight: jobs that run finish within the same drain time."""
        for loop in self.loops:
            if not loop.cancelling():  # told twice, the job engine would let go of its jobs
                loop.cancel()

    async def store_answers(self) -> None:
        """Ready when the store answers."""
        async with self.pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def takes_work(self) -> None:
        """Ready unless draining."""
        if self.edge.draining:
            raise RuntimeError("draining")


def make_app(
    settings: Settings, addresses: Addresses, make_facts: MakeFacts = Answers, say: Say | None = None
) -> web.Application:
    """The whole HTTP application; ``make_facts`` lets a test put faults where the knowledge base is asked.

    ``say`` gets the progress of what takes long before it serves.
    """
    parts = Parts(settings, addresses, make_facts)
    app = web.Application(middlewares=[measure, problems], client_max_size=settings.limits.blob_bytes + 65536)
    app[EDGE] = parts.edge
    app[ENGINE] = parts.engine
    app[KEYS] = parts.keys
    app[CRM] = open_crm(settings, parts.engine, parts.keys)
    app[SHARING] = SqlSharing(parts.engine, parts.keys, app[CRM])
    app[EXPORTS] = Exports(settings, app[CRM], parts.edge.blobs)
    app[IMPORT_LIMITS] = limits_of(settings)
    app[DEFER_IMPORT] = lambda import_id: defer_import(parts.jobs, import_id)
    app[ACCOUNTS] = [*(channel.name for channel in settings.channels), TERMINAL]
    if settings.actions.secret is not None:
        app[ACCOUNTS] = [*app[ACCOUNTS], settings.actions.account]
    app[PUBLIC_URL] = settings.base_url
    app[DESK] = Desk(parts.engine, parts.keys, parts.realtime, telling(parts.keys))
    app[DESK_NEWS] = DeskNews(parts.engine, parts.realtime)
    app[WECHAT_ACCOUNTS] = {account.name: account for account in settings.wechat}
    app[BLOBS] = parts.edge.blobs
    app[OUTGOING] = Outgoing(settings, parts.keys)
    app[CODES] = Codes(parts.engine, app[OUTGOING], app[CRM].within)
    app[TRUSTED_PROXIES] = networks(settings.http.trusted_proxies)
    app[READINESS] = Readiness({"store": parts.store_answers, "serving": parts.takes_work})
    app[FRAME_ANCESTORS] = lambda account: _may_embed(settings, account)
    app[STAFF_RULES] = rules_of(settings.staff)
    shelf = Shelf(parts.engine, parts.live)
    app[ARTICLES] = shelf
    app[LABEL_OF] = shelf.label_of
    app[FLOWS] = parts.talk.catalogue
    app[ACTION_SERVER] = parts.action_server()
    app[ACTION_LIMITS] = parts.realtime
    app[STATUS] = StatusReport(settings, parts.engine, addresses.application_url).describe
    secure(app)
    register(app, HEALTH_ROUTES)
    register(app, CHAT_ROUTES)
    register(app, DEV_ROUTES)
    register(app, PRIVACY_ROUTES)
    register(app, ACTION_ROUTES)
    setup_console(app)
    add_pages(app, frozenset(channel.name for channel in settings.channels))
    app.cleanup_ctx.append(partial(_open_parts, parts, say))
    if settings.wechat:
        from bot.web.wechat.setup import setup_wechat  # only who has an official account pays for it

        edge = parts.edge
        setup_wechat(app, settings, edge.turns, parts.pool, parts.engine, parts.keys, parts.realtime, edge.blobs)
        app[ACCOUNTS] = [*app[ACCOUNTS], *(account.name for account in settings.wechat)]
    app.cleanup_ctx.append(app[READINESS].until_closed)
    app.on_shutdown.append(parts.end_loops)
    app.on_shutdown.append(drain)
    return app


def _may_embed(settings: Settings, account: str) -> list[str]:
    for channel in settings.channels:
        if channel.name == account:
            return ["'self'", *channel.origins]
    return []


async def _open_parts(parts: Parts, say: Say | None, app: web.Application) -> AsyncIterator[None]:
    """Opens in the order of need and closes in reverse; the loops that belong to the process live in between."""
    async with AsyncExitStack() as opened:
        opened.push_async_callback(parts.engine.dispose)
        opened.push_async_callback(parts.realtime.close)
        await opened.enter_async_context(parts.pool)
        await opened.enter_async_context(parts.jobs.open_async())
        await parts.talk.open()
        await parts.live.refresh(parts.engine, say)
        async with asyncio.TaskGroup() as loops:
            parts.loops = running = [
                loops.create_task(parts.live.run(parts.engine), name="articles"),
                loops.create_task(parts.talk.watch(), name="flows"),
            ]
            if parts.settings.worker:
                worker = run_worker(parts.jobs, parts.settings, parts.pool, parts.talk.job_parts)
                running.append(loops.create_task(worker, name="jobs"))
                running.append(loops.create_task(parts.talk.wake(), name="silence"))
                sequencer = run_sequencer(parts.engine, parts.keys, show_backlog)
                running.append(loops.create_task(sequencer, name="ledger"))
                running.append(loops.create_task(run_indexer(parts.engine, parts.keys), name="search index"))
            yield
            await parts.end_loops()


async def drain(app: web.Application) -> None:
    """Stops taking work: readiness turns 503, long polls return, sockets are told to reconnect elsewhere."""
    edge = app[EDGE]
    edge.draining = True
    edge.end_polls()
    app[DESK_NEWS].end()
    await asyncio.gather(*(_send_away(socket) for socket in list(edge.sockets)))


async def _send_away(socket: web.WebSocketResponse) -> None:
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(2):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"going away")
