"""Who cannot be reached is sent nothing until they act again; a deed is noted with its message, however late."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from bot.outbox.reach import mark_unreachable
from bot.storage.database import Addresses
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_service import LATEST, SENDING, TO_QUEUE
from tests.integration.wechat_edge.test_slow import PATIENT, held

pytestmark = pytest.mark.heavy

ACTED = "SELECT bot.acted(%s, 'payment', %s)"
WHO = "SELECT identity_id FROM bot.conversations LIMIT 1"


async def marked(addresses: Addresses, identity_id: UUID, at: datetime) -> bool:
    async with await psycopg.AsyncConnection.connect(addresses.application_url, autocommit=True) as connection:
        return await mark_unreachable(connection, identity_id, "unfollowed", at=at)


async def test_who_is_marked_is_sent_nothing_until_they_write_again(phones: Wechat, demo_addresses: Addresses) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        [(identity_id,)] = phones.rows(WHO)
        assert not await marked(demo_addresses, identity_id, datetime.now(UTC) - timedelta(minutes=1))
        assert await marked(demo_addresses, identity_id, datetime.now(UTC))
        phones.rows(TO_QUEUE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'failed'")
            assert phones.rows(LATEST) == [("failed", None, "unreachable", None)]
            await phones.do("li", "text", content="在吗")
            await person.answer("二")
            shown = await phones.shown(count=2, wait=10)
    assert shown[-1] == ("custom", "二")
    assert await phones.emulator.calls(SENDING) == [0]
    assert phones.rows("SELECT * FROM bot.unreachable") == []


async def test_an_act_that_is_no_message_opens_a_window_and_ends_the_mark(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        [(identity_id,)] = phones.rows(WHO)
    now = datetime.now(UTC)
    assert await marked(demo_addresses, identity_id, now)
    async with await psycopg.AsyncConnection.connect(demo_addresses.application_url, autocommit=True) as connection:
        await connection.execute(ACTED, (identity_id, now - timedelta(seconds=1)))
        assert phones.rows("SELECT reason FROM bot.unreachable") == [("unfollowed",)]
        await connection.execute(ACTED, (identity_id, now + timedelta(seconds=1)))
    assert phones.rows("SELECT reason FROM bot.unreachable") == []
    windows = phones.rows("SELECT trigger, sent FROM bot.send_windows ORDER BY trigger")
    assert windows == [
        ("message", 0),
        ("payment", 0),
    ]


async def test_a_first_message_whose_turn_takes_long_may_still_be_answered(
    phones: Wechat, demo_addresses: Addresses
) -> None:
    await phones.user()
    with phones.server(**PATIENT) as server:
        await phones.push_to(server)
        await phones.do("li", "text", content="你们几点营业？")
        phones.rows("DELETE FROM bot.send_windows RETURNING 1")
        async with held(demo_addresses):
            done = await phones.emulator.control("POST", "/users/li/text", {"content": "我要退货"})
            push = await phones.emulator.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=20")
        shown = await phones.shown(count=2, wait=10)
    assert [one["outcome"] for one in push["attempts"]] == ["timeout", "timeout", "silent"]
    assert [how for how, _ in shown] == ["passive", "custom"]
