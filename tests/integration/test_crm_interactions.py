"""The record of contacts, staff's calls and visits among them (CH2, CH5), and the feed of what changed."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from crm_adapter.policy import Policy
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.sql_store import SqlStore

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
SAID = Provenance("web", "customer", AT)


@pytest_asyncio.fixture
async def crm(engine, keys):
    return SqlStore(engine, keys, Policy())


async def made(crm, key):
    return (await crm.upsert_contact(ExternalKey("shop", key), {}, SAID)).contact_id


def call(contact_id, content="问保修", **more):
    values = {"channel": "phone", "account": "staff", "direction": "in", "occurred_at": AT, **more}
    return NewInteraction(contact_id=contact_id, content=content, **values)


async def test_staff_logs_calls_and_visits_under_one_identity_that_is_no_account(crm, engine):
    contact = await made(crm, "1")
    ids = [await crm.append_interaction(f"k{n}", call(contact, f"第{n}次", outcome_kind="visit")) for n in range(3)]
    found = await crm.interactions(contact)
    assert [one.id for one in found] == ids[::-1]
    assert (found[0].content, found[0].channel, found[0].occurred_at, found[0].outcome_kind) == (
        "第2次",
        "phone",
        AT,
        "visit",
    )
    assert [one.id for one in await crm.interactions(contact, before=ids[2], limit=1)] == [ids[1]]
    assert (await crm.contact(contact)).identities == ()
    async with engine.connect() as connection:
        count = await connection.execute(text("SELECT count(*), bool_or(reachable) FROM crm.identities"))
        assert tuple(count.one()) == (1, False)


async def test_twenty_times_the_same_key_at_once_is_one_interaction(crm):
    contact = await made(crm, "1")
    ids = await asyncio.gather(*(crm.append_interaction("call-7", call(contact)) for _ in range(20)))
    assert len(set(ids)) == 1
    assert len(await crm.interactions(contact)) == 1


async def test_a_familys_interactions_are_read_together_and_part_again(crm):
    a, b = await made(crm, "1"), await made(crm, "2")
    await crm.append_interaction("a", call(a, "a"))
    await crm.append_interaction("b", call(b, "b"))
    merge_id = await crm.merge(b, a, "staff:7", "same")
    await crm.append_interaction("both", call(b, "both"))
    assert [(one.content, one.contact_id) for one in await crm.interactions(b)] == [("both", a), ("b", a), ("a", a)]
    await crm.unmerge(merge_id, "staff:7")
    assert [one.content for one in await crm.interactions(a)] == ["both", "a"]
    assert [one.content for one in await crm.interactions(b)] == ["b"]


async def test_an_account_of_somebody_else_is_refused(crm):
    a, b = await made(crm, "1"), await made(crm, "2")
    linked = await crm.link_identity(a, "wechat", "main", "open-1", "anonymous", SAID)
    await crm.append_interaction("1", call(a, channel="wechat", account="main", identity_id=linked.identity_id))
    for contact in (b, uuid4()):
        with pytest.raises(UnknownRecord):
            await crm.append_interaction("2", call(contact, identity_id=linked.identity_id))


async def test_content_is_sealed_goes_with_its_key_and_nobody_changes_it(crm, engine, addresses):
    contact = await made(crm, "1")
    await crm.append_interaction("1", call(contact, "planted words"))
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT t::text FROM crm.interactions t"))).scalar_one()
        assert b"planted words".hex() not in row
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("UPDATE crm.interactions SET channel = 'x'"))
    with psycopg.connect(addresses.owner_url, autocommit=True) as owner:
        owner.execute("DELETE FROM vault.data_keys")
    assert [one.content for one in await crm.interactions(contact)] == [None]


async def read_all(crm, cursor=None, limit=2):
    found = []
    while True:
        page = await crm.changes_since(cursor, limit=limit)
        found += page.changes
        cursor = page.cursor
        if not page.changes:
            return found, cursor


async def test_the_feed_tells_what_changed_in_pages_and_goes_on(crm):
    assert (await crm.changes_since(None)).changes == ()
    a, b = await made(crm, "1"), await made(crm, "2")
    await crm.set_fields(a, {"name": "王芳"}, SAID)
    linked = await crm.link_identity(a, "wechat", "main", "open-1", "anonymous", SAID)
    found, cursor = await read_all(crm)
    assert [(one.kind, one.contact_id) for one in found] == [
        ("contact", a),
        ("contact", b),
        ("contact", a),
        ("identity", a),
    ]
    assert found[3].record_id == linked.identity_id
    merge_id = await crm.merge(b, a, "staff:7", "same")
    found, cursor = await read_all(crm, cursor)
    assert {(one.kind, one.contact_id, one.record_id) for one in found} == {("merge", one, merge_id) for one in (a, b)}
    await crm.set_fields(a, {"name": "王芳"}, SAID)
    assert await read_all(crm, cursor) == ([], cursor)
    for bad in ("x", "1", "1:2:3", "-1:0", "9" * 30 + ":0", "9" * 20 + ":0"):
        with pytest.raises(Refused, match="bad_cursor"):
            await crm.changes_since(bad)
    assert (await crm.changes_since("9223372036854775807:0")).changes == ()


async def test_a_late_commit_is_never_skipped(crm, engine):
    first, second, third = await made(crm, "1"), await made(crm, "2"), await made(crm, "3")
    _, cursor = await read_all(crm)
    async with engine.connect() as early:
        await crm.within(early).set_fields(first, {"name": "甲"}, SAID)
        await crm.set_fields(second, {"name": "乙"}, SAID)
        page = await crm.changes_since(cursor)
        assert page.changes == (), "what is behind an open transaction waits for it"
        await early.commit()
    page = await crm.changes_since(page.cursor)
    assert [one.contact_id for one in page.changes] == [first, second]
    async with engine.connect() as idle:
        await crm.within(idle).set_fields(first, {"name": "丙"}, SAID)
        await crm.set_fields(third, {"name": "丁"}, SAID)
        await idle.rollback()
    assert [one.contact_id for one in (await crm.changes_since(page.cursor)).changes] == [third]
