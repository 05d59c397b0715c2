"""Deletions that unfollows began: carried out in time where nothing speaks against it, and left to staff elsewhere."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bot.jobs.unfollows import BY, carry_out
from crm_adapter.records.customers import Provenance
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.records.service import NewCase
from tests.integration.wechat_edge.pushed import AT, Pushed
from tests.integration.wechat_edge.test_events_follow import follower

STATES = "SELECT state, handled_by FROM crm.privacy_requests WHERE opened_by = 'system:unfollowed'"
CONTACTS = "SELECT id FROM crm.contacts"


async def unfollowed(pushed: Pushed, openid: str = "o-li") -> tuple[UUID, UUID]:
    """Somebody who followed and does not any more: identity and contact."""
    found = await follower(pushed, openid)
    await pushed.event("unsubscribe", openid=openid, at=AT + 1)
    return found


async def run(pushed: Pushed, days: float) -> tuple[int, int]:
    """The job, so many days from now."""
    later = datetime.now(UTC) + timedelta(days=days)
    return await carry_out(pushed.settings, pushed.engine, pushed.keys, later)


async def test_who_unfollowed_is_erased_after_some_days(pushed: Pushed) -> None:
    await unfollowed(pushed)
    await unfollowed(pushed, "o-wang")
    _, staying = await follower(pushed, "o-zhao")
    assert await run(pushed, 6) == (0, 0)
    assert await run(pushed, 7.1) == (2, 0)
    assert await pushed.rows(CONTACTS) == [(staying,)]
    assert await pushed.rows(STATES) == [("answered", BY)] * 2
    assert await run(pushed, 7.1) == (0, 0)


async def test_staff_may_keep_it_to_themselves(pushed: Pushed) -> None:
    await unfollowed(pushed)
    crm = pushed.settings.crm.model_copy(update={"unfollowed_days": "staff"})
    pushed.settings = pushed.settings.model_copy(update={"crm": crm})
    assert await run(pushed, 30) == (0, 0)
    assert await pushed.rows(STATES) == [("received", None)]


async def test_who_follows_again_is_not_erased(pushed: Pushed) -> None:
    identity_id, contact_id = await unfollowed(pushed)
    async with pushed.pool.connection() as connection:
        await connection.execute("SELECT bot.acted(%s, 'follow', now())", (identity_id,))
    assert await run(pushed, 8) == (0, 1)
    [request] = await pushed.crm.privacy_requests_of(contact_id)
    assert request.state == "refused"
    assert request.answer is not None
    assert "再次关注" in request.answer
    await pushed.event("unsubscribe", at=AT + 9)
    assert [one.state for one in await pushed.crm.privacy_requests_of(contact_id)] == ["received", "refused"]


async def test_staff_decides_about_whom_something_else_is_known(pushed: Pushed) -> None:
    now = datetime.now(UTC)
    _, elsewhere = await unfollowed(pushed, "o-1")
    told = Provenance("web", "customer", now, "verified")
    await pushed.crm.link_identity(elsewhere, "web", "shop", "user-1", "verified", told)
    _, complaining = await unfollowed(pushed, "o-2")
    await pushed.crm.open_case(
        "k",
        NewCase(
            contact_id=complaining, kind="complaint", category="product", by="customer", matter="坏了", opened_at=now
        ),
    )
    asking_id, asking = await unfollowed(pushed, "o-3")
    await pushed.crm.open_privacy_request(NewPrivacyRequest(asking, "export", "customer", now, identity_id=asking_id))
    assert await run(pushed, 8) == (0, 0)
    assert await pushed.rows(STATES) == [("received", None)] * 3
