"""When a process ends, whatever still waits for the database is let go of."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from bot.storage.lines import Ending, Line
from bot.storage.pool import make_pool


@asynccontextmanager
async def ending_soon() -> AsyncIterator[None]:
    with Ending() as ending:
        async with asyncio.timeout(3):
            ending.begin(0.2)
            yield


async def test_a_statement_in_the_pool(addresses: Addresses, settings: Settings) -> None:
    async with make_pool(addresses.application_url, settings) as pool, ending_soon():
        with pytest.raises(OperationalError):
            async with pool.connection() as connection:
                await connection.execute("SELECT pg_sleep(20)")


async def test_a_statement_of_the_engine(addresses: Addresses, settings: Settings) -> None:
    engine = make_engine(addresses.application_url, settings)
    async with ending_soon():
        with pytest.raises(DBAPIError):
            async with engine.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))
    await engine.dispose()


async def test_a_connection_that_nobody_accepts(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x"
        async with ending_soon():
            with pytest.raises(OperationalError):
                await Line.connect(address)


async def test_nothing_is_cut_after_the_end(addresses: Addresses, settings: Settings) -> None:
    with Ending() as ending:
        ending.begin(0.05)
    async with make_pool(addresses.application_url, settings) as pool, pool.connection() as connection:
        slept = await (await connection.execute("SELECT 'whole' FROM pg_sleep(0.5)")).fetchone()
    assert slept == ("whole",)
