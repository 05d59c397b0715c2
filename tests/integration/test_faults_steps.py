"""An article that raises, hangs or kills the process: an apology, a person, and everybody else goes on."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.rehearsal.audit import audit, compare, compare_all
from bot.rehearsal.facts import DIE, HANG, RAISE, SPIN, STATUS_OF_DEATH
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.keys import KEYS
from bot.rehearsal.session import Session
from bot.rehearsal.traffic import traffic
from bot.rehearsal.visitors import PlainVisitor, SocketVisitor, Visitor
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from crm_adapter.identify import identity_blind

pytestmark = pytest.mark.heavy


@pytest.fixture
async def server(nursery: Path, addresses: Addresses, tmp_path: Path) -> AsyncIterator[Keeper]:
    async with kept_server(nursery, addresses, tmp_path) as server:
        yield server


async def owner_of(pool: Pool, visitor: Visitor) -> object:
    query = """SELECT c.owner FROM bot.conversations c JOIN crm.identities i ON i.id = c.identity_id
                WHERE i.blind = %s AND c.closed_at IS NULL"""
    return await of(pool, visitor, query)


async def outcome_of_last(pool: Pool, visitor: Visitor) -> object:
    query = """SELECT n.outcome_kind FROM crm.interactions n JOIN crm.identities i ON i.id = n.identity_id
                WHERE i.blind = %s AND n.direction = 'in' ORDER BY n.id DESC LIMIT 1"""
    return await of(pool, visitor, query)


async def of(pool: Pool, visitor: Visitor, query: str) -> object:
    async with pool.connection() as connection:
        blind = identity_blind(KEYS, "shop", visitor.session.identity)
        row = await (await connection.execute(query.encode(), (blind,))).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("kind", [SocketVisitor, PlainVisitor])
@pytest.mark.parametrize("fault", [RAISE, HANG, SPIN, DIE])
async def test_a_message_that_breaks_its_step_gets_an_apology_and_a_person(
    server: Keeper, pool: Pool, fault: str, kind: type[SocketVisitor] | type[PlainVisitor]
) -> None:
    async with asyncio.timeout(90), traffic([server.url], 6) as crowd, aiohttp.ClientSession() as http:
        await crowd.until_more(10)
        visitor = kind(Session(http, [server.url]))
        await visitor.say("before")

        started = time.monotonic()
        apology = await visitor.say(fault)
        assert time.monotonic() - started < 30
        assert "person" in apology["body"]["text"].lower(), apology
        assert [choice["id"] for choice in apology["body"]["choices"]] == ["bot"]
        assert await owner_of(pool, visitor) == "queue"
        assert await outcome_of_last(pool, visitor) == "failed"

        again = await visitor.send(list(visitor.acked)[-1], text=fault)
        assert again == apology["seq"] - 1, "sent again it is acknowledged as what it was"
        await visitor.send(choice="bot")
        assert (await visitor.say("after"))["body"]["text"] == "You said: after"
        async with asyncio.timeout(30):
            await crowd.until_more(20)
        await visitor.catch_up()
        await visitor.close()

    # Two attempts end their process, the third goes to a person undecided. One more may slip in while PostgreSQL
    # still takes the session of the last one for alive.
    assert server.ends in ([[STATUS_OF_DEATH] * 2, [STATUS_OF_DEATH] * 3] if fault == DIE else [[]])
    assert await audit(pool) == []
    assert await compare(pool, visitor) == []
    assert await compare_all(pool, crowd.visitors) == []


async def test_others_wait_no_longer_than_the_budget_of_a_step_that_hangs(server: Keeper, pool: Pool) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        hung, other = (SocketVisitor(Session(http, [server.url])) for _ in range(2))
        await hung.say("before")
        await other.say("before")
        hanging = asyncio.create_task(hung.say(HANG))
        longest = 0.0
        while not hanging.done():
            started = time.monotonic()
            await other.say("meanwhile")
            longest = max(longest, time.monotonic() - started)
        await hanging
        assert 0.5 < longest < 20, "a budget, not the minute that it hangs"
        await hung.close()
        await other.close()


async def test_a_message_that_kills_goes_to_a_person_also_where_another_server_takes_it(
    nursery: Path, addresses: Addresses, server: Keeper, pool: Pool, tmp_path: Path
) -> None:
    async with (
        asyncio.timeout(90),
        kept_server(nursery, addresses, tmp_path) as other,
        aiohttp.ClientSession() as http,
    ):
        visitor = SocketVisitor(Session(http, [server.url, other.url]))
        apology = await visitor.say(DIE)
        assert [choice["id"] for choice in apology["body"]["choices"]] == ["bot"]
        assert len(server.ends) + len(other.ends) in (2, 3)
        assert await owner_of(pool, visitor) == "queue"
        await visitor.close()
    assert await audit(pool) == []
