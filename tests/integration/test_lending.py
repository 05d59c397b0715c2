"""SQLAlchemy on a connection that somebody else owns: one transaction, ended by its owner alone."""

import pytest
from sqlalchemy import text

from bot.storage.lending import Lender, NotYours
from bot.storage.pool import Pool

ADD = text("INSERT INTO bot.spent_tokens VALUES ('shop', :jti, now())")
COUNT = "SELECT count(*) FROM bot.spent_tokens"


async def count(pool: Pool) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute(COUNT)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("end", "kept"), [("COMMIT", 2), ("ROLLBACK", 0)])
async def test_what_is_written_is_committed_by_the_owner_or_not_at_all(pool: Pool, end: str, kept: int) -> None:
    lender = Lender()
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
        for jti in ("one", "two"):
            async with lender.lend(connection) as borrowed:
                await borrowed.execute(ADD, {"jti": jti})
        assert await count(pool) == 0
        await connection.execute(end)
    assert await count(pool) == kept


async def test_a_savepoint_takes_back_what_failed_and_no_more(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
        async with Lender().lend(connection) as borrowed:
            await borrowed.execute(ADD, {"jti": "one"})
            savepoint = await borrowed.begin_nested()
            await borrowed.execute(ADD, {"jti": "two"})
            await savepoint.rollback()
        await connection.execute("COMMIT")
    assert await count(pool) == 1


@pytest.mark.parametrize(
    "how", ["commit", "rollback", "COMMIT", "rollback work", " end ", "BEGIN", "Prepare Transaction 'x'"]
)
async def test_a_borrower_ends_nothing(pool: Pool, how: str) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
        async with Lender().lend(connection) as borrowed:
            await borrowed.execute(ADD, {"jti": "one"})
            with pytest.raises(NotYours):
                await (getattr(borrowed, how)() if hasattr(borrowed, how) else borrowed.execute(text(how)))
        assert await count(pool) == 0
        await connection.execute("COMMIT")
    assert await count(pool) == 1


async def test_it_is_the_owners_own_connection(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
        async with Lender().lend(connection) as borrowed:
            assert (await borrowed.get_raw_connection()).driver_connection is connection
        await connection.execute("ROLLBACK")
