"""Pushes reach a bot as WeChat sends them, and what it answers reaches the phone."""

import asyncio
import hashlib
import time

import pytest
from aiohttp import web

from emulators.wechat.push.delivery import OUT_OF_ORDER
from tests.integration.emulators.wechat_lab import HURRY, TOKEN, Lab, Received, lab, text_reply


async def echo(received: Received) -> bytes:
    return text_reply(received, f"你说：{received.fields['Content']}")


async def never(_: Received) -> bytes:
    await asyncio.sleep(30)
    return b"success"


async def test_a_text_is_pushed_and_its_passive_answer_is_shown() -> None:
    async with lab() as wechat:
        openid = await wechat.user()
        wechat.answer = echo
        push = await wechat.do("li", "text", content="在吗 <b> ]]> &")
        assert push["outcome"] == "answered"
        assert await wechat.shown("li") == [("passive", "text", "你说：在吗 <b> ]]> &")]
        [received] = wechat.received
        assert received.content_type == "text/xml"
        fields = received.fields
        assert fields["FromUserName"] == openid
        assert fields["ToUserName"] == wechat.world.account_named("shop").settings.original_id
        assert (fields["MsgType"], fields["Content"]) == ("text", "在吗 <b> ]]> &")
        assert abs(int(fields["CreateTime"]) - time.time()) < 60
        assert int(fields["MsgId"]) > 2**53


async def test_every_push_is_signed() -> None:
    async with lab() as wechat:
        openid = await wechat.user()
        await wechat.do("li", "text", content="hi")
        query = wechat.received[0].query
        parts = "".join(sorted((TOKEN, query["timestamp"], query["nonce"])))
        assert query["signature"] == hashlib.sha1(parts.encode()).hexdigest()
        assert query["openid"] == openid
        assert abs(int(query["timestamp"]) - time.time()) < 60


async def test_verification_asks_for_the_echo() -> None:
    async def verify(received: Received) -> bytes:
        assert received.method == "GET"
        return received.query["echostr"].encode()

    async with lab() as wechat:
        assert (await wechat.control("POST", "/accounts/shop/verify"))["verified"] is False
        wechat.answer = verify
        assert (await wechat.control("POST", "/accounts/shop/verify"))["verified"] is True


@pytest.mark.parametrize("answer", [b"success", b""])
async def test_silence_shows_nothing(answer: bytes) -> None:
    async def reply(_: Received) -> bytes:
        return answer

    async with lab() as wechat:
        await wechat.user()
        wechat.answer = reply
        assert (await wechat.do("li", "text", content="hi"))["outcome"] == "silent"
        assert await wechat.shown("li") == []
        assert len(wechat.received) == 1


@pytest.mark.parametrize("tries", [3, 4])
async def test_without_an_answer_the_same_push_comes_again_and_then_the_user_is_told(tries: int) -> None:
    async with lab(delivery=HURRY | {"tries": tries}) as wechat:
        await wechat.user()
        wechat.answer = never
        push = await wechat.do("li", "text", content="hi")
        assert [attempt["outcome"] for attempt in push["attempts"]] == ["timeout"] * tries
        assert all(0.09 < attempt["seconds"] < 10 for attempt in push["attempts"])
        assert len({(one.body, tuple(one.query.items())) for one in wechat.received}) == 1
        assert len(wechat.received) == tries
        assert await wechat.shown("li") == [("error", "text", OUT_OF_ORDER)]


async def test_retries_can_be_signed_anew_and_are_the_same_message() -> None:
    async with lab(delivery=HURRY | {"resign_retries": True}) as wechat:
        await wechat.user()
        wechat.answer = never
        await wechat.do("li", "text", content="hi")
        assert len({one.query["signature"] for one in wechat.received}) == 3
        assert len({one.body for one in wechat.received}) == 1


@pytest.mark.parametrize(("clock", "ahead"), [("wall", 0), ("clock", 7200)])
async def test_the_clock_of_signatures_is_a_setting(clock: str, ahead: float) -> None:
    async with lab(delivery={"signed_at": clock}) as wechat:
        await wechat.user()
        await wechat.control("POST", "/clock/advance", {"seconds": 7200})
        await wechat.do("li", "text", content="hi")
        [received] = wechat.received
        assert abs(int(received.query["timestamp"]) - ahead - time.time()) < 60
        assert abs(int(received.fields["CreateTime"]) - 7200 - time.time()) < 60


async def test_the_answer_to_a_retry_is_shown_once() -> None:
    async def second(received: Received) -> bytes:
        if len(wechat.received) == 1:
            return await never(received)
        return text_reply(received, "late")

    async with lab(delivery={"timeout_s": 5.0}) as wechat:
        await wechat.user()
        wechat.answer = second
        push = await wechat.do("li", "text", content="hi")
        assert [attempt["outcome"] for attempt in push["attempts"]] == ["timeout", "answered"]
        assert await wechat.shown("li") == [("passive", "text", "late")]


async def test_a_fault_of_the_server_is_tried_again() -> None:
    async def recovering(received: Received) -> bytes | web.Response:
        return web.Response(status=500) if len(wechat.received) == 1 else b"success"

    async with lab() as wechat:
        await wechat.user()
        wechat.answer = recovering
        push = await wechat.do("li", "text", content="hi")
        assert [(one["outcome"], one["status"]) for one in push["attempts"]] == [("http_error", 500), ("silent", 200)]


async def test_a_server_that_is_away_is_out_of_order() -> None:
    async with lab(delivery=HURRY) as wechat:
        await wechat.control("PATCH", "/accounts/shop", {"push_url": "http://127.0.0.1:9/"})
        await wechat.user()
        push = await wechat.do("li", "text", content="hi")
        assert [attempt["outcome"] for attempt in push["attempts"]] == ["unreachable"] * 3
        assert push["attempts"][2]["at"] - push["attempts"][0]["at"] > 0.19, "a refusal is waited out too"
        assert await wechat.shown("li") == [("error", "text", OUT_OF_ORDER)]


async def test_who_waits_is_woken_by_the_next_thing(wechat: Lab) -> None:
    await wechat.user()
    started = await wechat.act("li", "text", content="hi")
    waiting = asyncio.create_task(wechat.shown("li", after=started["seq"], wait=10))
    await wechat.control("GET", "/idle?wait=5")
    openid = (await wechat.control("GET", "/users/li"))["chats"][0]["openid"]
    assert await wechat.send(openid, "later") == 0
    assert await waiting == [("custom", "text", "later")]
    assert await wechat.shown("li", after=started["seq"] + 1, wait=0.01) == []


async def test_only_followers_write(wechat: Lab) -> None:
    await wechat.control("POST", "/users", {"user": "wang"})
    await wechat.act("wang", "text", content="hi", status=409)
    assert (await wechat.do("wang", "follow"))["type"] == "subscribe"
    assert (await wechat.do("wang", "text", content="hi"))["type"] == "text"
    assert (await wechat.do("wang", "unfollow"))["fields"]["Event"] == "unsubscribe"
    await wechat.act("wang", "text", content="hi", status=409)
    await wechat.act("wang", "unfollow", status=409)
