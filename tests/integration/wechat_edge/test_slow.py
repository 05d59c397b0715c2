"""A turn that takes longer than WeChat waits: its answer comes once, by the way that is left.

A decision itself is bounded by ``turn.decide_s``, so what makes a turn slow here is what the budget does not bound: the
conversation's row is locked by somebody else, as by a process that hangs in the middle of a turn. WeChat's times, and
ours, run at two fifths here; test_slow_long has its own.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from bot.rehearsal.facts import HANG
from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat, wechat

pytestmark = pytest.mark.heavy

PATIENT = {"YINGDA_TURN__LOCK_S": "25"}
SCALE = 0.4
LATEST = "SELECT state, route FROM bot.outbox ORDER BY queued_at DESC, seq DESC LIMIT 1"
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


async def test_the_last_try_is_known_although_wechats_clock_is_an_hour_ahead(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    """The lock is waited for 5 s, so that turns are given up meanwhile, put on disk, and taken up again."""
    hasty = json.dumps({"push_try_s": 5 * SCALE})
    async with wechat(demo_addresses, tmp_path, {}, delivery={"scale": SCALE}) as phones:
        await phones.emulator.control("POST", "/clock/advance", {"seconds": 3600})
        with phones.server(account=hasty) as server:
            await phones.user()
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            async with held(demo_addresses):
                done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
                await asyncio.sleep(30 * SCALE)
            push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
            await phones.until(ALL_SENT)
            assert [way for way, _ in await phones.shown(count=2, wait=5)] == ["passive", "custom"]
        assert [one["outcome"] for one in push["attempts"]] == ["timeout", "timeout", "silent"]
        assert phones.rows(LATEST) == [("sent", "service")]
        assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(2,)]


async def test_a_late_answer_of_an_account_that_may_only_answer_goes_with_the_next_message(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    """No try is left, and nothing can be sent: the line waits, WeChat is not even asked."""
    account = {"kind": "subscription", "verified": False}
    hasty = json.dumps({"push_try_s": 5 * SCALE, "kind": "subscription"})
    async with wechat(demo_addresses, tmp_path, account, delivery={"scale": SCALE}) as phones:
        await phones.user()
        with phones.server(account=hasty) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="退款啥时候能到我微信")
            async with held(demo_addresses):
                done = await phones.emulator.control("POST", "/users/li/text", {"content": "退货最晚是哪天啊"})
                push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
                await asyncio.sleep(1)
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND reason = 'only_passive'")
            assert len(await phones.shown()) == 1
            await phones.do("li", "text", content="降价了补差价不")
            [_, (way, words)] = await phones.shown(count=2, wait=5)
        assert await phones.emulator.calls("/cgi-bin/message/custom/send") == []
    assert [one["outcome"] for one in push["attempts"]] == ["timeout", "timeout", "silent"]
    assert way == "passive"
    assert 0 < words.index("多少天之内可以退货") < words.index("买完降价了可以退差价吗")
    assert phones.rows("SELECT DISTINCT state, route FROM bot.outbox") == [("sent", "passive")]


async def test_a_decision_that_hangs_is_cut_off_in_time_for_the_first_answer(phones: Wechat) -> None:
    """It takes a minute; after ``turn.decide_s`` there is one apology, and a person is asked."""
    await phones.user()
    with phones.server(module="bot.rehearsal.server") as server:
        await phones.push_to(server)
        push = await phones.do("li", "text", content=HANG)
        shown = await phones.shown()
    assert [one["outcome"] for one in push["attempts"]] == ["answered"]
    assert 1 <= push["attempts"][0]["seconds"] < 5
    [(way, words)] = shown
    assert way == "passive"
    assert words.count("抱歉") == 1
    assert phones.rows("SELECT owner FROM bot.conversations") == [("queue",)]


async def test_a_turn_in_another_process_is_waited_for(demo_addresses: Addresses, tmp_path: Path) -> None:
    """The push comes to two servers, of which one waits less for the lock: it is not refused, and answered once."""
    async with wechat(demo_addresses, tmp_path, {}) as phones:
        await phones.user()
        with phones.server(**PATIENT) as one, phones.server("two", YINGDA_TURN__LOCK_S="1") as two:
            await phones.push_to(one)
            await phones.do("li", "text", content="你们几点营业？")
            async with held(demo_addresses):
                done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
                await asyncio.sleep(1)
                await phones.push_to(two)
                await asyncio.sleep(7)
            push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
            await phones.until(ALL_SENT)
            shown = await phones.shown(count=2, wait=5)
    assert [one["outcome"] for one in push["attempts"]] == ["timeout", "answered"]
    assert [way for way, _ in shown] == ["passive", "passive"]
