"""Turns that take longer than one, two and three of WeChat's tries, with WeChat's own times and ours, side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat

pytestmark = pytest.mark.heavy

TURNS = {
    4.9: ["timeout", "answered"],
    6.0: ["timeout", "answered"],
    12.0: ["timeout", "timeout", "answered"],
    30.0: ["timeout", "timeout", "silent"],
}
"""Seconds that a turn takes, and what becomes of the tries of its push."""
ALL_SENT = f"""
SELECT 1 FROM bot.messages HAVING count(*) FILTER (WHERE direction = 'in') = {2 * len(TURNS)}
   AND NOT EXISTS (SELECT FROM bot.outbox WHERE state <> 'sent')
"""
"""Also the turn that no try waited for has been taken: until then it has no line."""


@asynccontextmanager
async def locked(addresses: Addresses, conversation: UUID) -> AsyncIterator[None]:
    """One conversation's turns wait until the block ends."""
    async with await psycopg.AsyncConnection.connect(addresses.application_url) as connection:
        await connection.execute("SELECT FROM bot.conversations WHERE id = %s FOR UPDATE", (conversation,))
        yield


async def test_each_answer_comes_once_by_the_way_that_is_left(phones: Wechat, demo_addresses: Addresses) -> None:
    conversations: dict[float, UUID] = {}
    with phones.server() as server:
        await phones.push_to(server)
        for seconds in TURNS:
            await phones.user(f"u{seconds}")
            await phones.do(f"u{seconds}", "text", content="退款啥时候能到我微信")
            [conversations[seconds]] = {number for (number,) in phones.rows("SELECT id FROM bot.conversations")} - set(
                conversations.values()
            )

        async def ask(seconds: float) -> int:
            async with locked(demo_addresses, conversations[seconds]):
                body = {"content": "退货最晚是哪天啊"}
                done = await phones.emulator.control("POST", f"/users/u{seconds}/text", body)
                await asyncio.sleep(seconds)
            return int(done["deliveries"][-1])

        pushes = await asyncio.gather(*map(ask, TURNS))
        for (seconds, outcomes), number in zip(TURNS.items(), pushes, strict=True):
            push = await phones.emulator.control("GET", f"/deliveries/{number}?wait=20")
            assert [one["outcome"] for one in push["attempts"]] == outcomes, seconds
        await phones.until(ALL_SENT)
        for seconds, outcomes in TURNS.items():
            found = await phones.emulator.control("GET", f"/users/u{seconds}/phone?how=passive,custom,error")
            [_, line] = found["lines"]
            assert line["how"] == ("passive" if outcomes[-1] == "answered" else "custom"), seconds
            assert "依据：“多少天之内可以退货？”" in (line["content"].get("content") or line["content"]["head"])
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(2 * len(TURNS),)]
