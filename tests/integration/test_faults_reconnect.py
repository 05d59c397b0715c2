"""Whoever comes back gets exactly what they miss: over sockets and polls, after restarts, in every tab."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.rehearsal.audit import audit, compare, compare_all
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.session import Session
from bot.rehearsal.traffic import traffic
from bot.rehearsal.visitors import Closed, PlainVisitor, SocketVisitor, Visitor
from bot.storage.database import Addresses
from bot.storage.pool import Pool

pytestmark = pytest.mark.heavy

REPLAY_LIMIT = 500
NOTICE = 1
"""Whoever writes for the first time is told how their data is used: a line more than questions and answers."""


@pytest.fixture
async def server(nursery: Path, addresses: Addresses, tmp_path: Path) -> AsyncIterator[Keeper]:
    async with kept_server(nursery, addresses, tmp_path) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


async def test_a_hello_is_answered_with_exactly_what_is_missing(
    server: Keeper, pool: Pool, http: aiohttp.ClientSession
) -> None:
    here = SocketVisitor(Session(http, [server.url]))
    for number in range(5):
        await here.say(f"note {number}")
    await here.close()
    elsewhere = PlainVisitor(here.session)
    for number in range(3):
        await elsewhere.send(text=f"note {number} from elsewhere")

    frames = [await here.receive() for _ in range(6)]
    assert here.welcome == {"type": "welcome", "seq": 16 + NOTICE, "received_seq": 0, "read_seq": 0}
    assert [frame["seq"] for frame in frames] == list(range(11 + NOTICE, 17 + NOTICE))
    await here.post({"type": "ping"})
    assert await here.receive() == {"type": "pong"}, "and nothing else"
    assert await compare(pool, here) == []
    await here.close()


async def test_who_is_ahead_or_far_behind_starts_anew(server: Keeper, pool: Pool, http: aiohttp.ClientSession) -> None:
    writer = PlainVisitor(Session(http, [server.url]))
    for number in range(REPLAY_LIMIT // 2 - 1):
        await writer.send(text=f"note {number}")
    just_in_reach = SocketVisitor(writer.session)
    await just_in_reach.catch_up()
    assert (just_in_reach.thread.resets, len(just_in_reach.thread.messages)) == (0, REPLAY_LIMIT - 2 + NOTICE)
    await writer.send(text="one more")

    for visitor in (SocketVisitor(writer.session), PlainVisitor(writer.session)):
        await visitor.catch_up()
        assert visitor.thread.resets == 1
        assert [message["seq"] for message in visitor.thread.messages] == list(
            range(1 + NOTICE, REPLAY_LIMIT + 1 + NOTICE)
        )

        visitor.thread.last_seq = 10_000
        await visitor.catch_up()
        assert visitor.thread.resets == 2
        assert [message["seq"] for message in visitor.thread.messages] == list(
            range(1 + NOTICE, REPLAY_LIMIT + 1 + NOTICE)
        )
        await visitor.close()
    await just_in_reach.close()


async def test_every_tab_sees_everything_in_one_order(server: Keeper, pool: Pool, http: aiohttp.ClientSession) -> None:
    session = Session(http, [server.url])
    tabs: list[Visitor] = [SocketVisitor(session), SocketVisitor(session), PlainVisitor(session)]

    async def write(tab: Visitor) -> None:
        for number in range(20):
            await tab.say(f"note {number}")

    async with asyncio.timeout(60):
        await asyncio.gather(*map(write, tabs))
        for tab in tabs:
            await tab.read_to(120 + NOTICE)
    assert await compare_all(pool, tabs) == []
    for tab in tabs:
        await tab.close()


async def test_tabs_on_two_servers_that_know_nothing_of_each_other_see_one_order(
    nursery: Path, addresses: Addresses, server: Keeper, pool: Pool, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with asyncio.timeout(60), kept_server(nursery, addresses, tmp_path) as other:
        here = SocketVisitor(Session(http, [server.url]))
        await here.say("hello")
        there = SocketVisitor(here.session.via([other.url]))
        for number in range(10):
            await there.say(f"note {number} from there")
            await here.say(f"note {number} from here")
        await there.read_to(here.thread.last_seq - 2)
        await there.catch_up()
        assert here.closes == there.closes == [], "nobody had to come back to see it"
        assert await compare_all(pool, [here, there]) == []
        await here.close()
        await there.close()


async def test_a_tab_hears_of_another_without_asking(server: Keeper, http: aiohttp.ClientSession) -> None:
    session = Session(http, [server.url])
    listening, polling, writing = SocketVisitor(session), PlainVisitor(session), PlainVisitor(session)
    await listening.catch_up()
    poll = asyncio.create_task(polling.poll(wait_s=25))
    await asyncio.sleep(0.2)
    assert not poll.done()

    started = time.monotonic()
    await writing.send(text="hello")
    frames = [await listening.receive() for _ in range(2 + NOTICE)]
    assert [frame["seq"] for frame in frames] == [1, 2, 2 + NOTICE]
    assert [message["seq"] for message in await poll] == [1, 2, 2 + NOTICE]
    assert time.monotonic() - started < 15
    await listening.close()


async def test_a_poll_waits_no_longer_than_it_is_told(server: Keeper, http: aiohttp.ClientSession) -> None:
    visitor = PlainVisitor(Session(http, [server.url]))
    await visitor.say("hello")
    started = time.monotonic()
    assert await visitor.poll(wait_s=0.5) == []
    assert 0.4 < time.monotonic() - started < 15


async def test_a_restart_sends_sockets_away_and_everybody_goes_on(
    server: Keeper, pool: Pool, http: aiohttp.ClientSession
) -> None:
    waiting = PlainVisitor(Session(http, [server.url]))
    await waiting.say("hello")
    async with asyncio.timeout(60), traffic([server.url], 6) as crowd:
        await crowd.until_more(20)
        idle = SocketVisitor(Session(http, [server.url]))
        await idle.say("hello")
        await idle.receive()  # the notice
        poll = asyncio.create_task(waiting.poll(wait_s=25))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        server.signal(signal.SIGTERM)
        with pytest.raises(Closed) as closed:
            await idle.receive()
        assert closed.value.code == aiohttp.WSCloseCode.GOING_AWAY
        await poll
        await server.until_ended()
        assert time.monotonic() - started < 15, "a drain waits for no poll and no browser"
        await crowd.until_more(20)
        await idle.close()
        assert (await idle.say("and again"))["seq"] == 4 + NOTICE

    assert server.ends == [0]
    for visitor in crowd.visitors:
        if isinstance(visitor, SocketVisitor):
            assert set(visitor.closes) <= {aiohttp.WSCloseCode.GOING_AWAY}
    assert await audit(pool, no_marks=True) == []
    assert await compare_all(pool, [*crowd.visitors, idle]) == []
    await idle.close()


async def test_receipts_are_kept_and_told(server: Keeper, pool: Pool, http: aiohttp.ClientSession) -> None:
    visitor = SocketVisitor(Session(http, [server.url]))
    await visitor.say("hello")
    await visitor.receive()  # the notice
    last = 2 + NOTICE
    await visitor.post({"type": "received", "seq": last})
    await visitor.post({"type": "read", "seq": 1})
    await visitor.post({"type": "received", "seq": 1})
    await visitor.post({"type": "read", "seq": 99})
    await visitor.post({"type": "ping"})
    assert await visitor.receive() == {"type": "pong"}
    await visitor.catch_up()
    assert visitor.welcome == {"type": "welcome", "seq": last, "received_seq": last, "read_seq": last}
    async with pool.connection() as connection:
        states = await (await connection.execute("SELECT state FROM bot.outbox")).fetchall()
    assert states == [("sent",)] * (1 + NOTICE)
    await visitor.close()
