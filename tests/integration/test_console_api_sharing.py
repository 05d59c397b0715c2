"""Third parties, hand-overs, uses of data: the console's side (PR2, PR3)."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from bot.rehearsal.keys import KEYS
from crm_adapter.policy import Policy
from tests.integration.console_client import serving
from tests.integration.sharing_store import TODAY, Rooms

PARTY = {
    "name": "courier",
    "agreement": "DPA-2026-7",
    "agreement_until": str(TODAY + timedelta(days=365)),
    "purpose": "delivery",
    "basis": "processor",
    "fields": ["name", "phone"],
    "country": "CN",
    "contact": "privacy@courier.example",
}
ASK = {"kind": "export", "purpose": "survey", "what_for": "which regions buy what", "fields": ["gender", "birthday"]}
LATER = (datetime.now(UTC) + timedelta(days=7)).isoformat()


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


@pytest_asyncio.fixture
async def officer(console):
    return await console.signed_in("officer", "privacy_officer")


async def test_third_parties_are_kept_with_their_versions(console, officer):
    made = await officer.call("POST", "/api/third-parties", PARTY)
    assert made.status == 201, made.body
    assert (made.body["version"], made.body["active"]) == (1, True)
    path = f"/api/third-parties/{made.body['id']}"
    assert (await officer.call("POST", "/api/third-parties", PARTY)).code == "third_party_exists"
    change = {name: value for name, value in PARTY.items() if name != "name"} | {"active": False, "expected_version": 1}
    changed = await officer.call("PUT", path, change)
    assert (changed.body["version"], changed.body["active"], changed.body["name"]) == (2, False, "courier")
    late = await officer.call("PUT", path, change)
    assert (late.status, late.code, late.body["actual"]) == (409, "version_conflict", 2)
    shown = (await officer.call("GET", path)).body
    assert [one["version"] for one in shown["versions"]] == [2, 1]
    assert shown["versions"][1]["contact"] == "privacy@courier.example"
    (listed,) = (await officer.call("GET", "/api/third-parties")).body["items"]
    assert listed == changed.body
    auditor = await console.signed_in("wu", "auditor")
    assert (await auditor.call("GET", path)).status == 200
    assert (await auditor.call("PUT", path, change)).status == 403
    for unknown in (uuid4(), "x"):
        assert (await officer.call("GET", f"/api/third-parties/{unknown}")).code == "unknown_record"


@pytest.mark.parametrize(
    "wrong",
    [
        {"agreement_until": "soon"},
        {"agreement_until": None},
        {"basis": "because"},
        {"fields": []},
        {"fields": ["Name"]},
        {"country": "China"},
        {"name": ""},
        {"name": "a\nb"},
        {"purpose": "to deliver"},
        {"extra": 1},
        {"active": "yes"},
    ],
)
async def test_bad_entries_are_refused(officer, wrong):
    reply = await officer.call("POST", "/api/third-parties", {**PARTY, **wrong})
    assert (reply.status, reply.code) == (422, "invalid")
    assert (await officer.call("GET", "/api/third-parties")).body["items"] == []


async def test_a_use_goes_from_asking_to_a_file(engine, console, officer):
    rooms = Rooms(engine, KEYS, Policy())
    mei = await rooms.person("1", gender="女", birthday="1990-05-03", name="王芳")
    await rooms.person("2", gender="男", birthday="1991-01-01")
    asker = await console.signed_in("lin", "crm_specialist")
    asked = await asker.call("POST", "/api/uses", {**ASK, "contact_ids": [str(mei)]})
    assert asked.status == 201, asked.body
    path = f"/api/uses/{asked.body['id']}"
    assert (await asker.call("POST", f"{path}/export", {})).code == "not_approved"
    approval = {"decision": "approved", "reason": "aggregated, no names", "valid_until": LATER}
    assert (await asker.call("POST", f"{path}/decision", approval)).status == 403
    told = {one["id"]: one["identifying"] for one in (await asker.call("GET", "/api/uses/fields")).body["items"]}
    assert (told["name"], told["region"], "amount" in told) == (True, False, True)
    waiting = (await officer.call("GET", "/api/uses?state=undecided")).body["items"]
    assert [one["what_for"] for one in waiting] == ["which regions buy what"]
    decided = await officer.call("POST", f"{path}/decision", approval)
    assert (decided.status, decided.body["decision"]) == (200, "approved")
    assert (await officer.call("POST", f"{path}/decision", approval)).code == "already_decided"
    assert (await officer.call("GET", "/api/uses?state=undecided")).body["items"] == []

    other = await console.signed_in("zhao", "marketing")
    assert (await other.call("POST", f"{path}/export", {})).code == "forbidden"
    headers = {"X-CSRF-Token": asker.csrf, "Origin": asker.origin}
    async with asker.http.post(f"{asker.origin}{path}/export", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content_type == "text/csv"
        told = [response.headers[name] for name in ("X-Rows", "X-Left-Out", "X-Smallest-Group")]
        (row,) = csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig")))
    assert told == ["1", "0", "1"]
    assert (row["gender"], row["birthday"]) == ("female", "1990")
    assert str(mei) not in row["row"]

    (gone,) = (await officer.call("GET", "/api/transfers", params={"contact_id": str(mei)})).body["items"]
    assert (gone["recipient"], gone["basis"], gone["use_id"]) == ("house", "approved_use", asked.body["id"])
    assert (await officer.call("GET", "/api/transfers?outcome=refused")).body["items"] == []
    (read,) = (await officer.call("GET", "/api/access-log", params={"contact_id": str(mei)})).body["items"]
    assert (read["action"], read["reason"]) == (f"use {asked.body['id']}", "which regions buy what")


async def test_nobody_decides_on_their_own_request(console):
    both = await console.signed_in("lin", "crm_manager", "privacy_officer")
    asked = await both.call("POST", "/api/uses", {**ASK, "segment": {"field": "orders", "at_least": 1}})
    path = f"/api/uses/{asked.body['id']}/decision"
    reply = await both.call("POST", path, {"decision": "approved", "reason": "it is mine", "valid_until": LATER})
    assert (reply.status, reply.code) == (409, "own_request")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "audience"),
        ({"contact_ids": []}, "contact_ids"),
        ({"contact_ids": ["x"]}, "contact_ids.0"),
        ({"segment": {"field": "shoe"}}, "segment"),
        ({"contact_ids": [str(uuid4())], "fields": ["name"]}, "fields"),
        ({"contact_ids": [str(uuid4())], "deidentified": False}, "why_identified"),
        ({"contact_ids": [str(uuid4())], "what_for": "x"}, "what_for"),
        ({"contact_ids": [str(uuid4())], "recipient": "nobody"}, "recipient"),
    ],
)
async def test_bad_requests_are_refused(console, wrong, field):
    asker = await console.signed_in("lin", "marketing")
    reply = await asker.call("POST", "/api/uses", {**ASK, **wrong})
    assert (reply.status, reply.code) == (422, "invalid")
    assert [one["field"] for one in reply.body["fields"]] == [field]


async def test_bad_decisions_are_refused(console, officer):
    asker = await console.signed_in("lin", "marketing")
    asked = await asker.call("POST", "/api/uses", {**ASK, "contact_ids": [str(uuid4())]})
    path = f"/api/uses/{asked.body['id']}/decision"
    for body in (
        {"decision": "approved", "reason": "no end to it"},
        {"decision": "approved", "reason": "no zone", "valid_until": "2030-01-01T00:00:00"},
        {"decision": "refused", "reason": "no"},
        {"decision": "refused", "reason": "an end to no", "valid_until": LATER},
    ):
        assert (await officer.call("POST", path, body)).status == 422
    unknown = {"decision": "refused", "reason": "no need for it"}
    assert (await officer.call("POST", f"/api/uses/{uuid4()}/decision", unknown)).code == "unknown_record"
    assert (await officer.call("POST", "/api/uses/x/decision", unknown)).code == "unknown_record"
