"""The control API: users by the thousand, streams of what a phone shows, the clock, figures, reset."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.integration.emulators.wechat_lab import Lab, Received, account, lab, text_reply


async def events(wechat: Lab, user: str, after: int = 0, last: str | None = None) -> AsyncGenerator[tuple[str, Any]]:
    """The phone as a browser's EventSource reads it."""
    headers = {"Last-Event-ID": last} if last else {}
    url = wechat.emulator.make_url(f"/control/users/{user}/events").with_query(after=after)
    name = ""
    async with wechat.client.get(url, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        async for raw in response.content:
            line = raw.decode().strip()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


async def test_a_stream_carries_everything_a_phone_shows_and_goes_on_where_it_stopped(wechat: Lab) -> None:
    async def echo(received: Received) -> bytes:
        return text_reply(received, "收到") if "Content" in received.fields else b""

    openid = await wechat.user()
    wechat.answer = echo
    seen: list[tuple[str, Any]] = []

    async def follow() -> None:
        async for event in events(wechat, "li"):
            seen.append(event)
            if event[0] == "menu":
                return

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        await wechat.do("li", "text", content="在吗")
        await wechat.call("/cgi-bin/message/custom/typing", {"touser": openid, "command": "Typing"})
        await wechat.send(openid, "稍等")
        await wechat.call("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "a", "key": "A"}]})
    assert [name for name, _ in seen] == ["user", "passive", "typing", "custom", "menu"]
    assert [line["seq"] for _, line in seen] == [1, 2, 3, 4, 5]
    assert seen[4][1]["content"]["button"][0]["key"] == "A"
    async with asyncio.timeout(20):
        async for name, line in events(wechat, "li", last="3"):
            assert (name, line["seq"]) == ("custom", 4)
            break


async def test_a_reset_ends_the_streams(wechat: Lab) -> None:
    await wechat.user()
    await wechat.act("li", "pay")
    stream = events(wechat, "li")
    async with asyncio.timeout(20):
        assert (await anext(stream))[0] == "user"
        await wechat.control("POST", "/reset")
        name, line = await anext(stream)
        assert (name, line["type"]) == ("system", "reset")
        assert [event async for event in stream] == []
    await wechat.control("GET", "/users/li", status=404)


async def test_a_reader_from_before_a_reset_sees_everything_new(wechat: Lab) -> None:
    await wechat.user()
    await wechat.act("li", "pay")
    async with asyncio.timeout(20):
        assert (await anext(events(wechat, "li", last="57")))[1]["seq"] == 1


async def test_a_reader_that_went_away_is_no_fault(wechat: Lab, caplog: pytest.LogCaptureFixture) -> None:
    await wechat.user()
    await wechat.act("li", "pay")
    for _ in range(3):
        stream = events(wechat, "li")
        assert (await anext(stream))[0] == "user"
        await stream.aclose()
    for _ in range(5):
        await wechat.act("li", "pay")
        await asyncio.sleep(0)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_users_by_the_thousand(wechat: Lab) -> None:
    made = await wechat.control("POST", "/users", {"count": 3000, "prefix": "u", "follow": ["shop"]})
    assert len({one["openids"]["shop"] for one in made["users"]}) == 3000
    listed = await wechat.control("GET", "/users?offset=2999&limit=5")
    assert listed == {"total": 3000, "users": ["u3000"]}
    assert (await wechat.control("GET", "/accounts/shop"))["followers"] == 3000
    assert wechat.received == [], "they have followed long ago"
    await wechat.control("POST", "/users", {"user": "u7"}, status=409)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {}, 400),
        ("POST", "/users", {"user": "a", "count": 2}, 400),
        ("POST", "/users", {"user": "../etc"}, 400),
        ("POST", "/users", {"user": "a", "follow": ["nowhere"]}, 404),
        ("POST", "/users/nobody/text", {"content": "x"}, 404),
        ("POST", "/users/li/dance", {}, 404),
        ("POST", "/users/li/text", {}, 400),
        ("POST", "/users/li/text", {"content": "x", "colour": "red"}, 400),
        ("POST", "/users/li/text", {"content": "x", "account": "nowhere"}, 404),
        ("POST", "/users/li/text", [1], 400),
        ("POST", "/clock/advance", {"seconds": -1}, 400),
        ("POST", "/users/li/location", {"x": float("nan"), "y": 1}, 400),
        ("PATCH", "/delivery", {"tries": 0}, 400),
        ("GET", "/deliveries/99", None, 404),
        ("GET", "/deliveries/x", None, 404),
        ("GET", "/users/li/phone?after=x", None, 400),
        ("GET", "/accounts/nowhere", None, 404),
    ],
)
async def test_a_wrong_call_is_explained(wechat: Lab, method: str, path: str, body: Any, status: int) -> None:
    await wechat.user()
    assert (await wechat.control(method, path, body, status=status))["error"]


async def test_a_form_of_another_site_is_refused(wechat: Lab) -> None:
    await wechat.user()
    url = wechat.emulator.make_url("/control/users/li/text")
    async with wechat.client.post(url, data='{"content": "x"}', headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415
    async with wechat.client.post(url, json={"content": "x"}, headers={"Origin": "http://evil.example"}) as response:
        assert response.status == 403
    own = {"Origin": str(wechat.emulator.make_url("")).rstrip("/")}
    async with wechat.client.post(url, json={"content": "x"}, headers=own) as response:
        assert response.status == 200


async def test_figures_tell_what_happened(wechat: Lab) -> None:
    async def echo(received: Received) -> bytes:
        return text_reply(received, "ok")

    openid = await wechat.user()
    wechat.answer = echo
    for turn in range(3):
        await wechat.do("li", "text", content=str(turn))
    await wechat.send(openid)
    await wechat.send("nobody")
    figures = await wechat.control("GET", "/statistics")
    assert (figures["pushes"], figures["under_way"]) == (3, 0)
    assert (figures["outcomes"], figures["attempts"]) == ({"answered": 3}, {"answered": 3})
    assert figures["passive_answer_s"]["count"] == 3
    assert 0 < figures["passive_answer_s"]["p50"] < 5
    assert figures["shown"] == {"user": 3, "passive": 3, "custom": 1}
    sends = {one["errcode"]: one["count"] for one in figures["calls"] if one["path"].endswith("custom/send")}
    assert sends == {0: 1, 40003: 1}
    calls = (await wechat.control("GET", "/calls?path=/cgi-bin/message/custom/send&limit=1"))["calls"]
    assert [call["errcode"] for call in calls] == [40003]


async def test_a_reset_forgets_everything_but_settings_unless_told() -> None:
    async with lab(account(), seed=5) as wechat:
        openid = await wechat.user()
        token = await wechat.token()
        await wechat.call("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "a", "key": "A"}]})
        await wechat.control("POST", "/clock/advance", {"seconds": 5000})
        await wechat.control("POST", "/faults", {"on": "api", "fault": "errcode"})
        await wechat.control("PATCH", "/accounts/shop", {"title": "茶馆"})
        await wechat.control("POST", "/reset")
        assert (await wechat.control("GET", "/clock"))["ahead"] == 0
        assert (await wechat.control("GET", "/faults"))["faults"] == []
        assert (await wechat.control("GET", "/users"))["total"] == 0
        assert (await wechat.get("/cgi-bin/user/info", access_token=token))["errcode"] == 40001
        assert (await wechat.control("GET", "/accounts/shop"))["menu"] is None
        assert await wechat.user() == openid, "the same seed gives the same openid"
        assert (await wechat.control("GET", "/accounts/shop"))["settings"]["title"] == "茶馆"
        await wechat.control("POST", "/reset", {"settings": True})
        assert (await wechat.control("GET", "/accounts/shop"))["settings"]["title"] == ""


async def test_five_hundred_waiting_readers_each_get_their_own(wechat: Lab) -> None:
    async def echo(received: Received) -> bytes:
        return text_reply(received, f"re {received.fields['Content']}")

    wechat.answer = echo
    await wechat.control("PATCH", "/delivery", {"scale": 1.0})  # a second may be short for 500 at once
    await wechat.control("POST", "/users", {"count": 500, "prefix": "u", "follow": ["shop"]})
    waiting = [asyncio.create_task(wechat.shown(f"u{number}", wait=20)) for number in range(1, 501)]
    await asyncio.gather(*(wechat.act(f"u{number}", "text", content=str(number)) for number in range(1, 501)))
    for number, task in enumerate(waiting, start=1):
        assert await task == [("passive", "text", f"re {number}")]


async def test_deliveries_can_be_read_by_user_and_account() -> None:
    async with lab(account("shop"), account("tea", 2)) as wechat:
        await wechat.user("li", "shop", "tea")
        await wechat.user("wang", "shop", "tea")
        for user in ("li", "wang"):
            for name in ("shop", "tea"):
                await wechat.do(user, "text", account=name, content=f"{user} {name}")
        found = (await wechat.control("GET", "/deliveries?user=li&account=tea"))["deliveries"]
        assert [one["fields"]["Content"] for one in found] == ["li tea"]
        assert len((await wechat.control("GET", "/deliveries?after=1&limit=2"))["deliveries"]) == 2
        tea = [line["content"]["content"] for line in await wechat.lines("li", account="tea", how="user")]
        assert tea == ["li tea"]


async def test_half_a_character_that_a_program_sent_breaks_nothing(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    assert await wechat.send(openid, "a\ud83db") == 0
    assert await wechat.shown("li") == [("custom", "text", "a?b")]
    async with asyncio.timeout(20):
        async for name, line in events(wechat, "li", after=1):
            assert (name, line["content"]["content"]) == ("custom", "a?b")
            break


async def test_waits_end(wechat: Lab) -> None:
    await wechat.user()
    started = asyncio.get_running_loop().time()
    assert await wechat.lines("li", wait=0.1) == []
    assert asyncio.get_running_loop().time() - started < 10
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wechat.lines("li", wait=5), 0.1)
    async with wechat.client.get(wechat.emulator.make_url("/control")) as response:
        assert response.status == 200


async def test_the_overview_shows_what_a_phone_page_needs(wechat: Lab) -> None:
    overview = await wechat.control("GET", "")
    [shop] = overview["accounts"]
    assert shop["settings"]["name"] == "shop"
    assert "menu" in shop["rights"]
    assert overview["delivery"]["tries"] == 3


async def test_many_act_in_one_call_each_at_its_time(wechat: Lab) -> None:
    await wechat.control("POST", "/users", {"count": 3, "prefix": "u", "follow": ["shop"]})
    acts = [
        {"user": "u1", "act": "text", "body": {"content": "last"}, "after": 0.5},
        {"user": "u2", "act": "text", "body": {"content": "first"}},
        {"user": "u3", "act": "follow"},
        {"user": "u3", "act": "tap", "body": {"path": [0]}},
    ]
    done = await wechat.control("POST", "/acts", {"acts": acts})
    assert [len(numbers) for numbers in done["deliveries"]] == [1, 1, 0, 0]
    assert done["deliveries"][0] > done["deliveries"][1]
    assert list(done["refused"]) == ["2", "3"]
    assert len(done["late"]) == 4
    assert (await wechat.control("GET", "/idle?wait=20"))["idle"]
    assert [one.fields["Content"] for one in wechat.received] == ["first", "last"]


@pytest.mark.parametrize(
    "wrong", [{"user": "nobody", "act": "text"}, {"user": "u1", "act": "dance"}, {"user": "u1", "act": "text"}]
)
async def test_where_one_act_is_wrongly_asked_for_none_is_done(wechat: Lab, wrong: dict[str, Any]) -> None:
    await wechat.control("POST", "/users", {"count": 1, "prefix": "u", "follow": ["shop"]})
    right = {"user": "u1", "act": "text", "body": {"content": "x"}}
    with pytest.raises(AssertionError):
        await wechat.control("POST", "/acts", {"acts": [right, wrong]})
    assert (await wechat.control("GET", "/statistics"))["pushes"] == 0
