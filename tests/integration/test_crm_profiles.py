"""Profiles in PostgreSQL: facts with source and history, versions, what is found and what stands in clear (CP1-CP3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from crm_adapter.encryption import KeyGone
from crm_adapter.policy import Policy
from crm_adapter.port import BadField, UnknownRecord, VersionConflict
from crm_adapter.records.customers import Ambiguous, Created, ExternalKey, Noop, Provenance, Updated
from crm_adapter.sql_store import SqlStore

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
SAID = Provenance("web", "customer", AT)
PROVEN = Provenance("sms", "customer", AT, "verified")


@pytest_asyncio.fixture
async def crm(engine, keys):
    return SqlStore(engine, keys, Policy())


async def new(crm, key, fields=None, provenance=SAID, **more):
    return await crm.upsert_contact(ExternalKey("shop", key), fields or {}, provenance, **more)


async def test_a_fact_knows_its_source_time_and_who_set_it(crm):
    made = await new(crm, "1", {"name": "王芳", "phone": "138 0013 8000", "birthday": "1990年5月3日", "gender": "女"})
    assert isinstance(made, Created)
    contact = await crm.contact(made.contact_id)
    assert {field: fact.value for field, fact in contact.facts.items()} == {
        "name": "王芳",
        "phone": "+8613800138000",
        "birthday": "1990-05-03",
        "gender": "female",
    }
    fact = contact.facts["name"]
    assert (fact.source, fact.set_by, fact.at, fact.assurance, fact.superseded_at) == (
        "web",
        "customer",
        AT,
        "claimed",
        None,
    )
    assert (contact.version, contact.completeness, contact.fresh_at) == (1, 0.4, AT)


async def test_a_change_keeps_the_history_and_no_change_is_none(crm):
    made = await new(crm, "1", {"name": "王芳", "address": "上海市"})
    later = Provenance("phone", "staff:7", AT + timedelta(days=1))
    assert await crm.set_fields(made.contact_id, {"name": " 王芳 "}, later) == Noop(made.contact_id, 1)
    changed = await crm.set_fields(made.contact_id, {"name": "王方", "address": None}, later, expected_version=1)
    assert changed == Updated(made.contact_id, 2)
    contact = await crm.contact(made.contact_id)
    assert contact.facts.keys() == {"name"}
    assert contact.fresh_at == later.at
    history = await crm.history(made.contact_id)
    assert [(one.field, one.value, one.set_by) for one in history[:2]] == [
        ("address", None, "staff:7"),
        ("name", "王方", "staff:7"),
    ]
    assert {(one.field, one.value, one.superseded_at) for one in history[2:]} == {
        ("name", "王芳", later.at),
        ("address", "上海市", later.at),
    }


async def test_the_same_value_proven_is_more_than_claimed_and_never_less(crm):
    made = await new(crm, "1", {"name": "王芳"})
    assert isinstance(await crm.set_fields(made.contact_id, {"name": "王芳"}, PROVEN), Updated)
    assert isinstance(await crm.set_fields(made.contact_id, {"name": "王芳"}, SAID), Noop)
    assert (await crm.contact(made.contact_id)).facts["name"].assurance == "verified"


async def test_a_bad_value_or_an_old_version_writes_nothing(crm):
    made = await new(crm, "1", {"name": "王芳", "phone": "13800138000"})
    with pytest.raises(BadField) as bad:
        await crm.set_fields(made.contact_id, {"name": "李雷", "phone": "12345"}, SAID)
    assert (bad.value.field, bad.value.code) == ("phone", "bad_phone")
    with pytest.raises(VersionConflict) as late:
        await crm.set_fields(made.contact_id, {"name": "李雷"}, SAID, expected_version=7)
    assert late.value.actual == 1
    contact = await crm.contact(made.contact_id)
    assert (contact.version, contact.facts["name"].value, contact.facts["phone"].value) == (
        1,
        "王芳",
        "+8613800138000",
    )
    with pytest.raises(UnknownRecord):
        await crm.set_fields(uuid4(), {"name": "李雷"}, SAID)


async def test_of_many_changes_at_one_version_one_wins(crm):
    made = await new(crm, "1", {"name": "王芳"})
    tries = [crm.set_fields(made.contact_id, {"name": f"王芳{n}"}, SAID, expected_version=1) for n in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Updated) for one in results) == 1
    assert sum(isinstance(one, VersionConflict) for one in results) == 7
    assert (await crm.contact(made.contact_id)).version == 2


async def test_twenty_upserts_of_one_key_at_once_make_one_contact(crm):
    fields = {"name": "王芳", "phone": "13800138000"}
    results = await asyncio.gather(*(new(crm, "1", fields) for _ in range(20)))
    assert len({one.contact_id for one in results}) == 1
    assert sorted(type(one).__name__ for one in results) == ["Created"] + ["Noop"] * 19
    assert len(await crm.history(results[0].contact_id)) == 2


async def test_an_unknown_key_finds_the_contact_only_by_what_is_proven(crm):
    one = await new(crm, "1", {"email": "Fang@Example.com"}, PROVEN)
    claimed = await new(crm, "2", {"email": "fang@example.com"})
    assert isinstance(claimed, Created)
    (asked,) = await crm.merge_suggestions(contact_id=claimed.contact_id)
    assert {asked.one_id, asked.other_id} == {one.contact_id, claimed.contact_id}
    assert asked.reason == "same_email"
    assert await new(crm, "3", {"email": "fang@example.com"}, PROVEN) == Updated(one.contact_id, 2)
    assert await new(crm, "3", {}) == Noop(one.contact_id, 2)
    await new(crm, "4", {"phone": "13800138000"}, PROVEN)
    both = {"email": "fang@example.com", "phone": "13800138000"}
    found = await new(crm, "5", both, PROVEN)
    assert isinstance(found, Ambiguous)
    assert len(found.contact_ids) == 2
    with pytest.raises(VersionConflict):
        await new(crm, "6", {}, expected_version=3)
    with pytest.raises(BadField):
        await new(crm, "", {})


async def test_found_by_phone_and_email_in_any_spelling(crm):
    made = await new(crm, "1", {"phone": "13800138000", "email": "fang@example.com"})
    for spelling in ("+86 138-0013-8000", "138 0013 8000", "１３８００１３８０００"):
        assert await crm.find_by_field("phone", spelling) == [made.contact_id]
    assert await crm.find_by_field("email", "FANG@example.com") == [made.contact_id]
    await crm.set_fields(made.contact_id, {"phone": "13900139000"}, SAID)
    assert await crm.find_by_field("phone", "13800138000") == []
    with pytest.raises(BadField):
        await crm.find_by_field("phone", "no number")


async def test_a_basis_lifts_the_quarantine(crm):
    made = await new(crm, "1", {"name": "王芳"}, quarantined=True)
    assert (await crm.contact(made.contact_id)).quarantined
    assert isinstance(await new(crm, "1", {"name": "王芳"}), Noop)
    assert isinstance(await new(crm, "1", {}, lawful_basis="contract"), Updated)
    contact = await crm.contact(made.contact_id)
    assert (contact.quarantined, contact.lawful_basis) == (False, "contract")
    await new(crm, "1", {"name": "王方"}, quarantined=True)
    assert not (await crm.contact(made.contact_id)).quarantined


async def test_an_owner_and_a_review_keep_the_profile_right(crm):
    made = await new(crm, "1", {"name": "王芳"})
    owner = uuid4()
    assert await crm.set_owner(made.contact_id, owner, "staff:7", expected_version=1) == 2
    with pytest.raises(VersionConflict):
        await crm.set_owner(made.contact_id, None, "staff:7", expected_version=1)
    reviewed = AT + timedelta(days=400)
    assert await crm.mark_reviewed(made.contact_id, "staff:8", reviewed) == 3
    contact = await crm.contact(made.contact_id)
    assert (contact.owner_id, contact.fresh_at, contact.facts.keys()) == (owner, reviewed, {"name"})
    kept = {(one.field, one.value, one.set_by) for one in await crm.history(made.contact_id)}
    assert {("owner", str(owner), "staff:7"), ("reviewed", reviewed.isoformat(), "staff:8")} <= kept


async def test_an_organisation_is_complete_with_its_own_fields(crm):
    made = await new(
        crm, "1", {"name": "暖居电器", "industry": "家电", "size": "中型", "region": "广东"}, kind="organisation"
    )
    contact = await crm.contact(made.contact_id)
    assert (contact.kind, contact.completeness) == ("organisation", 0.4)
    assert (contact.facts["size"].value, contact.facts["region"].value) == ("medium", "CN-GD")


async def test_nothing_of_a_person_stands_in_clear_and_without_the_key_nothing_is_known(crm, engine):
    made = await new(crm, "secret-key", {"name": "王芳", "phone": "13800138000", "email": "fang@example.com"}, PROVEN)
    await crm.link_identity(made.contact_id, "wechat", "main", "openid-fang", "verified", SAID)
    async with engine.begin() as connection:
        for table in ("contacts", "facts", "identities", "external_keys", "changes", "merge_suggestions"):
            rows = (await connection.execute(text(f"SELECT t::text FROM crm.{table} t"))).scalars().all()
            for planted in ("王芳", "13800138000", "fang@example.com", "openid-fang", "secret-key"):
                hidden = planted.encode().hex()
                assert not any(planted in row or hidden in row for row in rows), (table, planted)
        await connection.execute(text("DELETE FROM vault.data_keys WHERE contact_id = :id"), {"id": made.contact_id})
    contact = await crm.contact(made.contact_id)
    assert (contact.facts, contact.identities) == ({}, ())
    with pytest.raises(KeyGone):
        await crm.set_fields(made.contact_id, {"name": "王芳"}, SAID)


async def test_within_the_callers_transaction_it_is_theirs_to_commit(crm, engine):
    made = await new(crm, "1", {"name": "王芳"})
    async with engine.connect() as connection:
        inside = crm.within(connection)
        assert isinstance(await inside.set_fields(made.contact_id, {"name": "李雷"}, SAID), Updated)
        assert (await inside.contact(made.contact_id)).facts["name"].value == "李雷"
        await connection.rollback()
    assert (await crm.contact(made.contact_id)).facts["name"].value == "王芳"
