"""A turn that takes longer than WeChat waits: its answer comes once, by the way that is left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat

pytestmark = pytest.mark.heavy

PATIENT = {"YINGDA_TURN__LOCK_S": "25"}
LATEST = "SELECT state, route FROM bot.outbox ORDER BY seq DESC LIMIT 1"
ALL_SENT = """
SELECT 1 FROM bot.messages HAVING count(*) FILTER (WHERE direction = 'in') = 2
   AND NOT EXISTS (SELECT FROM bot.outbox WHERE state <> 'sent')
"""


@asynccontextmanager
async def held(addresses: Addresses) -> AsyncIterator[None]:
    """Every conversation is locked, so that turns wait, until the block ends."""
    async with await psycopg.AsyncConnection.connect(addresses.application_url) as connection:
        await connection.execute("SELECT FROM bot.conversations FOR UPDATE")
        yield


@pytest.mark.parametrize(("seconds", "outcomes", "how"), [(6.5, 2, "passive"), (15.5, 3, "custom")])
async def test_a_slow_answer_comes_once(
    phones: Wechat, demo_addresses: Addresses, seconds: float, outcomes: int, how: str
) -> None:
    await phones.user()
    with phones.server(**PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        async with held(demo_addresses):
            done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
            await asyncio.sleep(seconds)
        number = done["deliveries"][-1]
        push = await phones.emulator.control("GET", f"/deliveries/{number}?wait=20")
        await phones.until(ALL_SENT)
        shown = await phones.shown(count=2, wait=5)
    assert [one["outcome"] for one in push["attempts"]] == ["timeout"] * (outcomes - 1) + [
        "answered" if how == "passive" else "silent"
    ]
    assert [way for way, _ in shown] == ["passive", how]
    assert phones.rows(LATEST) == [("sent", "passive" if how == "passive" else "service")]
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(2,)]
