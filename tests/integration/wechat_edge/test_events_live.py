"""Follows, scans and unfollows through a real server: what the phone, the store and the queue show of them."""

import aiohttp
import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import ACCOUNT, Wechat
from tests.integration.wechat_edge.test_service import LATEST, SENDING, TO_QUEUE

pytestmark = pytest.mark.heavy

DEEDS = "SELECT outcome_ref FROM crm.interactions WHERE outcome_kind = 'behaviour' ORDER BY id"
REACHED = "SELECT reachable FROM crm.identities WHERE channel = 'wechat'"
REQUESTS = "SELECT kind, state, opened_by, checked_method FROM crm.privacy_requests"


async def code(phones: Wechat, scene: str) -> str:
    """The ticket of a QR code of the account's."""
    url = f"{phones.emulator.url}/cgi-bin"
    asked = {"grant_type": "client_credential", "appid": ACCOUNT["appid"], "secret": ACCOUNT["secret"]}
    wanted = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/stable_token", json=asked) as response:
            token = (await response.json(content_type=None))["access_token"]
        async with session.post(f"{url}/qrcode/create", params={"access_token": token}, json=wanted) as response:
            return str((await response.json(content_type=None))["ticket"])


async def test_a_follower_s_way_from_a_code_to_the_unfollow_and_back(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.emulator.control("POST", "/users", {"user": "wang"})
    with phones.server() as server:
        await phones.push_to(server)
        ticket = await code(phones, "spring-fair")
        await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "drop_after", "count": 1})
        push = await phones.do("wang", "scan", ticket=ticket)
        assert [one["outcome"] for one in push["attempts"]] == ["dropped", "answered"]
        assert phones.rows(DEEDS) == [("follow",)]
        push = await phones.do("wang", "scan", ticket=ticket)
        assert [one["outcome"] for one in push["attempts"]] == ["silent"]
        assert phones.rows(DEEDS) == [("follow",), ("scan",)]
        assert {row[0] for row in phones.rows("SELECT trigger FROM bot.send_windows")} == {"follow", "scan"}
        paid = {"MsgType": "event", "Event": "merchant_order", "OrderId": "o-1", "OrderStatus": 2}
        await phones.do("wang", "push", type="paid", fields=paid)
        assert phones.rows(DEEDS)[-1] == ("payment",)
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await phones.do("wang", "unfollow")
            assert phones.rows(REACHED) == [(False,)]
            assert phones.rows(REQUESTS) == [("delete", "received", "system:unfollowed", "assurance")]
            await person.answer("您好")
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'failed'")
            assert phones.rows(LATEST) == [("failed", None, "unreachable", None)]
            await phones.do("wang", "follow")
            assert phones.rows(REACHED) == [(True,)]
            await person.answer("又见面了")
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'sent' AND route = 'service'")
    assert await phones.emulator.calls(SENDING) == [0]
    assert phones.rows("SELECT count(*) FROM crm.identities WHERE channel = 'wechat'") == [(1,)]


async def test_a_follow_that_is_overtaken_by_its_unfollow_is_not_greeted(phones: Wechat) -> None:
    await phones.emulator.control("POST", "/users", {"user": "wang"})
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "reorder", "count": 1})
    with phones.server() as server:
        await phones.push_to(server)
        followed = await phones.emulator.control("POST", "/users/wang/follow", {})
        await phones.emulator.control("POST", "/clock/advance", {"seconds": 2})
        await phones.do("wang", "unfollow")
        push = await phones.emulator.control("GET", f"/deliveries/{followed['deliveries'][-1]}?wait=20")
        assert [one["outcome"] for one in push["attempts"]] == ["silent"], push
    assert phones.rows("SELECT kind FROM bot.channel_events ORDER BY received_at") == [
        ("unsubscribe",),
        ("subscribe",),
    ]
    assert phones.rows("SELECT count(*) FROM crm.identities") == [(0,)]
    assert await phones.shown("wang") == []


async def test_an_event_that_comes_again_to_another_server_has_its_effect_once(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": "drop_after", "count": 1})
    one = phones.server().start()
    with phones.server("two") as two:
        await phones.push_to(one)
        fields = {"MsgType": "event", "Event": "merchant_order", "OrderId": "o-1", "OrderStatus": 2}
        done = await phones.emulator.control("POST", "/users/li/push", {"type": "paid", "fields": fields})
        await phones.until("SELECT 1 FROM bot.channel_events")
        one.kill()
        await phones.push_to(two)
        push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
    assert [one["outcome"] for one in push["attempts"]] == ["dropped", "silent"]
    assert phones.rows(DEEDS) == [("payment",)]
    assert phones.rows("SELECT trigger, sent FROM bot.send_windows") == [("payment", 0)]
