"""The first answer goes back in the answer to the push; a push that comes again gets the same one."""

from typing import Any

import aiohttp
import pytest

from tests.integration.wechat_edge.phones import Wechat

pytestmark = pytest.mark.heavy

OUTGOING = "SELECT state, route, reason FROM bot.outbox ORDER BY seq"


def answers(push: dict[str, Any]) -> list[str]:
    """What was answered to each delivery of a push."""
    return [one["outcome"] for one in push["attempts"]]


async def test_a_text_is_answered_in_the_answer_to_its_push(phones: Wechat) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        verified = await phones.emulator.control("POST", "/accounts/care/verify", {})
        assert verified["verified"], verified
        push = await phones.do("li", "text", content="你们几点营业？")
    assert answers(push) == ["answered"], push
    [(how, words)] = await phones.shown()
    assert how == "passive"
    assert words
    assert set(phones.rows(OUTGOING)) == {("sent", "passive", None)}
    assert phones.rows("SELECT trigger, sent FROM bot.send_windows") == [("message", 0)]
    assert phones.rows("SELECT channel, account FROM bot.conversations") == [("wechat", "care")]


async def test_a_push_that_comes_twice_is_one_message_with_one_answer(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "duplicate", "count": 1})
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "drop_after", "count": 1})
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("li", "text", content="我要退货")
    assert answers(push) == ["dropped", "answered"]
    assert len(await phones.shown()) == 1
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(1,)]
    assert {row[0] for row in phones.rows(OUTGOING)} == {"sent"}


async def test_a_push_that_comes_again_to_another_server_gets_the_same_answer(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "drop_after", "count": 1})
    with phones.server() as one, phones.server("two") as two:
        await phones.push_to(one)
        done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
        number = done["deliveries"][-1]
        await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent'")
        await phones.push_to(two)
        push = await phones.emulator.control("GET", f"/deliveries/{number}?wait=20")
    assert answers(push) == ["dropped", "answered"]
    assert len(await phones.shown()) == 1
    assert phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'") == [(1,)]


async def test_what_wechat_did_not_send_is_refused(phones: Wechat) -> None:
    with phones.server() as server:
        async with aiohttp.ClientSession() as session:

            async def post(path: str, body: bytes, **query: str) -> int:
                async with session.post(f"{server.url}/channels/{path}/webhook", data=body, params=query) as response:
                    return response.status

            signed = {"signature": "0" * 40, "timestamp": "1", "nonce": "n"}
            assert await post("care", b"<xml></xml>", **signed) == 403
            assert await post("care", b"<xml></xml>") == 403
            assert await post("nobody", b"<xml></xml>", **signed) == 404
            assert await post("shop", b"<xml></xml>", **signed) == 404
            async with session.get(f"{server.url}/channels/care/webhook", params=signed) as response:
                assert response.status == 403
    assert phones.rows("SELECT count(*) FROM bot.inbox") == [(0,)]
