"""Whoever's data a route touches stands in the access log, and what is sensitive in it is hidden until asked for."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot.rehearsal.keys import KEYS
from bot.staff.roles import ROLES
from crm_adapter.policy import Policy
from crm_adapter.records.customers import Provenance
from crm_adapter.sql_store import SqlStore
from tests.integration.console_client import serving, store_talk

CARD = "6222021234567894"
PHONE = "13800138000"


@pytest.fixture
def store(engine):
    return SqlStore(engine, KEYS, Policy())


async def seen(engine, action):
    """Whom the newest line of the access log about this route names."""
    query = text("SELECT contact_ids FROM crm.access_log WHERE action = :action ORDER BY id DESC LIMIT 1")
    async with engine.connect() as connection:
        return set(await connection.scalar(query, {"action": action}))


async def test_who_is_merged_apart_or_decided_about_is_in_the_access_log(engine, store):
    one, two = [(await store_talk(engine, "hello", name=name)).contact for name in ("Li", "Wang")]
    merge_id = await store.merge(two, one, "system:test", "same person")
    async with serving(engine) as console:
        browser = await console.signed_in("mei", *ROLES)
        assert (await browser.call("POST", f"/api/merges/{merge_id}/undo")).status == 204
        assert await seen(engine, "POST /api/merges/{id}/undo") == {one, two}

        others = [(await store_talk(engine, "hello")).contact for _ in range(2)]
        for contact in others:
            said = Provenance("web", "customer", datetime.now(UTC), "claimed")
            await store.set_fields(contact, {"phone": PHONE}, said)
        (asked,) = await store.merge_suggestions()
        reply = await browser.call("POST", f"/api/merge-suggestions/{asked.id}", {"decision": "different"})
        assert reply.status == 204
        assert await seen(engine, "POST /api/merge-suggestions/{id}") == set(others)


async def test_who_is_found_by_a_phone_number_on_an_order_is_in_the_access_log(engine, store):
    contact = (await store_talk(engine, "hello")).contact
    await store.set_fields(contact, {"phone": PHONE}, Provenance("web", "customer", datetime.now(UTC), "claimed"))
    order = {"phone": PHONE, "reference": "r1", "placed_at": "2026-01-01T00:00:00Z", "amount": 1}
    async with serving(engine) as console:
        browser = await console.signed_in("mei", *ROLES)
        for change, state in (({}, "created"), ({"amount": -1}, "rejected")):
            wanted = {"source": "shop", "orders": [{**order, **change}]}
            reply = await browser.call("POST", "/api/orders", wanted)
            assert [one["state"] for one in reply.body["items"]] == [state]
            assert await seen(engine, "POST /api/orders") == {contact}


async def test_sensitive_words_are_hidden_in_consents_and_requests(engine, store):
    contact = (await store_talk(engine, "hello")).contact
    said = {"key": uuid7().hex, "purpose": "care_messages", "method": "phone", "event": "granted"}
    spoken = {"prompt": f"card {CARD}?", "reply": f"yes, {CARD}", "occurred_at": "2026-01-01T00:00:00Z"}
    async with serving(engine) as console:
        browser = await console.signed_in("mei", *ROLES)
        reply = await browser.call("POST", f"/api/contacts/{contact}/consents", {**said, **spoken})
        assert reply.status == 201
        wanted = {"kind": "view", "words": f"what do you know of {CARD}?"}
        opened = await browser.call("POST", f"/api/contacts/{contact}/privacy-requests", wanted)
        assert opened.status == 201
        assert CARD not in str(opened.body)
        for path in (
            f"/api/contacts/{contact}/consents",
            f"/api/contacts/{contact}/privacy-requests",
            f"/api/privacy-requests/{opened.body['id']}",
            "/api/privacy-requests",
        ):
            masked = await browser.call("GET", path)
            assert (masked.status, CARD in str(masked.body)) == (200, False), path
            clear = await browser.call("GET", f"{path}?unmask=1&reason=asked+by+phone")
            assert (clear.status, CARD in str(clear.body)) == (200, True), path
            assert await seen(
                engine, f"GET {path}".replace(str(contact), "{id}").replace(opened.body["id"], "{id}")
            ) == {contact}
