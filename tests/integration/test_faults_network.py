"""A node is cut off in the middle of a transaction: another node has its conversation within 15 s."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from bot.rehearsal.audit import audit, compare_all
from bot.rehearsal.facts import SLOW
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.keys import KEYS
from bot.rehearsal.session import Session
from bot.rehearsal.visitors import PlainVisitor, Visitor
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.freezing_proxy import freezing_proxy

pytestmark = pytest.mark.alone

FREE_WITHIN_S = 15.0
NOTICE = 1
"""Whoever writes for the first time is told how their data is used: a line more than questions and answers."""
# A message's blind id passes with the mark of its attempt, with its receiving, and with its recording.
MOMENTS = {"mid_pipeline": (2, False), "locked": (2, True), "committed": (3, True)}


async def post(session: Session, client_msg_id: str, text: str) -> tuple[int, Any]:
    """One delivery, without any trying again."""
    headers = {"Authorization": f"Bearer {await session.token()}"}
    body = {"client_msg_id": client_msg_id, "text": text}
    async with session.http.post(f"{session.base}/messages", json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def cut_off(
    nursery: Path, addresses: Addresses, tmp_path: Path, well: Keeper, moment: str, begin: asyncio.Event
) -> Visitor:
    """A node's way to PostgreSQL goes dead in the middle of a turn, and later works again."""
    async with (
        freezing_proxy(addresses) as (proxy, through_proxy),
        kept_server(nursery, through_proxy, tmp_path) as node,
        aiohttp.ClientSession() as http,
    ):
        await begin.wait()
        visitor = PlainVisitor(Session(http, [well.url]))
        await visitor.say("before")
        there = visitor.session.via([node.url])
        message = uuid4().hex
        occurrence, answers_only = MOMENTS[moment]
        blind = KEYS.blind("message", "shop", f"{visitor.session.identity}:{message}")
        proxy.freeze_at(blind, occurrence, answers_only=answers_only)
        stuck = asyncio.create_task(post(there, message, "in the middle"))
        await proxy.frozen.wait()

        frozen = time.monotonic()
        assert await visitor.send(message, text="in the middle") == 3 + NOTICE
        taken_over = time.monotonic() - frozen
        assert taken_over < (5 if moment == "committed" else FREE_WITHIN_S)
        await visitor.say("after")
        assert not await node.ready()
        status, _ = await stuck
        assert status == 503, "a request must not wait for ever for an answer that does not come"

        proxy.thaw()
        async with asyncio.timeout(10):
            await node.until_ready()
        # A connection that died in the meantime may still cost one 503: the client sends again, as it always does.
        assert await PlainVisitor(there).send(message, text="in the middle") == 3 + NOTICE
        await visitor.say("and after that")
        assert node.ends == []
    return visitor


async def stand_still(
    nursery: Path, addresses: Addresses, tmp_path: Path, well: Keeper, pool: Pool, begin: asyncio.Event
) -> Visitor:
    """A node's process stands still in the middle of a turn, and later goes on."""
    async with kept_server(nursery, addresses, tmp_path) as node, aiohttp.ClientSession() as http:
        visitor = PlainVisitor(Session(http, [well.url]))
        await visitor.say("before")
        await PlainVisitor(visitor.session.via([node.url])).say("it is well")
        message = uuid4().hex
        stuck = asyncio.create_task(post(visitor.session.via([node.url]), message, SLOW))
        await until_in_a_transaction(pool)
        node.signal(signal.SIGSTOP)
        stopped = time.monotonic()
        begin.set()
        try:
            assert await visitor.send(message, text=SLOW) == 5 + NOTICE
            assert time.monotonic() - stopped < FREE_WITHIN_S
            await visitor.say("after")
        finally:
            node.signal(signal.SIGCONT)
        status, answer = await stuck
        assert status == 503 or answer["ack"]["seq"] == 5 + NOTICE
        async with asyncio.timeout(10):
            await node.until_ready()
        await visitor.say("and after that")
        assert node.ends == []
    return visitor


@pytest.mark.slow
async def test_nodes_that_are_lost_in_a_transaction_free_their_conversations(
    nursery: Path, addresses: Addresses, pool: Pool, tmp_path: Path
) -> None:
    begin = asyncio.Event()
    async with asyncio.timeout(120), kept_server(nursery, addresses, tmp_path) as well:
        visitors = await asyncio.gather(
            stand_still(nursery, addresses, tmp_path, well, pool, begin),
            *(cut_off(nursery, addresses, tmp_path, well, moment, begin) for moment in MOMENTS),
        )
        assert well.ends == []

    assert await audit(pool) == []
    assert await compare_all(pool, visitors) == []


async def until_in_a_transaction(pool: Pool) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    async with asyncio.timeout(10), pool.connection() as connection:
        while await (await connection.execute(query)).fetchone() != (1,):
            await connection.execute("SELECT pg_sleep(0.01)")
