"""How a command gets at the store: the same database as a running ``serve``, migrated."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.prepare import prepare
from bot.commands.speech import say
from bot.logs import start_logging
from bot.settings import Settings, read_settings
from bot.storage.database import Addresses, make_engine, open_database


@contextmanager
def open_addresses(settings: Settings, *, demo: bool = False) -> Iterator[Addresses]:
    """The migrated database, with ``demo`` not without articles; progress goes to standard error."""
    with open_database(settings, say) as addresses:
        prepare(addresses, say, demo=demo and settings.demo)
        yield addresses


@asynccontextmanager
async def open_store(args: argparse.Namespace, *, demo: bool = False) -> AsyncIterator[AsyncEngine]:
    """An engine on the migrated store, as the application role; with ``demo`` not without articles."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    opening = open_addresses(settings, demo=demo)
    addresses = await asyncio.to_thread(opening.__enter__)
    engine = make_engine(addresses.application_url, settings)
    try:
        yield engine
    finally:
        await engine.dispose()
        await asyncio.to_thread(opening.__exit__, None, None, None)
