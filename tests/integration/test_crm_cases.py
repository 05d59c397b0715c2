"""Cases in PostgreSQL: two at once, what stands in clear, what is left when a key is erased."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from bot.storage.database import Addresses
from crm_adapter.encryption import Keys
from crm_adapter.encryption.vault import make_key
from crm_adapter.policy import Policy
from crm_adapter.port import Refused, UnknownRecord, VersionConflict
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.service import SqlService
from crm_adapter.service import cases as cases_module
from crm_adapter.tables import contacts, data_keys

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
STAFF = f"staff:{uuid4()}"


@pytest.fixture
def store(engine: AsyncEngine, keys: Keys) -> SqlService:
    return SqlService(engine, keys, Policy())


@pytest.fixture
async def contact_id(engine: AsyncEngine, keys: Keys) -> UUID:
    contact_id = uuid7()
    async with engine.begin() as connection:
        key = await make_key(connection, keys, contact_id)
        row = {"id": contact_id, "root_id": contact_id, "key_id": key.id, "locale": "en", "created_at": NOW}
        await connection.execute(insert(contacts).values(row))
    return contact_id


def complaint(contact_id: UUID, matter: str = "the kettle leaks") -> NewCase:
    return NewCase(
        contact_id, "complaint", "product", matter, NOW, STAFF, remedy="a new one", reach="13800138000", order_ref="A-1"
    )


async def test_of_two_steps_at_once_from_the_same_version_one_wins(store, contact_id):
    case = await store.open_case("k", complaint(contact_id))
    results = await asyncio.gather(
        *(store.transition_case(case.id, "investigating", STAFF, f"try {n}", expected_version=1) for n in range(5)),
        return_exceptions=True,
    )
    won = [one for one in results if not isinstance(one, BaseException)]
    lost = [one for one in results if isinstance(one, VersionConflict)]
    assert (len(won), len(lost)) == (1, 4)
    assert {one.actual for one in lost} == {2}
    assert [event.to_state for event in (await store.case(case.id)).events] == ["open", "investigating"]


async def test_opened_at_once_with_one_key_it_is_one_case(store, contact_id):
    cases = await asyncio.gather(*(store.open_case("k", complaint(contact_id, f"try {n}")) for n in range(5)))
    assert len({case.id for case in cases}) == 1
    assert len({case.matter for case in cases}) == 1
    assert len(await store.cases(contact_id)) == 1


async def test_a_number_that_is_taken_is_drawn_again(store, contact_id, monkeypatch):
    drawn = iter(["C261122-22226", "C261122-22226", "C261122-3333Q"])
    monkeypatch.setattr(cases_module, "new_number", lambda at: next(drawn))
    first = await store.open_case("a", complaint(contact_id))
    second = await store.open_case("b", complaint(contact_id))
    assert (first.number, second.number) == ("C261122-22226", "C261122-3333Q")


async def test_a_task_closed_twice_at_once_is_closed_once(store, contact_id):
    task = await store.add_task("k", NewTask(contact_id, "call", "ring back", NOW, STAFF))
    results = await asyncio.gather(
        *(store.close_task(task.id, "done", STAFF, f"said {n}") for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, Refused) for one in results) == 3


async def test_no_word_stands_in_clear_and_the_feed_names_every_change(store, contact_id, addresses: Addresses):
    case = await store.open_case("shop:13900139000", complaint(contact_id))
    await store.transition_case(case.id, "closed", STAFF, "王芳 agreed", root_cause="product")
    task = await store.add_task(
        "shop:13900139000", NewTask(contact_id, "call", "ring 李雷", NOW, STAFF, case_id=case.id)
    )
    await store.close_task(task.id, "done", STAFF, "李雷 is content")
    with psycopg.connect(addresses.owner_url) as connection:
        dump = "".join(
            str(row)
            for table in ("cases", "case_events", "tasks")
            for row in connection.execute(f"SELECT to_jsonb(t)::text FROM crm.{table} t".encode())
        )
        feed = connection.execute("SELECT kind, record_id FROM crm.changes ORDER BY number").fetchall()
    for word in ("kettle", "a new one", "13800138000", "A-1", "王芳", "李雷", "13900139000"):
        assert word not in dump
        assert word.encode().hex() not in dump
    assert feed == [("case", case.id)] * 2 + [("task", task.id)] * 2


async def test_when_the_customer_is_erased_the_case_stays_for_the_statistics(store, contact_id, engine):
    case = await store.open_case("k", complaint(contact_id))
    await store.transition_case(case.id, "closed", STAFF, "settled", root_cause="price")
    task = await store.add_task("k", NewTask(contact_id, "call", "ring back", NOW, STAFF))
    async with engine.begin() as connection:
        await connection.execute(delete(data_keys).where(data_keys.c.contact_id == contact_id))
    left = await store.case(case.id)
    assert (left.kind, left.category, left.state, left.root_cause) == ("complaint", "product", "closed", "price")
    assert (left.matter, left.remedy, left.reach, left.order_ref) == (None, None, None, None)
    assert [event.note for event in left.events] == [None, None]
    with pytest.raises(Refused, match="erased"):
        await store.transition_case(case.id, "reopened", STAFF, "once more")
    with pytest.raises(UnknownRecord):
        await store.open_case("other", complaint(contact_id))
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM crm.tasks WHERE contact_id = :id"), {"id": contact_id})
        await connection.execute(delete(contacts).where(contacts.c.id == contact_id))
    assert (await store.case(case.id)).contact_id == contact_id
    with pytest.raises(UnknownRecord):
        await store.close_task(task.id, "done", STAFF, "")
    with pytest.raises(UnknownRecord):
        await store.tasks(contact_id)


async def test_a_step_inside_the_callers_transaction_goes_back_with_it(store, contact_id, engine):
    case = await store.open_case("k", complaint(contact_id))
    async with engine.connect() as connection:
        moved = await store.within(connection).transition_case(case.id, "investigating", STAFF, "")
        assert moved.version == 2
        await connection.rollback()
    assert (await store.case(case.id)).state == "open"
