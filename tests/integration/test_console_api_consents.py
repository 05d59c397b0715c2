"""Consents and chains, as the console reads and records them."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete, text
from uuid_utils.compat import uuid7

from crm_adapter.ledger.checkpoints import make_checkpoints
from crm_adapter.ledger.proof import keep_proofs, prove_chains
from crm_adapter.ledger.sequencer import link_all
from crm_adapter.tables import data_keys
from tests.integration.consent_store import as_superuser, choice, consents_of, new_contact
from tests.integration.console_client import serving


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


@pytest_asyncio.fixture
async def agent(console):
    return await console.signed_in("mei", "agent")


def said(**values):
    return {
        "key": "call-1",
        "event": "granted",
        "purpose": "care_messages",
        "channel": "sms",
        "method": "phone",
        "prompt": "我们可以给您发关怀短信吗？",
        "reply": "可以",
        "occurred_at": (datetime.now(UTC) - timedelta(minutes=3)).isoformat(),
        **values,
    }


async def test_a_choice_made_on_the_phone_is_recorded_once_and_shown(console, agent, engine, keys):
    contact = await new_contact(engine, keys)
    path = f"/api/contacts/{contact}/consents"
    assert (await agent.call("GET", path)).body == {"items": [], "events": []}
    receipt = await agent.call("POST", path, said())
    assert receipt.status == 201
    assert (await agent.call("POST", path, said())).body == receipt.body
    shown = (await agent.call("GET", path)).body
    (stands,), (event,) = shown["items"], shown["events"]
    assert (stands["state"], stands["channel"], stands["current_notice"]) == ("granted", "sms", True)
    assert (event["receipt"], event["prompt"], event["reply"]) == (
        receipt.body["receipt"], "我们可以给您发关怀短信吗？", "可以",
    )  # fmt: skip
    assert event["actor"].startswith("staff:")
    assert (event["method"], event["told_on"], event["readable"]) == ("phone", "phone", True)
    async with engine.begin() as connection:
        await connection.execute(delete(data_keys).where(data_keys.c.contact_id == contact))
    (event,) = (await agent.call("GET", path)).body["events"]
    assert (event["readable"], event["prompt"], event["reply"]) == (False, None, None)


async def test_the_purposes_that_a_choice_can_be_about(console, agent):
    found = (await agent.call("GET", "/api/consent/purposes", headers={"Accept-Language": "en"})).body["items"]
    by_id = {one["id"]: one for one in found}
    assert (by_id["service"]["basis"], by_id["service"]["title"]) == ("contract", "Customer service")
    assert by_id["care_messages"]["ask"].startswith("Would you like to receive")
    assert (by_id["care_messages"]["per_recipient"], by_id["care_messages"]["recipients"]) == (False, [])
    shared = [one for one in found if one["per_recipient"]]
    recipients = {one["id"]: one["name"] for one in shared[0]["recipients"]}
    assert recipients["installer"] == "Anxin Installation Services Ltd."


async def test_a_choice_names_the_notice_that_was_read_out(console, agent, engine, keys):
    contact = await new_contact(engine, keys)
    path = f"/api/contacts/{contact}/consents"
    purposes = (await agent.call("GET", "/api/consent/purposes")).body["items"]
    notice = next(one["notice"] for one in purposes if one["id"] == "care_messages")
    assert (await agent.call("POST", path, said(notice=notice))).status == 201
    (event,) = (await agent.call("GET", path)).body["events"]
    assert event["notice"]["hash"] == notice
    refused = await agent.call("POST", path, said(key="call-2", notice="0" * 64))
    assert (refused.status, refused.code) == (409, "notice_missing")


async def test_every_look_is_in_the_access_log(console, agent, engine, keys):
    contact = await new_contact(engine, keys)
    await agent.call("GET", f"/api/contacts/{contact}/consents")
    async with engine.connect() as connection:
        query = text("SELECT contact_ids FROM crm.access_log WHERE data_kind = 'consent.read'")
        assert (await connection.execute(query)).scalars().all() == [[contact]]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"purpose": "nothing_known"}, 409, "unknown_purpose"),
        ({"purpose": "service"}, 409, "no_consent_needed"),
        ({"purpose": "sharing"}, 409, "recipient_needed"),
        ({"purpose": "sharing", "recipient": "x"}, 409, "unknown_recipient"),
        ({"event": "guardian_granted"}, 409, "guardian_needed"),
        ({"event": "expired"}, 422, "invalid"),
        ({"event": "maybe"}, 422, "invalid"),
        ({"method": "telepathy"}, 422, "invalid"),
        ({"prompt": ""}, 422, "invalid"),
        ({"prompt": "\x00"}, 422, "invalid"),
        ({"occurred_at": "yesterday"}, 422, "invalid"),
        ({"occurred_at": "2026-11-22T10:00:00"}, 422, "invalid"),
        ({"occurred_at": "9999-12-31T23:59:59+00:00"}, 422, "invalid"),
        ({"guardian": {"name": "x"}}, 422, "invalid"),
        ({"colour": "red"}, 422, "invalid"),
    ],
)
async def test_a_bad_choice_names_its_fault(console, agent, engine, keys, change, status, code):
    contact = await new_contact(engine, keys)
    reply = await agent.call("POST", f"/api/contacts/{contact}/consents", said(**change))
    assert (reply.status, reply.code) == (status, code)
    assert (await agent.call("GET", f"/api/contacts/{contact}/consents")).body["events"] == []


async def test_an_unknown_contact_is_said_to_be_unknown(console, agent):
    for unknown in (uuid7(), "nobody"):
        for method, body in (("GET", None), ("POST", said())):
            assert (await agent.call(method, f"/api/contacts/{unknown}/consents", body)).status == 404


async def test_the_state_of_the_chains(console, agent, engine, keys, addresses):
    contact = await new_contact(engine, keys)
    receipt = await consents_of(engine, keys).record_consent(choice(contact))
    first = (await agent.call("GET", "/api/consent/chain")).body
    assert first["waiting"]["count"] >= 1
    await link_all(engine, keys)
    async with engine.begin() as connection:
        await make_checkpoints(connection, keys)
    as_superuser(addresses.owner_url, "UPDATE crm.consent_events SET method = 'forged'")
    await keep_proofs(engine, await prove_chains(engine, keys.signing_key.public_key()))
    state = (await agent.call("GET", "/api/consent/chain")).body
    chain = next(one for one in state["chains"] if one["chain"] == "consent:Nuanju")
    assert state["waiting"]["count"] == 0
    assert (chain["length"], chain["checkpoint"]["position"]) == (1, 1)
    assert chain["proof"]["fault"] == {"code": "hash_wrong", "position": 1, "event_id": str(receipt.event_id)}
