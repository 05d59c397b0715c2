"""Choices to tap: where the account may, where a tap takes nothing away, and as numbers everywhere else."""

from typing import Any

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.test_service import SENDING
from tests.integration.wechat_edge.test_slow import PATIENT, held

pytestmark = pytest.mark.heavy


async def asked_late(phones: Wechat, addresses: Addresses, words: str) -> None:
    """What is said to this comes too late for the answer to a push."""
    async with held(addresses):
        done = await phones.emulator.control("POST", "/users/li/text", {"content": words})
        await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")


async def custom(phones: Wechat, count: int = 1) -> list[dict[str, Any]]:
    """What came by the customer-service API."""
    found = await phones.emulator.control("GET", f"/users/li/phone?wait=10&how=custom&count={count}")
    return list(found["lines"])


async def test_a_tap_comes_back_as_the_choice(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server(**PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        await asked_late(phones, demo_addresses, "菜单")
        [menu] = await custom(phones)
        assert menu["type"] == "msgmenu"
        tapped = menu["content"]["items"][0]
        await phones.do("li", "choose", id=tapped["id"])
        await phones.shown(count=3, wait=10)
    windows = phones.rows("SELECT trigger, sent FROM bot.send_windows ORDER BY trigger")
    assert windows == [("message", 1), ("tap", 0)]
    [(last,)] = phones.rows("SELECT count(*) FROM bot.messages WHERE direction = 'in'")
    assert last == 3
    states = phones.rows("SELECT DISTINCT state FROM bot.outbox")
    assert states == [("sent",)]


async def test_an_account_without_menus_sends_numbers_at_once(demo_addresses: Addresses, tmp_path: Any) -> None:
    async with wechat(demo_addresses, tmp_path, {"deny": ["msgmenu"]}) as phones:
        await phones.user()
        with phones.server(**PATIENT) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            await asked_late(phones, demo_addresses, "菜单")
            [listed] = await custom(phones)
            assert listed["type"] == "text"
            assert "\n1. " in listed["content"]["content"]
            assert await phones.emulator.calls(SENDING) == [40200, 0]
            await phones.do("li", "text", content="算了")
            await asked_late(phones, demo_addresses, "菜单")
            assert len(await custom(phones, 2)) == 2
        assert await phones.emulator.calls(SENDING) == [40200, 0, 0]
