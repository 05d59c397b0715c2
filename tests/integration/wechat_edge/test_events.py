"""Pushes that are no talk: each has its effect once, and what nobody understands is kept, sealed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.retention import enforce_retention
from bot.turns.take import TurnUnavailable
from bot.web.wechat.events import PLACE
from crm_adapter.encryption import KeyGone, unseal
from crm_adapter.encryption.vault import load_key
from crm_adapter.identify import IDENTIFY, Sender, identify_arguments
from tests.integration.wechat_edge.pushed import ACCOUNT, Pushed, xml

KEPT = "SELECT id, sealed_raw FROM bot.channel_events WHERE kind = 'unknown'"


async def known(pushed: Pushed, openid: str = "o-li") -> tuple[object, ...]:
    """Somebody who wrote before: identity, contact and key."""
    arguments = identify_arguments(pushed.keys, Sender("wechat", ACCOUNT, openid, "verified", "zh-Hans"))
    async with pushed.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(IDENTIFY, arguments)).fetchone()
    assert row is not None
    return row[:3]


async def test_what_nobody_understands_is_kept_once_and_goes_with_the_person(pushed: Pushed) -> None:
    _, contact_id, key_id = await known(pushed)
    text = xml("event", event="user_got_a_card", CardId="p-1")
    await asyncio.gather(*(pushed.take(text) for _ in range(4)))
    [(number, sealed)] = await pushed.rows(KEPT)
    async with pushed.engine.connect() as connection:
        key = await load_key(connection, pushed.keys, key_id)  # type: ignore[arg-type]
    assert unseal(key, PLACE, number, sealed).decode() == text
    await pushed.crm.erase(contact_id, "staff:test", "request", datetime.now(UTC))  # type: ignore[arg-type]
    assert await pushed.rows(KEPT) == []
    with pytest.raises(KeyGone):
        async with pushed.engine.connect() as connection:
            await load_key(connection, pushed.keys, key_id)  # type: ignore[arg-type]


async def test_an_event_about_nobody_known_makes_nobody_known(pushed: Pushed) -> None:
    await pushed.event("verify_expired", ExpiredTime=1)
    [(_, sealed)] = await pushed.rows(KEPT)
    assert sealed is not None
    assert await pushed.rows("SELECT count(*) FROM crm.identities") == [(0,)]


async def test_a_message_of_an_unknown_type_is_kept_with_its_sender(pushed: Pushed) -> None:
    await pushed.take(xml("hologram", MsgId=7, MediaId="m"))
    [(_, sealed)] = await pushed.rows(KEPT)
    assert sealed is not None
    assert await pushed.rows("SELECT channel, assurance FROM crm.identities") == [("wechat", "verified")]


async def test_what_is_kept_is_forgotten_in_time(pushed: Pushed) -> None:
    await pushed.event("verify_expired", ExpiredTime=1)
    days = pushed.settings.retention.channel_events
    assert isinstance(days, int)
    late = datetime.now(UTC) + timedelta(days=days, minutes=1)
    for now, dry, count in ((datetime.now(UTC), False, 0), (late, True, 1), (late, False, 1), (late, False, 0)):
        counts = await enforce_retention(pushed.settings, pushed.engine, now, dry=dry)
        assert counts["channel_events"] == count
    assert await pushed.rows(KEPT) == []


async def test_what_cannot_be_taken_now_is_not_acknowledged(pushed: Pushed) -> None:
    await known(pushed)
    async with pushed.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM crm.identities FOR UPDATE")
        with pytest.raises(TurnUnavailable):
            await pushed.event("verify_expired", ExpiredTime=1)
    await pushed.event("verify_expired", ExpiredTime=1)
    assert len(await pushed.rows(KEPT)) == 1
