"""How a command gets at the store: the same database as a running ``serve``, migrated."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.prepare import prepare
from bot.commands.speech import say
from bot.customers import open_crm
from bot.logs import start_logging
from bot.settings import Settings, read_settings
from bot.storage.database import Addresses, make_engine, open_database
from bot.storage.keyring import open_keys
from crm_adapter.encryption import Keys
from crm_adapter.sql_store import SqlStore


@contextmanager
def open_addresses(settings: Settings, *, demo: bool = False) -> Iterator[Addresses]:
    """The migrated database, with ``demo`` not without articles; progress goes to standard error."""
    with open_database(settings, say) as addresses:
        prepare(settings, addresses, say, demo=demo and settings.demo)
        yield addresses


@asynccontextmanager
async def open_addresses_aside(settings: Settings, *, demo: bool = False) -> AsyncIterator[Addresses]:
    """As :func:`open_addresses`, beside the loop: a database that starts takes seconds."""
    opening = open_addresses(settings, demo=demo)
    addresses = await asyncio.to_thread(opening.__enter__)
    try:
        yield addresses
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


@asynccontextmanager
async def open_store(args: argparse.Namespace, *, demo: bool = False) -> AsyncIterator[AsyncEngine]:
    """An engine on the migrated store, as the application role; with ``demo`` not without articles."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    async with open_addresses_aside(settings, demo=demo) as addresses:
        engine = make_engine(addresses.application_url, settings)
        try:
            yield engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def open_sealed_store(args: argparse.Namespace) -> AsyncIterator[tuple[AsyncEngine, Keys]]:
    """As :func:`open_store`, with the keys: theirs is the second step, for an empty store is given a keyring first."""
    async with open_store(args) as engine:
        yield engine, open_keys(read_settings())


@asynccontextmanager
async def open_customers(args: argparse.Namespace) -> AsyncIterator[SqlStore]:
    """The customer store on the migrated database."""
    async with open_sealed_store(args) as (engine, keys):
        yield open_crm(read_settings(), engine, keys)
