"""Deadlines of cases are raised once each, before and after they pass, and are done with once met (SL1, SL2, SL8)."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy import text

from bot.checkup.cases import check_cases
from bot.jobs.deadlines import raise_deadlines
from crm_adapter.policy import Policy
from crm_adapter.records.service import NewCase
from crm_adapter.sql_store import SqlStore
from tests.integration.console_client import store_talk

STAFF = "staff:01a20195-0000-7000-8000-000000000001"
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest_asyncio.fixture
async def house(engine, keys, settings):
    store = SqlStore(engine, keys, Policy())
    contact = (await store_talk(engine, "你好")).contact

    async def tick(**after):
        raised, closed = await raise_deadlines(settings, engine, keys, START + timedelta(**after))
        kinds = [(task.kind, task.state) for task in await store.tasks(contact)]
        return raised, closed, sorted(kinds)

    async def open_case(kind):
        return await store.open_case(kind, NewCase(contact, kind, "product", "水壶漏水", START, STAFF))

    return store, open_case, tick


async def test_a_complaint_is_reminded_of_once_before_and_once_after(house):
    _, open_case, tick = house
    await open_case("complaint")
    assert await tick(hours=41) == (0, 0, [])
    assert await tick(hours=42) == (1, 0, [("soon_first", "open")])
    assert await tick(hours=43) == (1, 0, [("soon_first", "open")])
    assert await tick(hours=49) == (1, 0, [("overdue_first", "open"), ("soon_first", "open")])
    assert await tick(hours=60) == (1, 0, [("overdue_first", "open"), ("soon_first", "open")])


async def test_an_enquiry_has_a_day_and_a_result_fifteen(house):
    store, open_case, tick = house
    case = await open_case("enquiry")
    assert (await tick(hours=18))[2] == [("soon_first", "open")]
    await store.transition_case(case.id, "planned", STAFF, "")
    assert await tick(hours=30) == (0, 1, [("soon_first", "done")])
    assert (await tick(days=12))[2] == [("soon_final", "open"), ("soon_first", "done")]
    await store.transition_case(case.id, "answered", STAFF, "")
    assert await tick(days=16) == (0, 1, [("soon_final", "done"), ("soon_first", "done")])


async def test_a_case_that_is_reopened_owes_its_result_anew(house, engine):
    store, open_case, tick = house
    case = await open_case("enquiry")
    await store.transition_case(case.id, "answered", STAFF, "")
    reopened = await store.transition_case(case.id, "reopened", STAFF, "")
    after = reopened.final_due_at - START + timedelta(hours=1)
    assert (await tick(seconds=after.total_seconds()))[2] == [("overdue_final", "open")]


async def test_the_check_up_tells_what_is_overdue_and_who_waits_too_long(house, engine, settings):
    _, open_case, _ = house
    await open_case("complaint")

    async def codes(**after):
        return [part.code for part in await check_cases(settings, engine, START + timedelta(**after))]

    assert await codes(hours=47) == ["cases_in_time", "waiting_in_time"]
    assert await codes(hours=49) == ["cases_overdue", "waiting_in_time"]
    async with engine.begin() as connection:
        queue = text("UPDATE bot.conversations SET owner = 'queue', queued_at = :at")
        await connection.execute(queue, {"at": START})
    assert await codes(hours=23) == ["cases_in_time", "waiting_in_time"]
    (cases, waiting) = await check_cases(settings, engine, START + timedelta(hours=50))
    assert (cases.values["count"], waiting.values["count"]) == (1, 1)
    assert all(part.words(locale)[1] for part in (cases, waiting) for locale in ("zh-Hans", "zh-Hant", "en"))


async def test_the_case_of_who_was_erased_is_nobodys_task(house, engine, keys, settings):
    store, open_case, _ = house
    case = await open_case("complaint")
    await store.erase(case.contact_id, STAFF, "withdrawal", START)
    assert await raise_deadlines(settings, engine, keys, START + timedelta(days=30)) == (0, 0)
