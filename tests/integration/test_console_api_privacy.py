"""Requests about one's own data over the console's API: who may, what is checked, what is downloaded."""

import io
import zipfile

import pytest
import pytest_asyncio
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot.privacy.exporting import Exports
from bot.storage.blobs import BlobStore
from crm_adapter.policy import Policy
from crm_adapter.rights.certificate import public_half, verify
from tests.integration.console_client import serving
from tests.integration.privacy_customers import SAID, Store, make_customer


@pytest.fixture
def store(engine, keys):
    return Store(engine, keys, Policy())


@pytest_asyncio.fixture
async def console(engine, settings, store, pool, keys):
    exports = Exports(settings, store, BlobStore(settings.var_dir / "blobs", pool, keys))
    async with serving(engine, EXPORTS=exports) as served:
        yield served


@pytest_asyncio.fixture
async def officer(console):
    return await console.signed_in("fang", "privacy_officer")


@pytest_asyncio.fixture
async def agent(console):
    return await console.signed_in("mei", "agent")


async def test_from_the_agent_to_the_file(console, agent, officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    path = f"/api/contacts/{customer.contact_id}/privacy-requests"
    made = await agent.call("POST", path, {"kind": "export", "words": "给我一份", "identity_id": None})
    assert made.status == 201, made.body
    assert (made.body["state"], made.body["checked_method"], made.body["overdue"]) == ("received", None, False)
    one = f"/api/privacy-requests/{made.body['id']}"
    assert (await agent.call("POST", f"{one}/start", {})).code == "forbidden"
    assert (await agent.call("GET", path)).body["items"][0]["words"] == "给我一份"

    listed = (await officer.call("GET", "/api/privacy-requests")).body
    assert [item["id"] for item in listed["items"]] == [made.body["id"]]
    assert listed["items"][0]["contact_name"] == made.body["contact_name"] != ""
    assert (await officer.call("GET", "/api/privacy-requests", params={"state": "answered"})).body["items"] == []
    assert (await officer.call("POST", f"{one}/start", {})).code == "identity_unchecked"
    assert (await officer.call("GET", f"{one}/export.zip")).code == "not_handler"
    checked = await officer.call("POST", f"{one}/check", {"method": "in_person"})
    assert checked.body["state"] == "identity_check"
    started = await officer.call("POST", f"{one}/start", {"expected_version": 2})
    assert started.body["state"] == "in_progress"
    assert (await officer.call("POST", f"{one}/answer", {"words": ""})).code == "reason_needed"

    async with officer.http.get(f"{officer.origin}{one}/export.zip") as response:
        assert response.status == 200
        assert response.content_type == "application/zip"
        assert response.headers["Cache-Control"] == "no-store"
        content = await response.read()
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        assert {"data.json", "index.html"} <= set(bundle.namelist())
        assert SAID in bundle.read("index.html").decode()
    other = await console.signed_in("lan", "privacy_officer")
    assert (await other.call("GET", f"{one}/export.zip")).code == "not_handler"

    answered = await officer.call("POST", f"{one}/answer", {"words": "已发送"})
    assert (answered.body["state"], answered.body["answer"]) == ("answered", "已发送")
    assert [event["to_state"] for event in answered.body["events"]] == [
        "received",
        "identity_check",
        "in_progress",
        "answered",
    ]
    async with engine.connect() as connection:
        reads = await connection.scalars(
            text("SELECT action FROM crm.access_log WHERE :id = ANY(contact_ids)"), {"id": customer.contact_id}
        )
        assert "GET /api/privacy-requests/{id}/export.zip" in set(reads)


async def test_deleting_gives_a_certificate_and_leaves_nobody(officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    path = f"/api/contacts/{customer.contact_id}/privacy-requests"
    made = await officer.call("POST", path, {"kind": "delete", "identity_id": str(customer.identity_id)})
    assert made.body["checked_method"] == "assurance"
    one = f"/api/privacy-requests/{made.body['id']}"
    assert (await officer.call("GET", f"{one}/certificate")).status == 404
    assert (await officer.call("POST", f"{one}/start", {})).status == 200
    answered = await officer.call("POST", f"{one}/answer", {"words": "已删除"})
    assert answered.status == 200, answered.body
    assert answered.body["erasure_id"]
    certificate = (await officer.call("GET", f"{one}/certificate")).body
    assert verify(certificate, public_half(keys.signing_key)) == "valid"
    assert (await officer.call("GET", f"/api/contacts/{customer.contact_id}")).status == 404
    assert (await officer.call("GET", path)).body["items"][0]["state"] == "answered"
    assert (await officer.call("GET", f"{one}/export.zip")).code == "no_export"


async def test_an_open_export_is_told_before_the_erasure_and_ends_unanswered(officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    twin = await make_customer(store, engine, keys, assurance="claimed")
    path, account = f"/api/contacts/{customer.contact_id}/privacy-requests", str(customer.identity_id)
    export = (await officer.call("POST", path, {"kind": "export", "identity_id": account})).body
    delete = (await officer.call("POST", path, {"kind": "delete", "identity_id": account})).body
    waits = {name: export[name] for name in ("id", "kind", "state", "due_at")}
    assert (export["others_open"], delete["others_open"]) == ([], [waits])

    one = f"/api/privacy-requests/{delete['id']}"
    await officer.call("POST", f"{one}/start", {})
    refused = await officer.call("POST", f"{one}/answer", {"words": "已删除"})
    assert (refused.status, refused.code, refused.body["count"]) == (409, "open_requests", 1)
    assert [told["id"] for told in refused.body["requests"]] == [export["id"]]
    assert (await officer.call("GET", f"/api/contacts/{customer.contact_id}")).status == 200
    assert (await officer.call("POST", f"{one}/answer", {"words": "好", "end_others": "yes"})).code == "invalid"

    answered = await officer.call("POST", f"{one}/answer", {"words": "已删除", "end_others": True})
    assert (answered.body["state"], answered.body["others_open"]) == ("answered", [])
    assert answered.body["shared_reach"] == [str(twin.contact_id)]
    ended = (await officer.call("GET", f"/api/privacy-requests/{export['id']}")).body
    assert (ended["state"], ended["answered_at"], ended["ended_reason"]) == ("ended_by_erasure", None, "delete")
    assert ended["ended_by"] == answered.body["handled_by"]
    assert ended["events"][-1]["to_state"] == "ended_by_erasure"
    listed = await officer.call("GET", "/api/privacy-requests", params={"state": "ended_by_erasure"})
    assert [item["id"] for item in listed.body["items"]] == [export["id"]]
    listed = await officer.call("GET", "/api/privacy-requests", params={"state": "answered"})
    assert [item["id"] for item in listed.body["items"]] == [delete["id"]]
    certificate = (await officer.call("GET", f"{one}/certificate")).body
    assert certificate["certificate"]["ended_unanswered"] == [{"request": export["id"], "kind": "export"}]
    assert str(twin.contact_id) not in str(certificate)
    assert verify(certificate, public_half(keys.signing_key)) == "valid"
    async with engine.connect() as connection:
        reads = text("SELECT count(*) FROM crm.access_log WHERE :id = ANY(contact_ids)")
        assert await connection.scalar(reads, {"id": twin.contact_id}) > 0


async def test_the_list_is_filtered_by_kind(officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    path = f"/api/contacts/{customer.contact_id}/privacy-requests"
    made = {kind: (await officer.call("POST", path, {"kind": kind})).body["id"] for kind in ("view", "restrict")}
    for kind, number in made.items():
        listed = await officer.call("GET", "/api/privacy-requests", params={"kind": kind})
        assert [item["id"] for item in listed.body["items"]] == [number]
    assert (await officer.call("GET", "/api/privacy-requests", params={"kind": "delete"})).body["items"] == []
    assert (await officer.call("GET", "/api/privacy-requests", params={"kind": "sell"})).code == "invalid"


async def test_restricting_and_lifting(officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    path = f"/api/contacts/{customer.contact_id}"
    one = (await officer.call("POST", f"{path}/privacy-requests", {"kind": "restrict"})).body["id"]
    await officer.call("POST", f"/api/privacy-requests/{one}/start", {})
    await officer.call("POST", f"/api/privacy-requests/{one}/answer", {"words": "好"})
    assert (await store.contact(customer.contact_id)).restricted_at is not None
    assert (await officer.call("POST", f"{path}/lift-restriction")).status == 204
    assert (await store.contact(customer.contact_id)).restricted_at is None


async def test_a_refusal_and_a_wrong_input(officer, store, engine, keys):
    customer = await make_customer(store, engine, keys)
    path = f"/api/contacts/{customer.contact_id}/privacy-requests"
    assert (await officer.call("POST", path, {"kind": "sell"})).code == "invalid"
    assert (await officer.call("POST", path, {"kind": "view", "words": "\x00"})).code == "invalid"
    assert (await officer.call("POST", f"/api/contacts/{uuid7()}/privacy-requests", {"kind": "view"})).status == 404
    made = (await officer.call("POST", path, {"kind": "correct"})).body
    one = f"/api/privacy-requests/{made['id']}"
    assert (await officer.call("POST", f"{one}/check", {"method": "feeling"})).code == "invalid"
    await officer.call("POST", f"{one}/check", {"method": "call_back"})
    assert (await officer.call("POST", f"{one}/start", {"expected_version": 9})).code == "version_conflict"
    await officer.call("POST", f"{one}/start", {})
    wrong = await officer.call("POST", f"{one}/answer", {"words": "好", "fields": {"email": "nobody"}})
    assert wrong.status == 422
    refused = await officer.call("POST", f"{one}/refuse", {"words": "资料有误"})
    assert refused.body["state"] == "refused"
    assert (await officer.call("POST", f"{one}/refuse", {"words": "资料有误"})).code == "bad_transition"
    assert (await officer.call("GET", "/api/privacy-requests", params={"cursor": "eA"})).code == "bad_cursor"
