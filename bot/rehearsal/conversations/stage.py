"""The whole program on a store of its own, where conversations are played; nothing leaves it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.flows.model import Definitions
from bot.handlers.answers import Answers
from bot.realtime import open_realtime
from bot.rehearsal.conversations.watching import WatchedDialog
from bot.settings import Settings
from bot.storage.blobs import BlobStore
from bot.storage.database import Addresses, Say, make_engine
from bot.storage.keyring import open_keys, provide_keyring
from bot.storage.migrate import migrate
from bot.storage.pool import Pool, make_pool
from bot.talk import Talk, TurningDialog
from bot.turns.take import Turns
from crm_adapter.encryption import Keys
from crm_adapter.sql_store import SqlStore
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.store import import_articles
from knowledge_base.watch import LiveIndex

_WAKE_AT = "SELECT wake_at FROM bot.conversations WHERE identity_id = %s AND closed_at IS NULL"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a player works with; ``account`` is the web account that customers write to."""

    account: str
    turns: Turns
    watched: WatchedDialog
    definitions: Callable[[], Definitions]
    crm: SqlStore
    blobs: BlobStore
    pool: Pool
    engine: AsyncEngine
    keys: Keys

    async def wake_at(self, identity_id: UUID) -> datetime | None:
        """When this customer's dialog wants to be told of silence."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(_WAKE_AT, (identity_id,))).fetchone()
        return row[0] if row else None


def furnish(settings: Settings, addresses: Addresses) -> None:
    """Makes an empty database a store with the demo company's articles, and gives it a keyring."""
    migrate(addresses.owner_url, addresses.application_url)
    provide_keyring(settings, addresses.application_url)
    asyncio.run(_stock(settings, addresses))


async def _stock(settings: Settings, addresses: Addresses) -> None:
    engine = make_engine(addresses.application_url, settings)
    try:
        async with engine.begin() as connection:
            await import_articles(connection, read_articles(ARTICLES), source="demo")
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_stage(settings: Settings, addresses: Addresses, say: Say | None = None) -> AsyncIterator[Stage]:
    """The program's talk as ``serve`` has it, without its loops: time passes only as a conversation says.

    Raises :class:`~bot.flows.reading.FlowFaults` for flow files that cannot be used.
    """
    keys = open_keys(settings)
    live = LiveIndex(wishes=lambda: talk.wishes())
    async with AsyncExitStack() as opened:
        engine = make_engine(addresses.application_url, settings)
        opened.push_async_callback(engine.dispose)
        pool = await opened.enter_async_context(make_pool(addresses.application_url, settings))
        realtime = open_realtime(None)
        opened.push_async_callback(realtime.close)
        watched: list[WatchedDialog] = []

        def watch(dialog: TurningDialog) -> WatchedDialog:
            watched.append(WatchedDialog(dialog))
            return watched[0]

        talk = Talk(settings, pool, engine, keys, realtime, Answers(live), around=watch)
        await talk.open()
        await live.refresh(engine, say)
        yield Stage(
            account=settings.channels[0].name,
            turns=talk.turns,
            watched=watched[0],
            definitions=lambda: talk.catalogue.current,
            crm=open_crm(settings, engine, keys),
            blobs=BlobStore(settings.var_dir / "blobs", pool, keys),
            pool=pool,
            engine=engine,
            keys=keys,
        )
