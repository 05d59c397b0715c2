"""Several statements in one round trip, against real PostgreSQL: values, errors, and what is left of a broken one."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from bot.storage.exchange import Statement
from bot.storage.pool import Pool

ONE = Statement("one", "SELECT 1")
KEEP = Statement("keep", "INSERT INTO kept VALUES ($1)")
KEPT = Statement("kept", "SELECT count(*)::int FROM kept")
SLEEP = Statement("sleep", "SELECT pg_sleep($1::int)")
AT = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("text", "应答 with 'quotes' \\ and {braces}"),
        ("bytea", bytes(range(256))),
        ("int", -7),
        ("uuid", UUID("019ab0c4-0000-7000-8000-000000000001")),
        ("timestamptz", AT),
        ("timestamptz", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("boolean", True),
        ("boolean", False),
        ("text", None),
    ],
)
async def test_values_come_back_as_they_were_sent(pool: Pool, type_: str, value: object) -> None:
    echo = Statement("echo", f"SELECT $1::{type_}")
    async with pool.connection() as connection:
        assert await connection.exchange((echo, (value,))) == [(value,)]


async def test_json_and_lists_are_understood(pool: Pool) -> None:
    ids, body = [uuid4(), uuid4()], {"text": '应答 \\ "quoted"', "list": [1, None, True]}
    echo = Statement(
        "echo", "SELECT $1::text::jsonb, $2::uuid = ANY($3::uuid[]), cardinality($4::uuid[]), cardinality($5::bytea[])"
    )
    async with pool.connection() as connection:
        values = (json.dumps(body), ids[1], ids, [], ())
        assert await connection.exchange((echo, values)) == [(body, True, 0, 0)]


async def test_lists_keep_the_order_and_the_bytes_of_what_they_hold(pool: Pool) -> None:
    ids, contents = [uuid4(), uuid4(), uuid4()], (b"", bytes(range(256)), b"'\\{},\0")
    taken_apart = Statement(
        "apart", "SELECT array_agg(id), array_agg(c) FROM unnest($1::uuid[], $2::bytea[]) AS l(id, c)"
    )
    async with pool.connection() as connection:
        assert await connection.exchange((taken_apart, (ids, contents))) == [(ids, [*contents])]


async def test_a_statement_reads_each_of_its_rows_anew(pool: Pool) -> None:
    echo = Statement("echo", "SELECT $1::text, $2::float8, $3::timestamptz")
    async with pool.connection() as connection:
        for row in [("a", 0.125, AT), (None, None, None), ("", -1e300, AT.astimezone(timezone(timedelta(hours=8))))]:
            assert await connection.exchange((echo, row)) == [row]


async def test_what_a_text_cannot_hold_is_refused_rather_than_cut_off(pool: Pool) -> None:
    echo = Statement("echo", "SELECT $1::text")
    async with pool.connection() as connection:
        with pytest.raises(psycopg.DataError):
            await connection.exchange((echo, ("half\x00 of it",)))
        assert await connection.exchange((ONE, ())) == [(1,)]


async def test_an_error_undoes_its_own_transaction_and_skips_what_follows(pool: Pool) -> None:
    fails = Statement("fails", "SELECT 1 / $1::int")
    async with pool.connection() as connection:
        await connection.execute("CREATE TEMPORARY TABLE kept (number int)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.exchange(
                b"BEGIN", (KEEP, (1,)), b"COMMIT AND CHAIN", (KEEP, (2,)), (fails, (0,)), b"COMMIT"
            )
        assert connection.info.transaction_status == TransactionStatus.INERROR
        await connection.rollback()
        assert await connection.exchange((KEPT, ())) == [(1,)]
        assert await connection.exchange(b"BEGIN", (KEEP, (3,)), b"COMMIT", (KEPT, ())) == [None, None, None, (2,)]


async def test_statements_stay_prepared_whatever_is_rolled_back(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.exchange((ONE, ()))
        for _ in range(3):
            with pytest.raises(psycopg.errors.UndefinedTable):
                async with connection.transaction():
                    await connection.execute("SELECT FROM nowhere")
        await connection.execute("ROLLBACK")
        assert await connection.exchange((ONE, ())) == [(1,)]


async def test_an_exchange_broken_off_leaves_a_connection_that_works_or_is_closed(pool: Pool) -> None:
    for ticks in range(12):
        async with pool.connection() as connection:
            task = asyncio.create_task(connection.exchange((ONE, ()), (SLEEP, (30,))))
            for _ in range(ticks):
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if not connection.closed:
                assert await connection.exchange((ONE, ())) == [(1,)]


async def test_a_session_that_the_database_ends_is_said_to_be_lost(pool: Pool) -> None:
    ending = Statement("ending", "SELECT pg_terminate_backend(pg_backend_pid())")
    async with pool.connection() as connection:
        with pytest.raises(psycopg.OperationalError):
            await connection.exchange((ending, ()), (ONE, ()))
        with pytest.raises(psycopg.OperationalError):
            await connection.exchange((ONE, ()))
