"""Send windows: what does not fit is folded, else not sent; then the customer writes and everything goes on."""

import json

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import Person, at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_service import LATEST, SENDING, TO_QUEUE

pytestmark = pytest.mark.heavy

PATIENT = json.dumps({"timeout_s": 10})
TWO_DAYS_S = 48 * 3600
NONE_LEFT = "SELECT 1 FROM bot.outbox HAVING count(*) FILTER (WHERE state IN ('queued', 'begun')) = 0"
FAILED = "SELECT state, reason, error_code FROM bot.outbox WHERE state <> 'sent'"


async def say(phones: Wechat, person: Person, *words: str) -> None:
    """One after the other, each when the last one has gone its way."""
    for text in words:
        await person.answer(text)
        await phones.until(NONE_LEFT)


async def custom(phones: Wechat) -> list[str]:
    """What came by the customer-service API."""
    return [words for how, words in await phones.shown() if how == "custom"]


async def test_a_window_that_is_used_up_is_not_overstepped(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await say(phones, person, "一", "二", "三", "四", "五", "六")
            assert phones.rows(LATEST) == [("failed", None, "window", "45047")]
            assert await phones.emulator.calls(SENDING) == [0] * 5
            await phones.do("li", "text", content="在吗")
            await say(phones, person, "在的")
    assert (await custom(phones))[-1] == "在的"
    assert phones.rows("SELECT trigger, sent FROM bot.send_windows") == [("message", 1)]


async def test_more_than_the_window_holds_goes_into_fewer_messages(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    await phones.emulator.fault("latency", SENDING, seconds=5, count=1)
    with phones.server(account=PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await phones.emulator.struck()
            for text in ("二", "三", "四" * 300, "五" * 300, "六"):
                await person.answer(text)
            phones.rows("UPDATE bot.send_windows SET sent = 2 RETURNING 1")
            await phones.until(NONE_LEFT)
    assert await custom(phones) == ["一", f"二\n\n三\n\n{'四' * 300}\n\n{'五' * 300}\n\n六"]
    assert phones.rows("SELECT sent FROM bot.send_windows") == [(4,)]
    assert phones.rows(FAILED) == []


async def test_what_does_not_even_fit_folded_is_said_to_be_undeliverable(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    await phones.emulator.fault("latency", SENDING, seconds=5, count=1)
    with phones.server(account=PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await phones.emulator.struck()
            for text in ("二", "三", "四" * 682, "五"):
                await person.answer(text)
            phones.rows("UPDATE bot.send_windows SET sent = 3 RETURNING 1")
            await phones.until(NONE_LEFT)
    assert await custom(phones) == ["一", "二\n\n三"]
    assert phones.rows(FAILED) == [("failed", "window", "45047")] * 2


async def test_a_window_that_is_over_is_not_asked_for(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        phones.rows("UPDATE bot.send_windows SET at = now() - interval '48 hours' RETURNING 1")
        async with at_desk(demo_addresses, server) as person:
            await say(phones, person, "一")
    assert phones.rows(FAILED) == [("failed", "window", "45015")]
    assert await phones.emulator.calls(SENDING) == []


@pytest.mark.parametrize("code", ["45015", "45047"])
async def test_wechat_knows_better_than_our_count(phones: Wechat, demo_addresses: Addresses, code: str) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            if code == "45015":
                await phones.emulator.control("POST", "/clock/advance", {"seconds": TWO_DAYS_S})
            else:
                await say(phones, person, "1", "2", "3", "4", "5")
                phones.rows("UPDATE bot.send_windows SET sent = 0 RETURNING 1")
            asked = len(await phones.emulator.calls(SENDING))
            await say(phones, person, "一", "二")
            assert phones.rows(f"{FAILED} ORDER BY seq") == [("failed", "window", code), ("failed", "window", "45047")]
            assert [call for call in (await phones.emulator.calls(SENDING))[asked:] if call] == [int(code)]
            await phones.do("li", "text", content="在吗")
            await say(phones, person, "在的")
    assert (await custom(phones))[-1] == "在的"


async def test_a_tap_allows_three_in_a_minute(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.emulator.control("POST", "/users", {"user": "li"})
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "follow")
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await say(phones, person, "一", "二", "三", "四")
            assert phones.rows(FAILED) == [("failed", "window", "45047")]
            phones.rows("UPDATE bot.send_windows SET at = now() - interval '59 s' RETURNING 1")
            await say(phones, person, "五")
            assert phones.rows(LATEST) == [("failed", None, "window", "45015")]
            await phones.emulator.control("POST", "/users/li/pay", {})
            phones.rows(
                "INSERT INTO bot.send_windows (identity_id, trigger, at)"
                " SELECT identity_id, 'payment', now() FROM bot.send_windows RETURNING 1"
            )
            await say(phones, person, "六", "七", "八", "九", "十", "十一")
    assert await custom(phones) == ["一", "二", "三", "六", "七", "八", "九", "十", "十一"]
    assert await phones.emulator.calls(SENDING) == [0] * 9
