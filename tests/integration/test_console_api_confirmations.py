"""Confirmation codes over the staff API: sent to the customer, told by them, and what becomes of it (PR5, CP2)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import func, update
from uuid_utils.compat import uuid7

from bot.outgoing import Codes, Outgoing
from bot.outgoing.listing import list_shown
from bot.outgoing.tables import confirmation_codes
from bot.web.keys import CRM
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.sharing.access import list_accesses
from crm_adapter.sql_store import SqlStore
from tests.integration.console_client import serving

PHONE = "+8613800138000"
SAID = Provenance("web", "customer", datetime(2026, 3, 1, tzinfo=UTC))


@pytest_asyncio.fixture
async def console(engine, settings, keys):
    codes = Codes(engine, Outgoing(settings, keys), SqlStore(engine, keys, Policy()).within)
    async with serving(engine, CODES=codes) as served:
        yield served


@pytest_asyncio.fixture
async def agent(console):
    return await console.signed_in("mei", "agent")


@pytest.fixture
def crm(console):
    return console.app[CRM]


async def made(crm, key, **fields) -> UUID:
    return (await crm.upsert_contact(ExternalKey("shop", key), fields, SAID)).contact_id


async def shown(engine, keys):
    async with engine.connect() as connection:
        return (await list_shown(connection, keys))[0].letter


def path_of(contact: object) -> str:
    return f"/api/contacts/{contact}/confirmations"


async def asked(agent, contact, value="138 0013 8000", field="phone"):
    return await agent.call("POST", path_of(contact), {"field": field, "value": value})


async def told(agent, contact, code, field="phone", **options):
    return await agent.call("POST", path_of(contact) + "/confirm", {"field": field, "code": code}, **options)


async def test_the_code_the_customer_reads_makes_the_phone_verified(agent, crm, engine, keys):
    contact = await made(crm, "1", name="王芳", phone=PHONE)
    assert (await crm.contact(contact)).facts["phone"].assurance == "claimed"
    sent = await asked(agent, contact)
    assert (sent.status, sent.body["sent"]) == (201, False)
    assert datetime.fromisoformat(sent.body["expires_at"]) > datetime.now(UTC)
    letter = await shown(engine, keys)
    assert letter.recipient == PHONE
    assert letter.code not in str(sent.body)
    taken = await told(agent, contact, f"{letter.code[:3]} {letter.code[3:]}")
    assert (taken.status, taken.body["value"], taken.body["contact_id"]) == (200, PHONE, str(contact))
    profile = (await agent.call("GET", f"/api/contacts/{contact}/profile")).body
    phone = next(one for one in profile["facts"] if one["field"] == "phone")
    assert (phone["value"], phone["assurance"], phone["source"]) == (PHONE, "verified", "staff")
    assert phone["set_by"].startswith("staff:")
    assert [(one["channel"], one["assurance"]) for one in profile["identities"]] == [("phone", "verified")]
    assert taken.body["version"] == profile["version"]


async def test_a_mail_address_too_and_in_the_customers_language(agent, crm, engine, keys):
    contact = await made(crm, "1", name="王芳")
    await asked(agent, contact, "Fang@Example.com", "email")
    letter = await shown(engine, keys)
    locale = (await crm.contact(contact)).locale
    assert letter.written.subject == {"zh-Hans": "您的验证码", "zh-Hant": "您的驗證碼"}.get(locale)
    assert (await told(agent, contact, letter.code, "email")).body["value"] == letter.recipient
    assert (await crm.contact(contact)).facts["email"].assurance == "verified"


async def test_one_customer_only_when_it_is_verified_on_both_sides(agent, crm, engine, keys):
    claimed = await made(crm, "1", name="王芳", phone=PHONE)
    mine = await made(crm, "2", name="王方")
    await asked(agent, mine)
    taken = await told(agent, mine, (await shown(engine, keys)).code)
    assert taken.body["contact_id"] == str(mine)
    assert (await crm.contact(claimed)).id == claimed
    (question,) = await crm.merge_suggestions(contact_id=mine)
    assert {question.one_id, question.other_id} == {claimed, mine}

    await asked(agent, claimed)
    taken = await told(agent, claimed, (await shown(engine, keys)).code)
    assert {(await crm.contact(one)).id for one in (claimed, mine)} == {claimed}
    assert taken.body["contact_id"] == str(claimed)
    async with engine.begin() as connection:
        newest = (await list_accesses(connection, keys, limit=1))[0]
    assert set(newest.contact_ids) == {claimed, mine}


async def test_what_goes_wrong_is_said_in_three_languages(agent, crm, engine, keys):
    contact = await made(crm, "1")
    assert (await told(agent, contact, "123456")).code == "expired"
    await asked(agent, contact)
    code = (await shown(engine, keys)).code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left, (locale, words) in zip(
        (4, 3, 2), {"zh-Hans": "还可以再试 4 次", "zh-Hant": "還可以再試 3 次", "en": "left: 2"}.items(), strict=True
    ):
        refused = await told(agent, contact, wrong, headers={"Accept-Language": locale})
        assert (refused.status, refused.code, refused.body["left"]) == (422, "wrong", left)
        assert words in refused.body["detail"]
    assert (await told(agent, contact, wrong)).body["left"] == 1
    assert [(await told(agent, contact, guess)).code for guess in (wrong, code)] == ["too_many_tries"] * 2
    await asked(agent, contact)
    async with engine.begin() as connection:
        await connection.execute(update(confirmation_codes).values(expires_at=func.now()))
    assert (await told(agent, contact, (await shown(engine, keys)).code)).code == "expired"
    assert (await crm.contact(contact)).facts == {}
    async with engine.begin() as connection:
        reads = [(one.action, set(one.contact_ids)) for one in await list_accesses(connection, keys)]
    assert reads == [("POST /api/contacts/{id}/confirmations", {contact})] * 2


async def test_who_asks_too_often_is_told_when_to_come_back(agent, crm):
    contact = await made(crm, "1")
    for _ in range(3):
        assert (await asked(agent, contact)).status == 201
    refused = await asked(agent, contact)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "rate_limited", "600")


async def test_bad_targets_strangers_and_who_may_not(agent, console, crm):
    contact = await made(crm, "1")
    refused = await asked(agent, contact, "12")
    assert (refused.status, refused.code, refused.body["reason"]) == (422, "bad_field", "bad_phone")
    assert (await asked(agent, contact, "wang@", "email")).body["reason"] == "bad_email"
    assert (await asked(agent, contact, "x", "name")).code == "invalid"
    assert (await told(agent, contact, "")).code == "invalid"
    for stranger in (uuid7(), "nobody"):
        assert (await asked(agent, stranger)).code == "unknown_contact"
        assert (await told(agent, stranger, "123456")).code == "unknown_contact"
    auditor = await console.signed_in("wu", "auditor")
    assert (await asked(auditor, contact)).code == "forbidden"
    assert (await told(auditor, contact, "123456")).code == "forbidden"
