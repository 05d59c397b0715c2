"""What does not go out in the answer to a push goes out by the customer-service API, in order and once."""

import json
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat, wechat

pytestmark = pytest.mark.heavy

TO_QUEUE = "UPDATE bot.conversations SET owner = 'queue', fence = fence + 1, queued_at = now() RETURNING id"
LATEST = "SELECT state, route, reason, error_code FROM bot.outbox ORDER BY seq DESC LIMIT 1"
SENDING = "/cgi-bin/message/custom/send"


async def test_a_person_s_answer_reaches_the_phone(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("您好，我是小美。")
            await person.answer("请问有什么可以帮您？")
            shown = await phones.shown(count=3, wait=10)
    assert shown[1:] == [("custom", "您好，我是小美。"), ("custom", "请问有什么可以帮您？")]
    assert phones.rows(LATEST) == [("sent", "service", None, None)]
    assert phones.rows("SELECT trigger, sent FROM bot.send_windows") == [("message", 2)]


async def test_an_account_without_the_right_answers_with_the_next_message(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with wechat(demo_addresses, tmp_path, {"kind": "subscription", "verified": False}) as phones:
        await phones.user()
        # Ours does not know it: WeChat says so, once.
        with phones.server(account=json.dumps({"kind": "service"})) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            phones.rows(TO_QUEUE)
            async with at_desk(demo_addresses, server) as person:
                await person.answer("您好，我是小美。")
                await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND reason = 'only_passive'")
                await person.answer("请讲。")
                await phones.do("li", "text", content="在吗")
                shown = await phones.shown(count=2, wait=5)
        assert shown[-1] == ("passive", "您好，我是小美。\n\n请讲。")
        assert await phones.emulator.calls(SENDING) == [48001]
        assert {state for (state,) in phones.rows("SELECT state FROM bot.outbox")} == {"sent"}


async def test_what_gets_no_answer_is_unknown_and_the_next_goes_on(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("drop_after", SENDING, count=1)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await person.answer("二")
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent' AND route = 'service'")
    assert [words for how, words in await phones.shown() if how == "custom"] == ["一", "二"]
    assert phones.rows("SELECT state, reason FROM bot.outbox ORDER BY seq DESC LIMIT 2") == [
        ("sent", None),
        ("unknown", "no_answer"),
    ]


async def test_a_busy_wechat_is_asked_again(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("errcode", SENDING, errcode=45011, count=1)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await person.answer("二")
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND error_code = '45011'")
            assert await phones.emulator.calls(SENDING) == [45011]
            shown = await phones.shown(count=3, wait=20)
    assert [words for _, words in shown[1:]] == ["一", "二"]
    assert phones.rows(LATEST) == [("sent", "service", None, None)]
