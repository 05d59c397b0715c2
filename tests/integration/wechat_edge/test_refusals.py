"""What WeChat refuses is sent in another form, later, or not at all; which of these, its code says."""

from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE
from tests.integration.wechat_edge.test_windows import FAILED, NONE_LEFT, custom, say

pytestmark = pytest.mark.heavy


async def test_a_text_that_wechat_finds_too_long_is_cut_until_it_is_not(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with wechat(demo_addresses, tmp_path, {}, text_bytes=500) as phones:
        await phones.user()
        with phones.server() as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            phones.rows(TO_QUEUE)
            async with at_desk(demo_addresses, server) as person:
                await say(phones, person, "长" * 400)
        assert await custom(phones) == ["长" * 100] * 4
        assert await phones.emulator.calls(SENDING) == [45002, 45002, 0, 0, 0, 0]
        assert phones.rows("SELECT sent FROM bot.send_windows") == [(4,)]


@pytest.mark.parametrize(
    ("errcode", "outcome"),
    [
        (43004, ("failed", "unreachable", "43004")),
        (48002, ("failed", "unreachable", "48002")),
        (47001, ("failed", "give_up", "47001")),
    ],
)
async def test_what_wechat_will_never_take_fails_with_its_code(
    phones: Wechat, demo_addresses: Addresses, errcode: int, outcome: tuple[str, str, str]
) -> None:
    await phones.user()
    await phones.emulator.fault("errcode", SENDING, errcode=errcode, count=1)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await say(phones, person, "一")
            assert phones.rows(FAILED) == [outcome]
            await phones.do("li", "text", content="在吗")
            await say(phones, person, "二")
    assert await custom(phones) == ["二"]
    assert await phones.emulator.calls(SENDING) == [errcode, 0]


async def test_a_quota_that_is_used_up_stops_the_account_and_is_not_asked_about(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    await phones.emulator.fault("errcode", SENDING, errcode=45009, count=1)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await phones.until("SELECT 1 FROM bot.outbox WHERE reason = 'wait_for_quota'")
            phones.rows("UPDATE bot.outbox SET due_at = now() WHERE reason = 'wait_for_quota' RETURNING 1")
            await phones.until("SELECT 1 FROM bot.outbox WHERE reason = 'wait_for_quota' AND due_at > now()")
        assert await phones.emulator.calls(SENDING) == [45009]
        # The customer writes: what waits goes out in the answer to that, which costs no call.
        await phones.do("li", "text", content="在吗")
        assert (await phones.shown(count=2, wait=10))[-1][0] == "passive"
        await phones.until(NONE_LEFT)
    assert await phones.emulator.calls(SENDING) == [45009]
