"""``yingda worker`` sends too, with a server beside it or without; who is killed takes nothing along."""

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_kills import OVER
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE
from tests.integration.wechat_edge.test_windows import PATIENT

pytestmark = pytest.mark.heavy

LINES = 8
ALL_DONE = "SELECT 1 FROM bot.outbox HAVING count(*) FILTER (WHERE state IN ('queued', 'begun')) = 0"
OURS = "SELECT state, reason FROM bot.outbox WHERE route IS DISTINCT FROM 'passive' ORDER BY seq"
PAID = """
INSERT INTO bot.send_windows (identity_id, trigger, at) SELECT identity_id, 'payment', now() FROM bot.conversations
RETURNING 1
"""


async def test_a_worker_goes_on_where_a_server_was_killed(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("latency", SENDING, seconds=5, count=1)
    server = phones.server(account=PATIENT).start()
    await phones.push_to(server)
    await phones.do("li", "text", content="你们几点营业？")
    phones.rows(TO_QUEUE)
    async with at_desk(demo_addresses, server) as person:
        await person.answer("一")
        await phones.emulator.struck()
        await person.answer("二")
        await person.answer("三")
        server.kill()
    worker = phones.server("two", "worker").start(wait=False)
    try:
        phones.rows(OVER)
        await phones.until(ALL_DONE)
    finally:
        assert worker.stop() == 0
    assert phones.rows(OURS) == [("unknown", "interrupted"), ("sent", None), ("sent", None)]
    said = [words for how, words in await phones.shown() if how == "custom"]
    assert [words for words in said if words != "一"] == ["二", "三"]
    assert said.count("一") <= 1


async def test_of_two_at_work_one_may_be_killed(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("latency", SENDING, seconds=0.4)
    with phones.server(account=PATIENT) as server:
        worker = phones.server("two", "worker", account=PATIENT).start(wait=False)
        try:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            phones.rows(TO_QUEUE)
            await phones.emulator.control("POST", "/users/li/pay", {})
            phones.rows(PAID)
            async with at_desk(demo_addresses, server) as person:
                await phones.until("SELECT 1 FROM procrastinate_workers HAVING count(*) > 1")
                for number in range(LINES):
                    await person.answer(str(number))
                await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent' AND route = 'service'")
        finally:
            worker.kill()
        phones.rows(OVER)
        await phones.until(ALL_DONE)
    outcomes = phones.rows(OURS)
    said = [words for how, words in await phones.shown() if how == "custom"]
    assert said == sorted(set(said))
    assert {str(number) for number, (state, _) in enumerate(outcomes) if state == "sent"} <= set(said)
    assert len(outcomes) == LINES
    assert {state for state, _ in outcomes} <= {"sent", "unknown"}
    assert [state for state, _ in outcomes].count("unknown") <= 2  # the server's own lease was ended too
