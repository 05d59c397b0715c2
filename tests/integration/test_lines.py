"""When a process ends, whatever still waits for the database is let go of."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.jobs.worker import EnginesPool
from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from bot.storage.lines import Ending, Line
from bot.storage.pool import make_pool


@asynccontextmanager
async def ending_soon() -> AsyncIterator[None]:
    async with asyncio.timeout(15), Ending(last_words_s=0.1, give_up_s=10) as ending:
        ending.begin(0.1)
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


async def test_the_job_engine_waiting_for_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x"
        async with EnginesPool(address, open=False) as pool, ending_soon():
            with pytest.raises(OperationalError, match="the process ends"):
                await pool.getconn(20)


async def test_what_hangs_on_something_else_is_given_up() -> None:
    async with Ending(last_words_s=0.1, give_up_s=0.2) as ending:
        ending.begin(0.1)
        started = time.monotonic()
        await asyncio.sleep(20)
    assert 0.2 < time.monotonic() - started < 10


async def test_an_end_that_has_not_begun_ends_nothing(addresses: Addresses, settings: Settings) -> None:
    async with Ending(last_words_s=0.01, give_up_s=0.01):
        await asyncio.sleep(0.1)
    async with make_pool(addresses.application_url, settings) as pool, pool.connection() as connection:
        slept = await (await connection.execute("SELECT 'whole' FROM pg_sleep(0.5)")).fetchone()
    assert slept == ("whole",)
