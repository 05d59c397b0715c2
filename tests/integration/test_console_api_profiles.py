"""Profiles and merges, as the console reads and changes them (CP1-CP3, CH5)."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot.web.keys import CRM
from crm_adapter.records.customers import ExternalKey, Provenance
from tests.integration.console_client import serving, store_talk

SAID = Provenance("web", "customer", datetime(2026, 3, 1, tzinfo=UTC))


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


@pytest_asyncio.fixture
async def specialist(console):
    return await console.signed_in("lin", "crm_specialist")


async def made(console, key, **fields):
    return (await console.app[CRM].upsert_contact(ExternalKey("shop", key), fields, SAID)).contact_id


async def test_a_profile_says_what_is_known_from_where_and_who_keeps_it(console):
    agent = await console.signed_in("mei", "agent")
    talk = await store_talk(console.engine, "你好", name="王芳")
    contact = await made(console, "1", name="王芳", phone="13800138000", id_number="11010519491231002X")
    await console.app[CRM].merge(talk.contact, contact, "staff:7", "same person")
    path = f"/api/contacts/{talk.contact}/profile"
    profile = (await agent.call("GET", path, headers={"Accept-Language": "en"})).body
    assert (profile["id"], profile["version"], profile["merged"]) == (str(contact), 2, [str(talk.contact)])
    facts = {one["field"]: one for one in profile["facts"]}
    assert (facts["name"]["value"], facts["name"]["source"], facts["name"]["set_by"]) == ("王芳", "web", "customer")
    assert (facts["phone"]["label"], facts["phone"]["at"]) == ("Phone", "2026-03-01T00:00:00+00:00")
    assert "19491231" not in facts["id_number"]["value"]
    assert profile["completeness"] == 0.2
    assert [one["channel"] for one in profile["identities"]] == ["web"]
    assert (profile["name"], profile["merges"][0]["source_name"]) == ("王芳", "王芳")
    assert (profile["merges"][0]["reason"], profile["suggestions"], len(profile["history"])) == ("same person", [], 4)
    open_ = (await agent.call("GET", path, params={"unmask": "1", "reason": "checks the invoice"})).body
    assert "11010519491231002X" in [one["value"] for one in open_["facts"]]
    async with console.engine.connect() as connection:
        seen = await connection.execute(text("SELECT count(*) FROM crm.access_log"))
        assert seen.scalar_one() >= 2
    for unknown in (uuid7(), "nobody"):
        assert (await agent.call("GET", f"/api/contacts/{unknown}/profile")).code == "unknown_contact"


async def test_staff_changes_a_profile_under_its_version(console, specialist):
    contact, owner = await made(console, "1", name="王芳"), await console.staff("owner", "account_manager")
    path = f"/api/contacts/{contact}/profile"
    change = {"expected_version": 1, "fields": {"name": "王方", "birthday": "1990年5月3日"}, "owner_id": str(owner.id)}
    changed = await specialist.call("PATCH", path, {**change, "reviewed": True})
    assert changed.status == 200, changed.body
    facts = {one["field"]: one for one in changed.body["facts"]}
    assert (facts["birthday"]["value"], facts["birthday"]["source"]) == ("1990-05-03", "staff")
    assert facts["name"]["set_by"].startswith("staff:")
    assert changed.body["owner_id"] == str(owner.id)
    late = await specialist.call("PATCH", path, change)
    assert (late.status, late.code, late.body["actual"]) == (409, "version_conflict", changed.body["version"])
    version = changed.body["version"]
    for locale, words in (("en", "Phone: This is not"), ("zh-Hans", "电话：这不是"), ("zh-Hant", "「電話」這不是")):
        bad = {"expected_version": version, "fields": {"name": "李雷", "phone": "12345"}, "owner_id": None}
        refused = await specialist.call("PATCH", path, bad, headers={"Accept-Language": locale})
        assert (refused.status, refused.code) == (422, "bad_field")
        assert (refused.body["field"], refused.body["reason"]) == ("phone", "bad_phone")
        assert refused.body["detail"].startswith(words)
    for fault in ({"fields": {}}, {"expected_version": version, "owner_id": str(uuid7())}, {"expected_version": "1"}):
        assert (await specialist.call("PATCH", path, fault)).code == "invalid"
    after = (await specialist.call("GET", path)).body
    assert (after["version"], after["owner_id"]) == (version, str(owner.id))
    gone = await specialist.call("PATCH", path, {"expected_version": version, "owner_id": None})
    assert gone.body["owner_id"] is None
    assert (await specialist.call("PATCH", f"/api/contacts/{uuid7()}/profile", {"expected_version": 1})).status == 404


async def test_contacts_are_merged_and_parted_by_those_who_may(console, specialist):
    a = await made(console, "1", name="王芳", phone="13800138000")
    b = await made(console, "2", phone="13800138000")
    (asked,) = (await specialist.call("GET", "/api/merge-suggestions")).body["items"]
    assert ({asked["one_id"], asked["other_id"]}, asked["reason"]) == ({str(a), str(b)}, "same_phone")
    assert {asked["one_name"], asked["other_name"]} == {"王芳", f"访客 {str(b)[-4:]}"}
    agent = await console.signed_in("mei", "agent")
    decide = f"/api/merge-suggestions/{asked['id']}"
    assert (await agent.call("POST", decide, {"decision": "merged"})).code == "forbidden"
    assert (await specialist.call("POST", decide, {"decision": "different"})).status == 204
    assert (await specialist.call("POST", decide, {"decision": "merged"})).code == "already_decided"
    merge = f"/api/contacts/{a}/merge"
    done = await specialist.call("POST", merge, {"source_id": str(b), "reason": "the customer said so"})
    assert (done.status, done.body["contact_id"]) == (201, str(a))
    again = await specialist.call("POST", merge, {"source_id": str(b), "reason": "again"})
    assert (again.status, again.code) == (409, "same_contact")
    undo = f"/api/merges/{done.body['merge_id']}/undo"
    assert (await agent.call("POST", undo)).code == "forbidden"
    assert (await specialist.call("POST", undo)).status == 204
    assert (await specialist.call("POST", undo)).code == "already_undone"
    assert (await console.app[CRM].contact(b)).id == b
    for unknown in (uuid7(), "none"):
        assert (await specialist.call("POST", f"/api/merges/{unknown}/undo")).status == 404
        assert (
            await specialist.call("POST", f"/api/merge-suggestions/{unknown}", {"decision": "merged"})
        ).status == 404


async def test_staff_logs_a_call_once(console, specialist):
    contact = await made(console, "1")
    path = f"/api/contacts/{contact}/interactions"
    now = datetime.now(UTC)
    call = {"idempotency_key": "page-0001", "channel": "phone", "direction": "in", "occurred_at": now.isoformat()}
    told = {**call, "content": "问保修", "result": "已解答"}
    first, second = [await specialist.call("POST", path, told) for _ in range(2)]
    assert (first.status, first.body) == (201, second.body)
    (kept,) = await console.app[CRM].interactions(contact)
    assert (kept.content, kept.channel, kept.occurred_at) == ("问保修\n→ 已解答", "phone", now)
    (listed,) = (await specialist.call("GET", f"/api/interactions?contact_id={contact}")).body["items"]
    assert listed["content"] == kept.content
    later = (now + timedelta(hours=1)).isoformat()
    for fault in (
        {"occurred_at": later},
        {"content": "a\x00"},
        {"channel": "web"},
        {"occurred_at": "2026-01-01T00:00"},
    ):
        assert (await specialist.call("POST", path, {**told, **fault})).code == "invalid", fault
    assert (
        await specialist.call("POST", f"/api/contacts/{uuid7()}/interactions", told | {"idempotency_key": "other-01"})
    ).status == 404
