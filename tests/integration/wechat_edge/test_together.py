"""Two server processes share one account, by turns as a balancer gives them: duplicates, re-deliveries, other orders,
kill -9. Nothing is lost, nothing doubled that is not marked unknown."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.crowd import Crowd, balanced
from tests.integration.wechat_edge.phones import Wechat, wechat

pytestmark = pytest.mark.heavy

SCALE = 0.4
HASTY = '{"push_try_s": 2, "mode": "plain"}'


async def fault(phones: Wechat, kind: str, **more: Any) -> None:
    await phones.emulator.control("POST", "/faults", {"on": "push", "fault": kind, **more})


async def test_whatever_comes_again_is_answered_once_and_identically(demo_addresses: Addresses, tmp_path: Path) -> None:
    """Pushes come twice at once, their answers get lost, and later ones overtake earlier ones, in plain mode, so that
    answers to the same push can be compared."""
    shared = {"YINGDA_VAR_DIR": str(tmp_path / "shared"), "account": HASTY}
    async with wechat(demo_addresses, tmp_path, {"mode": "plain"}, delivery={"scale": SCALE}) as phones:
        crowd = Crowd(phones, demo_addresses, 6)
        await crowd.gather()
        with phones.server(**shared) as one, phones.server("two", **shared) as two:
            async with balanced(phones, one, two):
                await fault(phones, "duplicate", probability=0.5, seed=1)
                await fault(phones, "drop_after", probability=0.3, seed=2)
                await fault(phones, "reorder", probability=0.2, seed=3, seconds=1)
                await crowd.write(1, 7)
                await crowd.settled()
        assert await crowd.account(in_order=False) == []
        pushes = (await phones.emulator.control("GET", "/deliveries?limit=1000"))["deliveries"]
    again = 0
    for push in pushes:
        answers = [one["answer"] for one in (*push["attempts"], *push["duplicates"]) if one["status"] == 200]
        again += len(answers) > 1
        assert len(set(answers) - {"success"}) <= 1, answers
        assert push["outcome"] in ("answered", "silent", "dropped"), push
    assert again > 10


async def test_kill_9_in_traffic_loses_nothing(demo_addresses: Addresses, tmp_path: Path) -> None:
    """Each of two servers is killed while it answers a burst of messages, and started again; the other one is there."""
    shared = {"YINGDA_VAR_DIR": str(tmp_path / "shared"), "account": '{"push_try_s": 2}'}
    async with wechat(demo_addresses, tmp_path, {}, delivery={"scale": SCALE}) as phones:
        crowd = Crowd(phones, demo_addresses, 20)
        await crowd.gather()
        one, two = phones.server(**shared).start(), phones.server("two", **shared).start()
        try:
            async with balanced(phones, one, two), asyncio.TaskGroup() as group:
                group.create_task(crowd.write(1.5, 12))
                for server in (one, two):
                    await asyncio.sleep(2)
                    await crowd.burst()
                    server.kill()
                    server.start(wait=False)
                    await asyncio.to_thread(server.wait_ready)
            async with balanced(phones, one, two):
                await crowd.settled()
        finally:
            one.__exit__()
            two.__exit__()
        assert await crowd.account(in_order=False) == []
        pushes = (await phones.emulator.control("GET", "/deliveries?limit=1000"))["deliveries"]
        assert "unreachable" in {one["outcome"] for push in pushes for one in push["attempts"]}, "nothing was cut off"
        assert {push["outcome"] for push in pushes} <= {"answered", "silent"}
