"""People who answer at WeChat's own service desk: customers are transferred to it, and come back."""

import json
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import wechat

pytestmark = pytest.mark.heavy

THEIRS = json.dumps({"desk": "wechat", "desk_agent": "kf2@care", "message_menus": False})
DEED = "SELECT FROM crm.interactions WHERE outcome_kind = 'behaviour' AND outcome_ref = "
OWNER = "SELECT owner FROM bot.conversations WHERE closed_at IS NULL"


async def test_who_wants_a_person_is_transferred_and_comes_back(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {"kf_accounts": ["kf1@care", "kf2@care"]}) as phones:
        with phones.server(account=THEIRS) as server:
            await phones.push_to(server)
            await phones.user()
            await phones.do("li", "text", content="你好")
            await phones.do("li", "text", content="转人工")
            asked = await phones.do("li", "text", content="我的冰箱不制冷")
            assert asked["outcome"] == "answered"
            # What the bot has to say about it comes by the other way.
            [*_, (how, said)] = await phones.shown(count=3, wait=10)
            assert (how, "人工" in said or "同事" in said) == ("custom", True), said
            assert phones.rows(OWNER) == [("queue",)]
            await phones.until(DEED + "'desk_created'")
            during = await phones.emulator.control("POST", "/users/li/text", {"content": "有人吗"})
            assert during["deliveries"] == [], "it is the person's, not ours"
            await phones.emulator.control("POST", "/users/li/end-session", {})
            await phones.until(DEED + "'desk_closed'")
            assert phones.rows(OWNER) == [("bot",)]
            await phones.do("li", "text", content="怎么退货？")
            assert "退货" in (await phones.shown(count=4, wait=10))[-1][1]
