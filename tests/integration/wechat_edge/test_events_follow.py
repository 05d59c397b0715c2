"""Follows and unfollows: who can be reached, what is queued, and the deletion that an unfollow begins."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from crm_adapter.identify import IDENTIFY, Sender, identify_arguments
from tests.integration.wechat_edge.pushed import ACCOUNT, AT, Pushed

REACHED = "SELECT reachable FROM crm.identities"
MARKED = "SELECT reason FROM bot.unreachable"
REQUESTS = "SELECT kind, state, opened_by, checked_method FROM crm.privacy_requests"


async def follower(pushed: Pushed, openid: str = "o-li", at: int = AT) -> tuple[UUID, UUID]:
    """Somebody who follows: identity and contact."""
    await pushed.event("subscribe", openid=openid, at=at, EventKey="")
    arguments = identify_arguments(pushed.keys, Sender("wechat", ACCOUNT, openid, "verified", "zh-Hans"))
    async with pushed.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(IDENTIFY, arguments)).fetchone()
    assert row is not None
    return row[0], row[1]


async def queue(pushed: Pushed, identity_id: UUID, purpose: str) -> None:
    """A line that waits to be sent."""
    conversation, message = uuid4(), uuid4()
    async with pushed.pool.connection() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO bot.conversations (id, identity_id, channel, account, locale, first_seq, last_seq)"
            " VALUES (%s, %s, 'wechat', %s, 'zh-Hans', 0, 1) ON CONFLICT DO NOTHING",
            (conversation, identity_id, ACCOUNT),
        )
        [(conversation,)] = await (
            await connection.execute("SELECT id FROM bot.conversations WHERE identity_id = %s", (identity_id,))
        ).fetchall()
        await connection.execute(
            "INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, at)"
            " VALUES (%s, %s, (SELECT count(*) FROM bot.messages), 'out', 'bot', '', now())",
            (message, conversation),
        )
        await connection.execute(
            "INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, purpose, due_at)"
            " SELECT id, conversation_id, seq, %s, '', %s, 'infinity' FROM bot.messages WHERE id = %s",
            (ACCOUNT, purpose, message),
        )


async def test_an_unfollow_ends_what_is_queued_and_begins_the_deletion(pushed: Pushed) -> None:
    identity_id, contact_id = await follower(pushed)
    other_id, _ = await follower(pushed, "o-wang")
    for purpose in ("service", "care_messages"):
        await queue(pushed, identity_id, purpose)
        await queue(pushed, other_id, purpose)
    await pushed.event("SCAN", EventKey="shelf-7", at=AT + 1)
    await asyncio.gather(*(pushed.event("unsubscribe", at=AT + 2) for _ in range(3)))
    query = "SELECT o.state, o.reason FROM bot.outbox o JOIN bot.conversations c ON c.id = o.conversation_id"
    query += " WHERE c.identity_id = %s"
    assert await pushed.rows(query, identity_id) == [("failed", "unreachable")] * 2
    assert await pushed.rows(query, other_id) == [("queued", None)] * 2
    assert await pushed.rows(MARKED) == [("unfollowed",)]
    assert await pushed.rows(f"{REACHED} WHERE id = %s", identity_id) == [(False,)]
    assert await pushed.rows("SELECT count(*) FROM bot.send_windows WHERE identity_id = %s", identity_id) == [(0,)]
    assert await pushed.rows(REQUESTS) == [("delete", "received", "system:unfollowed", "assurance")]
    [request] = await pushed.crm.privacy_requests_of(contact_id)
    assert request.due_at > datetime.now(UTC)
    contact = await pushed.crm.contact(contact_id)
    assert [one.reachable for one in contact.identities] == [False]


async def test_the_deletion_that_an_unfollow_began_erases_and_nobody_comes_back(pushed: Pushed) -> None:
    identity_id, contact_id = await follower(pushed)
    await pushed.event("SCAN", EventKey="shelf-7")
    await pushed.event("unsubscribe", at=AT + 1)
    [request] = await pushed.crm.privacy_requests_of(contact_id)
    now = datetime.now(UTC)
    await pushed.crm.start_privacy_request(request.id, "staff:mei", now)
    done = await pushed.crm.answer_privacy_request(request.id, "已删除", "staff:mei", now)
    assert done.erasure_id is not None
    for table in ("crm.identities", "crm.interactions", "bot.channel_events", "bot.unreachable", "bot.send_windows"):
        assert await pushed.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    await pushed.event("unsubscribe", at=AT + 1)  # WeChat sends it again
    assert await pushed.rows("SELECT count(*) FROM crm.identities") == [(0,)]
    new_identity, new_contact = await follower(pushed, at=AT + 5)
    assert {new_identity, new_contact}.isdisjoint({identity_id, contact_id})
    assert await pushed.rows(REACHED) == [(True,)]
    assert await pushed.crm.privacy_requests_of(new_contact) == []
    assert len(await pushed.crm.interactions(new_contact)) == 1


async def test_an_unfollow_of_nobody_known_makes_nobody_known(pushed: Pushed) -> None:
    await pushed.event("unsubscribe")
    assert await pushed.rows("SELECT count(*) FROM crm.contacts") == [(0,)]
    assert await pushed.rows("SELECT kind, sealed_raw FROM bot.channel_events") == [("unsubscribe", None)]


async def test_an_unfollow_that_comes_after_a_later_follow_changes_nothing(pushed: Pushed) -> None:
    await follower(pushed)
    await pushed.event("subscribe", at=AT + 9, EventKey="")
    await pushed.event("unsubscribe", at=AT + 5)
    assert await pushed.rows(MARKED) == []
    assert await pushed.rows(REQUESTS) == []
    assert await pushed.rows(REACHED) == [(True,)]


async def test_who_follows_again_is_reached_again_and_has_one_request(pushed: Pushed) -> None:
    identity_id, _ = await follower(pushed)
    for second in (1, 3):
        await pushed.event("unsubscribe", at=AT + second)
        assert await pushed.rows(REACHED) == [(False,)]
        async with pushed.pool.connection() as connection:
            await connection.execute("SELECT bot.acted(%s, 'follow', now())", (identity_id,))
        assert await pushed.rows(REACHED) == [(True,)]
        assert len(await pushed.rows(REQUESTS)) == 1


async def test_a_customer_s_own_request_is_not_doubled(pushed: Pushed) -> None:
    from crm_adapter.records.rights import NewPrivacyRequest

    identity_id, contact_id = await follower(pushed)
    asked = NewPrivacyRequest(contact_id, "close_account", "customer", datetime.now(UTC), identity_id=identity_id)
    await pushed.crm.open_privacy_request(asked)
    await pushed.event("unsubscribe", at=AT + 1)
    assert await pushed.rows("SELECT kind FROM crm.privacy_requests") == [("close_account",)]


async def test_a_follow_that_comes_after_a_later_unfollow_makes_nobody_known(pushed: Pushed) -> None:
    await pushed.event("unsubscribe", at=AT + 2)
    late = await pushed.event("subscribe", at=AT, EventKey="qrscene_spring")
    assert await pushed.events.is_outdated(ACCOUNT, late)
    assert await pushed.rows("SELECT count(*) FROM crm.contacts") == [(0,)]
    anew = await pushed.event("subscribe", at=AT + 3, EventKey="")
    assert not await pushed.events.is_outdated(ACCOUNT, anew)
    assert await pushed.rows(REACHED) == [(True,)]
