"""What stands between a fresh folder and a serving program: the schema, and the demo company's articles."""

import asyncio

from sqlalchemy.exc import OperationalError

from bot.faults import StartFault
from bot.settings import Settings
from bot.storage.database import Addresses, Say, make_engine
from bot.storage.migrate import is_current, migrate
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.store import import_articles, revision


class DatabaseAway(StartFault):
    """The database of the settings refuses us or does not answer."""


def prepare(settings: Settings, addresses: Addresses, say: Say) -> None:
    """Migrates if there is something to migrate, and loads the demo company into an empty store.

    Raises :class:`DatabaseAway`.
    """
    try:
        if not is_current(addresses.application_url):
            say("Migrating the database …")
            migrate(addresses.owner_url, addresses.application_url)
    except OperationalError as error:
        # The driver's message names host and role, never the password.
        raise DatabaseAway(f"the database cannot be used: {str(error.orig).strip()}") from None
    if settings.demo:
        asyncio.run(_load_demo(settings, addresses, say))


async def _load_demo(settings: Settings, addresses: Addresses, say: Say) -> None:
    engine = make_engine(addresses.application_url, settings)
    try:
        async with engine.begin() as connection:
            if await revision(connection) is None:
                say("Loading the demo company's articles …")
                await import_articles(connection, read_articles(ARTICLES), source="demo")
    finally:
        await engine.dispose()
