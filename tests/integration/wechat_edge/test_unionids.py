"""Unionids are asked for behind the answers: a slow WeChat delays nobody, and is asked again."""

import json
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import wechat

pytestmark = pytest.mark.heavy

INFO = "/cgi-bin/user/info"
BOUND = {"open_platform": "group"}


async def test_a_slow_wechat_delays_no_answer_and_is_asked_again(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, BOUND) as phones:
        await phones.user()
        await phones.emulator.fault("latency", INFO, seconds=30)
        with phones.server(account=json.dumps(BOUND)) as server:
            await phones.push_to(server)
            push = await phones.do("li", "text", content="你们几点营业？")
            assert [one["outcome"] for one in push["attempts"]] == ["answered"]
            await phones.emulator.struck()
            assert phones.rows("SELECT * FROM bot.wechat_unionids") == []
            await phones.emulator.control("DELETE", "/faults")
            # The call under way tries again by itself; had it given up, the next message would ask.
            await phones.do("li", "text", content="在吗")
            await phones.until("SELECT 1 FROM bot.wechat_unionids WHERE found")
    assert phones.rows("SELECT reachable FROM crm.identities WHERE account = 'open:group'") == [(False,)]


async def test_who_follows_is_asked_for_and_whose_account_is_bound_to_nothing_is_not(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with wechat(demo_addresses, tmp_path, BOUND) as phones:
        await phones.emulator.control("POST", "/users", {"user": "wang"})
        with phones.server("unbound") as server:
            await phones.push_to(server)
            await phones.do("wang", "follow")
            await phones.do("wang", "unfollow")
        assert await phones.emulator.calls(INFO) == []
        with phones.server("bound", account=json.dumps(BOUND)) as server:
            await phones.push_to(server)
            await phones.do("wang", "follow")
            await phones.until("SELECT 1 FROM bot.wechat_unionids WHERE found")
        assert await phones.emulator.calls(INFO) == [0]
