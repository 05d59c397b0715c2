"""Customers see that an answer is being written, as long as it is."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.test_action_server_remote import FLOW, SERVER, Elsewhere
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.test_service import TO_QUEUE
from tests.integration.wechat_edge.test_slow import PATIENT, held

pytestmark = pytest.mark.heavy

TYPING = "/cgi-bin/message/custom/typing"


async def lines(phones: Wechat, count: int) -> list[tuple[str, object]]:
    """What the phone shows of the account, typing included, once it shows so much."""
    found = await phones.emulator.control("GET", f"/users/li/phone?wait=10&count={count}&how=typing,passive")
    return [(line["how"], line["content"].get("on")) for line in found["lines"]]


async def calls(phones: Wechat, count: int) -> list[int]:
    """How WeChat answered the typing state, once it was told so often."""
    async with asyncio.timeout(40):
        while True:
            if len(found := await phones.emulator.calls(TYPING)) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_a_turn_that_takes_long_shows_that_an_answer_is_written(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    with phones.server(**PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        assert await phones.emulator.calls(TYPING) == []
        async with held(demo_addresses):
            await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
            assert await calls(phones, 1) == [0]
        await phones.shown(count=2, wait=10)
        assert await calls(phones, 2) == [0, 0]
    shown = await lines(phones, 4)
    assert shown[:2] == [("passive", None), ("typing", True)]
    assert sorted(shown[2:], key=str) == [("passive", None), ("typing", False)]


async def test_a_person_who_writes_is_seen_writing(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            for on in (True, True, False, False):
                await person.type_on(on)
            assert await calls(phones, 2) == [0, 0]
            await person.type_on(True)
            assert await calls(phones, 3) == [0, 0, 0]
            await phones.emulator.control("POST", "/clock/advance", {"seconds": 60})
            await person.type_on(False)
            await person.type_on(True)
            assert (await calls(phones, 5))[3:] == [0, 45080]


async def test_of_who_did_nothing_lately_wechat_is_not_asked(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            for on in (True, False):
                await person.type_on(on)
            assert await calls(phones, 2) == [0, 0]
            phones.rows("UPDATE bot.send_windows SET at = at - interval '31 seconds' RETURNING 1")
            await phones.emulator.control("POST", "/clock/advance", {"seconds": 31})
            for on in (True, False):
                await person.type_on(on)
            await phones.do("li", "text", content="在吗")
            await phones.until("SELECT 1 FROM bot.send_windows WHERE at > now() - interval '20 seconds'")
            await person.type_on(True)
            assert await calls(phones, 3) == [0, 0, 0]
    assert await phones.emulator.calls(TYPING) == [0, 0, 0]


async def test_an_account_that_may_not_is_asked_once(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {"kind": "subscription", "verified": False}) as phones:
        await phones.user()
        with phones.server(account=json.dumps({"kind": "service"})) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            phones.rows(TO_QUEUE)
            async with at_desk(demo_addresses, server) as person:
                await person.type_on(True)
                assert await calls(phones, 1) == [48001]
                await person.type_on(False)
                await person.type_on(True)
                await phones.do("li", "text", content="在吗")
        assert await phones.emulator.calls(TYPING) == [48001]


async def test_what_goes_on_outside_shows_that_an_answer_is_written(phones: Wechat, tmp_path: Path) -> None:
    """Only until it is there: the outside server takes two seconds, and the state is shown after half of one."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "outside.yml").write_text(FLOW, encoding="utf-8")
    outside = Elsewhere()
    outside.delay_s = 2.0
    environment = {
        "YINGDA_FLOWS__FOLDER": str(tmp_path / "flows"),
        "YINGDA_ACTIONS__REMOTE": json.dumps([{**SERVER, "url": await outside.start(), "timeout_s": 5}]),
    }
    await phones.user()
    try:
        with phones.server(account=json.dumps({"typing_after_s": 0.5}), **environment) as server:
            await phones.push_to(server)
            begin = {"MsgType": "event", "Event": "CLICK", "EventKey": "start(ask_outside)"}
            await phones.do("li", "push", type="CLICK", fields=begin)
            await phones.do("li", "text", content="茶壶")
            found = await phones.emulator.control("GET", "/users/li/phone?wait=15&count=4&how=typing,passive,custom")
    finally:
        await outside.close()
    assert [line["how"] for line in found["lines"]] == ["passive", "passive", "typing", "custom"]
    assert found["lines"][2]["content"]["on"] is True
    assert "完成 7" in found["lines"][3]["content"]["content"]
