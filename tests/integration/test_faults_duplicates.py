"""The same message often and at once, over HTTP and sockets, on two servers: one row, one answer, for everybody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from bot.rehearsal.audit import audit, compare, compare_all
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.session import Session
from bot.rehearsal.visitors import PlainVisitor, SocketVisitor
from bot.storage.database import Addresses
from bot.storage.pool import Pool

pytestmark = pytest.mark.heavy

Servers = tuple[Keeper, Keeper]


@pytest.fixture
async def servers(nursery: Path, addresses: Addresses, tmp_path: Path) -> AsyncIterator[Servers]:
    async with kept_server(nursery, addresses, tmp_path) as one, kept_server(nursery, addresses, tmp_path) as two:
        yield one, two


async def post(session: Session, server: Keeper, client_msg_id: str, text: str) -> bytes:
    """One delivery; its answer as it came."""
    headers = {"Authorization": f"Bearer {await session.token()}"}
    url = f"{server.url}/channels/shop/messages"
    body = {"client_msg_id": client_msg_id, "text": text}
    async with session.http.post(url, json=body, headers=headers) as response:
        content = await response.read()
    assert response.status == 200, content
    return content


async def test_two_deliveries_at_the_same_instant_a_thousand_times_on_two_servers(servers: Servers, pool: Pool) -> None:
    async with asyncio.timeout(180), aiohttp.ClientSession() as http:
        sessions = [Session(http, [servers[0].url]) for _ in range(20)]

        async def fifty_twice(session: Session) -> None:
            for number in range(50):
                first, second = await asyncio.gather(
                    *(post(session, server, f"m{number}", f"note {number}") for server in servers)
                )
                assert first == second
                assert b"You said" in first

        await asyncio.gather(*map(fifty_twice, sessions))

    assert await audit(pool, no_marks=True) == []
    assert await count(pool, "bot.messages") == 2000 + 20, "and everybody's notice of the first contact"
    assert await count(pool, "crm.contacts") == 20


@pytest.mark.parametrize("times", [2, 10, 50])
async def test_the_same_message_many_times_at_once_and_later(servers: Servers, pool: Pool, times: int) -> None:
    async with asyncio.timeout(120), aiohttp.ClientSession() as http:
        session = Session(http, [servers[0].url])
        await session.token()
        tabs = [SocketVisitor(session.via([servers[number % 2].url])) for number in range(times)]
        message = uuid4().hex
        answers = await asyncio.gather(
            *(tab.send(message, text="once") for tab in tabs),
            *(post(session, servers[number % 2], message, "once") for number in range(times)),
        )
        assert set(answers[:times]) == {1}
        assert len(set(answers[times:])) == 1
        later = await post(session, servers[1], message, "not the same text, but the same message")
        assert later == answers[-1]
        assert await tabs[0].send(message, text="once") == 1
        await asyncio.gather(*(tab.catch_up() for tab in tabs))
        faults = await compare_all(pool, tabs)
        await asyncio.gather(*(tab.close() for tab in tabs))

    assert faults == []
    assert await audit(pool, no_marks=True) == []
    assert await count(pool, "bot.messages") == 2 + 1, "the notice of the first contact"


async def test_ten_first_messages_of_one_visitor_at_once(servers: Servers, pool: Pool) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        session = Session(http, [servers[0].url])
        await asyncio.gather(*(post(session, servers[n % 2], f"first{n}", f"note {n}") for n in range(10)))
        visitor = PlainVisitor(session)
        await visitor.catch_up()
        assert len(visitor.thread.messages) == 20 + 1, "the notice of the first contact"
        assert await compare(pool, visitor) == []

    assert await audit(pool, no_marks=True) == []
    for table in ("crm.contacts", "crm.identities", "bot.conversations"):
        assert await count(pool, table) == 1


async def count(pool: Pool, table: str) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
    assert row is not None
    return int(row[0])
