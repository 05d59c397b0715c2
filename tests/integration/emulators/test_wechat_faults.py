"""Failures on demand, on pushes and on the API."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from emulators.wechat.push.delivery import OUT_OF_ORDER
from tests.integration.emulators.wechat_lab import Lab, Received, text_reply

SEND = "/cgi-bin/message/custom/send"


async def fault(wechat: Lab, **rule: Any) -> int:
    return int((await wechat.control("POST", "/faults", rule, status=201))["id"])


async def echo(received: Received) -> bytes:
    return text_reply(received, received.fields["Content"])


async def test_an_attempt_that_is_lost_before_or_after_is_made_again(wechat: Lab) -> None:
    await wechat.user()
    wechat.answer = echo
    await fault(wechat, on="push", fault="drop_before", count=1)
    push = await wechat.do("li", "text", content="a")
    assert [one["outcome"] for one in push["attempts"]] == ["dropped", "answered"]
    assert len(wechat.received) == 1
    await wechat.control("DELETE", "/faults")
    await fault(wechat, on="push", fault="drop_after", count=1)
    push = await wechat.do("li", "text", content="b")
    assert [one["outcome"] for one in push["attempts"]] == ["dropped", "answered"]
    assert wechat.received[1].body == wechat.received[2].body
    assert await wechat.shown("li") == [("passive", "text", "a"), ("passive", "text", "b")]


async def test_a_push_that_is_lost_every_time_tells_the_user(wechat: Lab) -> None:
    await wechat.user()
    await fault(wechat, on="push", fault="drop_before", type="text", user="li")
    await wechat.do("li", "text", content="a")
    assert await wechat.shown("li") == [("error", "text", OUT_OF_ORDER)]
    assert wechat.received == []
    assert (await wechat.do("li", "unfollow"))["outcome"] == "silent", "another type is spared"


async def test_a_duplicate_is_identical_and_shown_once(wechat: Lab) -> None:
    await wechat.user()
    wechat.answer = echo
    await fault(wechat, on="push", fault="duplicate")
    await wechat.do("li", "text", content="a")
    await wechat.control("GET", "/idle?wait=20")
    assert len({(one.body, tuple(one.query.items())) for one in wechat.received}) == 1
    assert len(wechat.received) == 2
    assert await wechat.shown("li") == [("passive", "text", "a")]


async def test_a_push_is_overtaken_by_the_next(wechat: Lab) -> None:
    await wechat.user()
    await fault(wechat, on="push", fault="reorder", count=1, seconds=10)
    first = await wechat.act("li", "text", content="first")
    await wechat.do("li", "text", content="second")
    await wechat.control("GET", f"/deliveries/{first['deliveries'][0]}?wait=20")
    assert [one.fields["Content"] for one in wechat.received] == ["second", "first"]


async def test_a_push_that_nothing_overtakes_goes_in_the_end(wechat: Lab) -> None:
    await wechat.user()
    await fault(wechat, on="push", fault="reorder", seconds=0.05)
    assert (await wechat.do("li", "text", content="alone"))["outcome"] == "silent"


async def test_latency_is_added(wechat: Lab) -> None:
    openid = await wechat.user()
    await fault(wechat, on="push", fault="latency", seconds=0.2)
    await fault(wechat, on="api", fault="latency", seconds=0.2, path=SEND)
    began = time.perf_counter()
    await wechat.do("li", "text", content="a")
    assert 0.2 <= time.perf_counter() - began < 10
    began = time.perf_counter()
    assert await wechat.send(openid) == 0
    assert 0.2 <= time.perf_counter() - began < 10


@pytest.mark.parametrize("errcode", [45015, 45047, 45009, 40001, -1])
async def test_an_error_code_is_answered_and_nothing_is_done(wechat: Lab, errcode: int) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="a")
    await fault(wechat, on="api", fault="errcode", errcode=errcode, path="*/custom/*", count=1)
    assert await wechat.send(openid) == errcode
    assert await wechat.shown("li") == []
    assert await wechat.send(openid) == 0


@pytest.mark.parametrize(("kind", "done"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_is_lost_before_or_after_the_call_is_carried_out(wechat: Lab, kind: str, done: int) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="a")
    await fault(wechat, on="api", fault=kind, path=SEND, count=1)
    with pytest.raises(aiohttp.ClientError):
        await wechat.send(openid)
    assert len(await wechat.shown("li")) == done


async def test_half_a_body_and_a_bad_gateway(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="a")
    url = wechat.emulator.make_url(SEND)
    body = {"touser": openid, "msgtype": "text", "text": {"content": "x"}}
    query = {"access_token": await wechat.token()}
    await fault(wechat, on="api", fault="broken_json", path=SEND, count=1)
    async with wechat.client.post(url, params=query, json=body) as response:
        assert (await response.text()).startswith('{"errcode"')
        with pytest.raises(ValueError):
            await response.json()
    await fault(wechat, on="api", fault="http_502", path=SEND, count=1)
    async with wechat.client.post(url, params=query, json=body) as response:
        assert (response.status, response.content_type) == (502, "text/html")
    calls = (await wechat.control("GET", f"/calls?path={SEND}"))["calls"]
    assert [call["errcode"] for call in calls] == [0, 502]
    assert len(await wechat.shown("li")) == 1, "half a body was carried out, a bad gateway was not"


async def test_slow_media_arrive_in_pieces(wechat: Lab) -> None:
    await wechat.user()
    await wechat.do("li", "voice")
    await fault(wechat, on="api", fault="slow", path="/cgi-bin/media/get", seconds=0.3)
    query = {"access_token": await wechat.token(), "media_id": wechat.received[0].fields["MediaId"]}
    began = time.perf_counter()
    async with wechat.client.get(wechat.emulator.make_url("/cgi-bin/media/get"), params=query) as response:
        first = await response.content.readany()
        rest = await response.read()
    assert time.perf_counter() - began >= 0.25
    assert 0 < len(first) < len(first + rest) == 56


async def test_a_picture_by_its_address_can_be_slow_or_fail(wechat: Lab) -> None:
    await wechat.user()
    await wechat.do("li", "image")
    url = wechat.received[0].fields["PicUrl"]
    await fault(wechat, on="api", fault="slow", path="/mmbiz/*", seconds=0.3, count=1)
    await fault(wechat, on="api", fault="http_502", path="/mmbiz/*", skip=1, count=1)
    began = time.perf_counter()
    async with wechat.client.get(url) as response:
        assert (await response.read()).startswith(b"\x89PNG")
    assert time.perf_counter() - began >= 0.25
    async with wechat.client.get(url) as response:
        assert response.status == 502
    async with wechat.client.get(url) as response:
        assert response.status == 200


async def test_chance_is_repeatable_and_rules_can_be_skipped_counted_and_removed(wechat: Lab) -> None:
    await wechat.user()
    await wechat.control("PATCH", "/delivery", {"spacing_s": 0})

    async def struck() -> list[bool]:
        pushes = [await wechat.do("li", "text", content=str(turn)) for turn in range(30)]
        return [len(push["attempts"]) > 1 for push in pushes]

    runs = []
    for _ in range(2):
        number = await fault(wechat, on="push", fault="drop_after", probability=0.4, seed=7)
        runs.append(await struck())
        await wechat.control("DELETE", f"/faults/{number}")
    assert runs[0] == runs[1]
    assert 3 < sum(runs[0]) < 27
    number = await fault(wechat, on="push", fault="drop_after", skip=2, count=1)
    assert (await struck())[:5] == [False, False, True, False, False]
    [rule] = (await wechat.control("GET", "/faults"))["faults"]
    assert (rule["id"], rule["fired"]) == (number, 1)
    await wechat.control("DELETE", "/faults/99", status=404)
    await wechat.control("POST", "/faults", {"on": "push", "fault": "earthquake"}, status=400)


async def test_no_task_is_left_behind_when_the_emulator_stops_in_the_middle(wechat: Lab) -> None:
    async def never(_: Received) -> bytes:
        await asyncio.sleep(30)
        return b""

    await wechat.user()
    wechat.answer = never
    await wechat.control("PATCH", "/delivery", {"scale": 1.0})
    await wechat.act("li", "text", content="a")
    await asyncio.wait_for(wechat.arrived.wait(), 5)
    await wechat.control("POST", "/reset")
    assert (await wechat.control("GET", "/idle"))["idle"] is True
    assert (await wechat.control("GET", "/statistics"))["pushes"] == 0
