"""Confirmation codes: right, wrong, late, too many, all at once."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, text, update
from uuid_utils.compat import uuid7

from bot.customers import open_crm
from bot.outgoing import CodeFault, Codes, Confirmed, Outgoing, Requested, describe_fault
from bot.outgoing.listing import list_shown
from bot.outgoing.tables import confirmation_codes
from bot.settings import LOCALES
from crm_adapter.encryption import Keyring, Keys
from crm_adapter.encryption.vault import make_key
from crm_adapter.port import UnknownRecord
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.tables import contacts

PHONE = "+8613800138000"
PROVENANCE = Provenance("web", "customer", datetime(2026, 11, 22, tzinfo=UTC))


class Links:
    """What the customer store is told."""

    def __init__(self) -> None:
        self.links: list[tuple] = []

    async def link_identity(self, *link: object) -> None:
        self.links.append(link)


@pytest.fixture
def keys() -> Keys:
    ring = Keyring.fresh()
    return Keys(lambda: ring)


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
def codes(engine, settings, keys, links) -> Codes:
    return Codes(engine, Outgoing(settings, keys), lambda connection: links)


@pytest.fixture
async def contact_id(engine, keys):
    return await make_contact(engine, keys)


async def make_contact(engine, keys):
    number = uuid7()
    async with engine.begin() as connection:
        key = await make_key(connection, keys, number)
        row = {"id": number, "key_id": key.id, "root_id": number, "locale": "en"}
        await connection.execute(insert(contacts).values(**row))
    return number


async def newest_code(engine, keys) -> str:
    async with engine.connect() as connection:
        return (await list_shown(connection, keys))[0].letter.code


def wide(code: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) for one in code)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_the_right_code_makes_it_verified_once(codes, contact_id, engine, keys, links):
    asked = await codes.request_code(contact_id, "phone", "138 0013 8000", "zh-Hans", PROVENANCE)
    assert isinstance(asked, Requested)
    assert not asked.sent
    code = await newest_code(engine, keys)
    assert await codes.confirm_code(contact_id, "phone", f" {code[:3]} {wide(code[3:])} ") == Confirmed("phone", PHONE)
    ((who, channel, account, value, assurance, provenance),) = links.links
    assert (who, channel, account, value, assurance) == (contact_id, "phone", "phone", PHONE, "verified")
    assert (provenance.source, provenance.set_by, provenance.assurance) == ("web", "customer", "verified")
    assert await codes.confirm_code(contact_id, "phone", code) == CodeFault("expired")


async def test_neither_code_nor_target_is_in_the_store(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "email", "Wang@Example.com", "en", PROVENANCE)
    code = await newest_code(engine, keys)
    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT string_agg(c::text, '') FROM bot.confirmation_codes c"))).scalar()
        row = (await connection.execute(select(confirmation_codes))).one()
    values = b"".join(value for value in row if isinstance(value, bytes))
    assert b"wang" not in (kept.encode() + values).lower()
    assert code.encode() not in values
    assert row.code_hash != keys.blind("code", code)


async def test_tries_are_counted_down(codes, contact_id, engine, keys, links):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    for left in (4, 3, 2, 1):
        assert await codes.confirm_code(contact_id, "phone", wrong(code)) == CodeFault("wrong", {"left": left})
    assert await codes.confirm_code(contact_id, "phone", wrong(code)) == CodeFault("too_many_tries")
    assert await codes.confirm_code(contact_id, "phone", code) == CodeFault("too_many_tries")
    assert links.links == []


async def test_twenty_guesses_at_once_are_five_tries(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    found = await asyncio.gather(*(codes.confirm_code(contact_id, "phone", wrong(code)) for _ in range(20)))
    assert sorted(fault.values["left"] for fault in found if fault.code == "wrong") == [1, 2, 3, 4]
    assert sum(fault.code == "too_many_tries" for fault in found) == 16
    async with engine.connect() as connection:
        assert (await connection.execute(select(confirmation_codes.c.tries))).scalar() == 5


async def test_of_the_right_code_twice_at_once_one_counts(codes, contact_id, engine, keys, links):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    found = await asyncio.gather(*(codes.confirm_code(contact_id, "phone", code) for _ in range(8)))
    assert sum(isinstance(one, Confirmed) for one in found) == 1
    assert len(links.links) == 1


async def test_a_late_code_is_good_for_nothing(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    async with engine.begin() as connection:
        await connection.execute(update(confirmation_codes).values(expires_at=func.now()))
    assert await codes.confirm_code(contact_id, "phone", code) == CodeFault("expired")


async def test_only_the_last_code_counts_and_only_for_its_contact_and_field(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    first = await newest_code(engine, keys)
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    second = await newest_code(engine, keys)
    other = await make_contact(engine, keys)
    assert await codes.confirm_code(other, "phone", second) == CodeFault("expired")
    assert await codes.confirm_code(contact_id, "email", second) == CodeFault("expired")
    if first != second:
        assert await codes.confirm_code(contact_id, "phone", first) == CodeFault("wrong", {"left": 4})
    assert await codes.confirm_code(contact_id, "phone", second) == Confirmed("phone", PHONE)


async def test_who_asks_too_often_waits(codes, contact_id, engine, keys):
    asked = await asyncio.gather(
        *(codes.request_code(contact_id, "phone", f"+861380013800{last}", "en", PROVENANCE) for last in range(6))
    )
    assert sum(isinstance(one, Requested) for one in asked) == 3
    assert [one for one in asked if isinstance(one, CodeFault)] == [CodeFault("rate_limited", {"minutes": 10})] * 3


async def test_one_target_gets_no_more_whoever_asks(codes, engine, keys):
    people = [await make_contact(engine, keys) for _ in range(5)]
    asked = [await codes.request_code(one, "phone", PHONE, "en", PROVENANCE) for one in people]
    assert [isinstance(one, Requested) for one in asked] == [True, True, True, False, False]


async def test_ten_in_a_day(codes, contact_id, engine, keys):
    for _ in range(10):
        assert isinstance(await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE), Requested)
        async with engine.begin() as connection:
            earlier = confirmation_codes.c.created_at - func.make_interval(0, 0, 0, 0, 1)
            await connection.execute(update(confirmation_codes).values(created_at=earlier))
    fault = await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    assert fault == CodeFault("rate_limited", {"minutes": 14 * 60})


async def test_bad_targets_and_strangers(codes, contact_id):
    for field, value in (("phone", "12"), ("email", "wang@"), ("email", "a@b.com\nBcc: c@d.com"), ("phone", "")):
        assert await codes.request_code(contact_id, field, value, "en", PROVENANCE) == CodeFault("bad_target")
    with pytest.raises(UnknownRecord):
        await codes.request_code(uuid7(), "phone", PHONE, "en", PROVENANCE)


async def test_when_the_link_fails_the_code_is_still_good(codes, contact_id, engine, keys, links, monkeypatch):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)

    async def fail(*link: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(links, "link_identity", fail)
        with pytest.raises(ConnectionError):
            await codes.confirm_code(contact_id, "phone", code)
    assert await codes.confirm_code(contact_id, "phone", code) == Confirmed("phone", PHONE)


def test_every_fault_has_its_sentence():
    faults = (
        CodeFault("wrong", {"left": 3}),
        CodeFault("expired"),
        CodeFault("too_many_tries"),
        CodeFault("rate_limited", {"minutes": 7}),
        CodeFault("bad_target"),
    )
    told = {describe_fault(fault, locale) for fault in faults for locale in LOCALES}
    assert len(told) == len(faults) * len(LOCALES)
    assert all("{" not in sentence for sentence in told)


async def test_codes_are_named_by_the_company(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "phone", PHONE, "zh-Hant", PROVENANCE)
    await codes.request_code(contact_id, "email", "a@example.com", "en", PROVENANCE)
    async with engine.connect() as connection:
        mail, sms = await list_shown(connection, keys)
    assert mail.letter.written.subject == "Your confirmation code"
    assert "Nuanju Home Appliances" in mail.letter.written.text
    assert sms.letter.written.text.startswith(f"【暖居電器】驗證碼 {sms.letter.code}")


async def test_with_the_real_store_the_phone_is_verified_and_makes_two_contacts_one(engine, settings, keys):
    crm = open_crm(settings, engine, keys)
    codes = Codes(engine, Outgoing(settings, keys), crm.within)
    found = []
    for number in range(2):
        made = await crm.upsert_contact(ExternalKey("shop", f"c{number}"), {"name": f"王芳{number}"}, PROVENANCE)
        await codes.request_code(made.contact_id, "phone", PHONE, "en", PROVENANCE)
        code = await newest_code(engine, keys)
        assert await codes.confirm_code(made.contact_id, "phone", code) == Confirmed("phone", PHONE)
        found.append((await crm.contact(made.contact_id)).id)
    contact = await crm.contact(found[1])
    assert contact.facts["phone"].value == PHONE
    assert contact.facts["phone"].assurance == "verified"
    assert (await crm.contact(found[0])).id == contact.id


async def test_a_target_that_is_erased_leaves_no_code(engine, settings, keys):
    crm = open_crm(settings, engine, keys)
    codes = Codes(engine, Outgoing(settings, keys), crm.within)
    made = await crm.upsert_contact(ExternalKey("shop", "c"), {"name": "王芳"}, PROVENANCE)
    await codes.request_code(made.contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    await crm.erase(made.contact_id, "customer", "asked for it", datetime.now(UTC))
    assert await codes.confirm_code(made.contact_id, "phone", code) == CodeFault("expired")
    async with engine.connect() as connection:
        assert await list_shown(connection, keys) == []


async def test_within_a_transaction_a_wrong_try_counts_from_its_commit_on(codes, contact_id, engine, keys, links):
    """A turn asks and takes on its own connection: what it counted stays although the turn goes on."""
    async with engine.begin() as connection:
        await codes.within(connection).request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    async with engine.begin() as connection:
        within = codes.within(connection)
        assert await within.confirm_code(contact_id, "phone", wrong(code)) == CodeFault("wrong", {"left": 4})
        await connection.execute(text("SELECT 1"))
    assert await codes.confirm_code(contact_id, "phone", wrong(code)) == CodeFault("wrong", {"left": 3})
    async with engine.begin() as connection:
        assert await codes.within(connection).confirm_code(contact_id, "phone", code) == Confirmed("phone", PHONE)
    assert len(links.links) == 1


async def test_guesses_in_parallel_transactions_are_all_counted(codes, contact_id, engine, keys):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)

    async def guess() -> CodeFault | Confirmed:
        async with engine.begin() as connection:
            fault = await codes.within(connection).confirm_code(contact_id, "phone", wrong(code))
            await asyncio.sleep(0.02)
            return fault

    found = await asyncio.gather(*(guess() for _ in range(8)))
    assert sorted(fault.values["left"] for fault in found if fault.code == "wrong") == [1, 2, 3, 4]
    assert sum(fault.code == "too_many_tries" for fault in found) == 4


async def test_a_proof_links_nothing_and_is_for_its_target_alone(codes, contact_id, engine, keys, links):
    await codes.request_code(contact_id, "phone", PHONE, "en", PROVENANCE)
    code = await newest_code(engine, keys)
    assert await codes.prove_code(contact_id, "phone", code, "+8613800138001") == CodeFault("expired")
    assert await codes.prove_code(contact_id, "phone", code, PHONE) == Confirmed("phone", PHONE)
    assert await codes.prove_code(contact_id, "phone", code, PHONE) == CodeFault("expired")
    assert links.links == []
