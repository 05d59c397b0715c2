"""A process that dies while it sends: what it had begun is unknown, what it had not goes out."""

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE
from tests.integration.wechat_edge.test_windows import PATIENT

pytestmark = pytest.mark.heavy

STATES = "SELECT state, reason FROM bot.outbox ORDER BY seq DESC LIMIT 2"
OVER = "UPDATE bot.outbox SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL RETURNING 1"


async def test_what_was_begun_is_unknown_and_what_was_not_goes_out(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("latency", SENDING, seconds=5, count=1)
    one = phones.server(account=PATIENT).start()
    await phones.push_to(one)
    await phones.do("li", "text", content="你们几点营业？")
    phones.rows(TO_QUEUE)
    async with at_desk(demo_addresses, one) as person:
        await person.answer("一")
        await person.answer("二")
        await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'begun'")
        await phones.emulator.struck()
        one.kill()
    assert phones.rows(STATES) == [("queued", None), ("begun", None)]
    with phones.server("two"):
        assert phones.rows(STATES) == [("queued", None), ("begun", None)]
        phones.rows(OVER)
        await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent' AND route = 'service'")
    assert phones.rows(STATES) == [("sent", None), ("unknown", "interrupted")]
    said = [words for how, words in await phones.shown() if how == "custom"]
    assert said.count("二") == 1
    assert said.count("一") <= 1


async def test_an_answer_that_was_never_given_is_given_by_the_next_server(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "drop_after", "count": 1})
    one = phones.server().start()
    with phones.server("two") as two:
        await phones.push_to(one)
        done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
        await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent'")
        one.kill()
        await phones.push_to(two)
        push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
    assert [one["outcome"] for one in push["attempts"]] == ["dropped", "answered"]
    assert len(await phones.shown()) == 1
