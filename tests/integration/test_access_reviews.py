"""Who still needs the access they have: reviewed by somebody else, in time, and done at once (PR4, PR9)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select, text

from bot.checkup.access import check_access_reviews
from bot.jobs import make_jobs
from bot.jobs.access_reviews import open_due
from bot.staff.errors import LastAdministrator, UnknownRole
from bot.staff.reviews import decide_access, open_due_review, open_review_now, overdue_since
from bot.staff.rules import DEFAULT_RULES
from bot.staff.sessions import find_session
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.sharing.access import NewAccess, append_access
from crm_adapter.sharing.reviews import list_reviews, review_items
from crm_adapter.sharing.tables import access_review_items
from tests.integration.console_client import make_staff, serving

EVERY, WITHIN = timedelta(days=90), timedelta(days=14)
REASON = "changed departments in May"


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


def now(days: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


async def opened(engine, at=None):
    async with engine.begin() as connection:
        return await open_review_now(connection, WITHIN, at or now())


async def items(engine, keys, review_id):
    async with engine.begin() as connection:
        return {one.access.staff_id: one for one in await review_items(connection, keys, review_id)}


async def decide(engine, keys, review_id, staff, verdict, by, **more):
    async with engine.begin() as connection:
        return await decide_access(connection, keys, review_id, staff.id, verdict, by.id, REASON, **more)


async def test_a_review_opens_when_it_is_due_and_once(engine):
    async with engine.begin() as connection:
        assert await open_due_review(connection, EVERY, WITHIN, now()) is None  # nobody has access
    await make_staff(engine, "ada", "administrator")
    async with engine.begin() as connection:
        assert await open_due_review(connection, EVERY, WITHIN, now(89)) is None
    async with engine.begin() as connection:
        first = await open_due_review(connection, EVERY, WITHIN, now(91))
        assert first is not None
        assert await open_due_review(connection, EVERY, WITHIN, now(300)) is None  # that one is open still
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM crm.access_reviews")) == 1


async def test_it_says_what_each_can_do_and_did(engine, keys):
    ada, mei = await make_staff(engine, "ada", "administrator"), await make_staff(engine, "mei", "agent", "auditor")
    async with engine.begin() as connection:
        for contact_ids in ([uuid4()], [uuid4(), uuid4()]):
            await append_access(connection, keys, NewAccess(f"staff:{mei.id}", "GET /x", "contacts.read", contact_ids))
    found = await items(engine, keys, await opened(engine, now(1)))
    assert {one: item.reads for one, item in found.items()} == {ada.id: 0, mei.id: 2}
    assert found[mei.id].access.roles == ("agent", "auditor")
    assert found[mei.id].access.last_sign_in_at is not None


async def test_the_next_one_counts_from_the_last(engine, keys):
    ada, mei = await make_staff(engine, "ada", "administrator"), await make_staff(engine, "mei", "privacy_officer")
    async with engine.begin() as connection:
        await append_access(connection, keys, NewAccess(f"staff:{mei.id}", "GET /x", "contacts.read", []))
    review_id = await opened(engine, now(1))
    await decide(engine, keys, review_id, mei, "keep", ada)
    await decide(engine, keys, review_id, ada, "keep", mei)
    found = await items(engine, keys, await opened(engine, now(2)))
    assert found[mei.id].reads == 0


async def test_what_is_decided_is_done_and_sessions_end(engine, keys, console):
    ada = await make_staff(engine, "ada", "administrator")
    mei, lin = await console.staff("mei", "agent", "auditor"), await console.staff("lin", "agent")
    wu = await console.staff("wu", "agent")
    browsers = {}
    for name in ("mei", "lin", "wu"):
        browsers[name] = console.browser()
        await browsers[name].sign_in(name)
    review_id = await opened(engine)
    assert (await decide(engine, keys, review_id, mei, "reduce", ada, roles=["auditor"])).roles == ("auditor",)
    assert (await decide(engine, keys, review_id, lin, "remove", ada)).active is False
    assert (await decide(engine, keys, review_id, wu, "keep", ada)).roles == ("agent",)
    live = {}
    for name, browser in browsers.items():
        async with engine.begin() as connection:
            live[name] = await find_session(connection, DEFAULT_RULES, browser.token) is not None
    assert live == {"mei": False, "lin": False, "wu": True}
    found = await items(engine, keys, review_id)
    assert (found[mei.id].decision, found[mei.id].roles_after, found[mei.id].reason) == ("reduce", ("auditor",), REASON)
    assert found[mei.id].decided_by == ada.id
    async with engine.connect() as connection:
        stored = (await connection.execute(select(access_review_items.c.sealed_reason))).scalars()
        assert all(REASON.encode() not in one for one in stored if one)


async def test_nobody_reviews_themself(engine, keys):
    ada = await make_staff(engine, "ada", "administrator")
    review_id = await opened(engine)
    with pytest.raises(Refused, match="own_review"):
        await decide(engine, keys, review_id, ada, "keep", ada)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="nobody_themself"):
            await connection.execute(
                text("UPDATE crm.access_review_items SET decided_by = staff_id, decision = 'keep', sealed_reason = ''")
            )


async def test_what_a_review_refuses(engine, keys):
    ada, mei = await make_staff(engine, "ada", "administrator"), await make_staff(engine, "mei", "agent", "auditor")
    review_id = await opened(engine)
    for roles in ([], ["administrator"], ["agent", "auditor"]):
        with pytest.raises(UnknownRole):
            await decide(engine, keys, review_id, mei, "reduce", ada, roles=roles)
    with pytest.raises(LastAdministrator):
        await decide(engine, keys, review_id, ada, "remove", mei)
    assert (await items(engine, keys, review_id))[ada.id].decision is None  # nothing of it was written
    await decide(engine, keys, review_id, mei, "keep", ada)
    with pytest.raises(Refused, match="already_decided"):
        await decide(engine, keys, review_id, mei, "remove", ada)
    with pytest.raises(UnknownRecord):
        await decide(engine, keys, uuid4(), mei, "keep", ada)
    later = await make_staff(engine, "new", "agent")
    with pytest.raises(UnknownRecord):
        await decide(engine, keys, review_id, later, "keep", ada)


async def test_the_last_decision_closes_it_and_accounts_switched_off_do_not_hold_it_up(engine, keys):
    ada, mei = await make_staff(engine, "ada", "administrator"), await make_staff(engine, "mei", "privacy_officer")
    await make_staff(engine, "gone", "agent")
    review_id = await opened(engine)
    await decide(engine, keys, review_id, mei, "keep", ada)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.staff SET active = false WHERE name = 'gone'"))
    await decide(engine, keys, review_id, ada, "keep", mei)
    async with engine.connect() as connection:
        (review,) = await list_reviews(connection)
    assert review.closed_at is not None
    with pytest.raises(Refused, match="review_closed"):
        await decide(engine, keys, review_id, mei, "remove", ada)


async def test_the_doctor_tells_of_an_overdue_one(engine, settings):
    async def overdue(at):
        async with engine.connect() as connection:
            return await overdue_since(connection, EVERY, WITHIN, at)

    assert await overdue(now(1000)) is None  # nobody has access
    await make_staff(engine, "ada", "administrator")
    assert await overdue(now(103)) is None
    assert await overdue(now(105)) is not None  # never opened
    await opened(engine)
    assert await overdue(now(13)) is None
    assert await overdue(now(15)) is not None  # never finished
    (part,) = await check_access_reviews(settings, engine)
    assert (part.state, part.code) == ("ok", "access_reviewed")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE crm.access_reviews SET due_at = now() - interval '1 day'"))
    (part,) = await check_access_reviews(settings, engine)
    assert (part.state, part.code) == ("warning", "access_review_overdue")
    for locale in ("zh-Hans", "zh-Hant", "en"):
        assert all(part.words(locale))


async def test_the_job_opens_it(addresses, engine, settings, pool):
    await make_staff(engine, "ada", "administrator")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.staff SET created_at = now() - interval '91 days'"))
    jobs = make_jobs(addresses.application_url, settings)
    assert "access_reviews:open_due" in jobs.tasks
    async with jobs.open_async():
        await jobs.tasks["access_reviews:open_due"].defer_async(timestamp=0)
        await jobs.run_worker_async(
            wait=False, install_signal_handlers=False, additional_context={"settings": settings, "pool": pool}
        )
    async with engine.connect() as connection:
        (review,) = await list_reviews(connection)
    assert (review.open_items, review.due_at - review.opened_at) == (1, WITHIN)
    assert open_due.name.endswith("open_due")


async def test_the_console_reviews(engine, console):
    officer, ada = (
        await console.signed_in("officer", "privacy_officer"),
        await console.signed_in("ada", "administrator"),
    )
    mei = await console.staff("mei", "agent", "auditor")
    review = await officer.call("POST", "/api/access-reviews", {})
    assert review.status == 201
    again = await ada.call("POST", "/api/access-reviews", {})
    assert (again.status, again.code) == (409, "review_open")
    path = f"/api/access-reviews/{review.body['id']}"
    listed = (await officer.call("GET", path)).body["items"]
    by_roles = {tuple(one["roles"]): one["staff_id"] for one in listed}
    assert set(by_roles) == {("privacy_officer",), ("administrator",), ("agent", "auditor")}
    own = {"staff_id": by_roles["privacy_officer",], "decision": "keep", "reason": REASON}
    refused = await officer.call("POST", f"{path}/decisions", own)
    assert (refused.status, refused.code) == (409, "own_review")
    reduced = await officer.call(
        "POST",
        f"{path}/decisions",
        {"staff_id": str(mei.id), "decision": "reduce", "roles": ["auditor"], "reason": REASON},
    )
    assert reduced.body == {"staff_id": str(mei.id), "roles": ["auditor"], "active": True}
    assert (await ada.call("POST", f"{path}/decisions", own)).status == 200
    last = {"staff_id": by_roles["administrator",], "decision": "keep", "reason": REASON}
    assert (await officer.call("POST", f"{path}/decisions", last)).status == 200
    (closed,) = (await ada.call("GET", "/api/access-reviews")).body["items"]
    assert (closed["open_items"], closed["closed_at"] is not None) == (0, True)
    for body in ({}, {**own, "reason": "no"}, {**own, "staff_id": "x"}, {**own, "decision": "maybe"}):
        assert (await officer.call("POST", f"{path}/decisions", body)).status == 422
    assert (await officer.call("GET", f"/api/access-reviews/{uuid4()}")).code == "unknown_record"
    assert (await officer.call("GET", "/api/access-reviews/x")).code == "unknown_record"
