"""Profiles: checked facts with their provenance and history, under a version (CP1-CP3)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, UnknownRecord, VersionConflict
from crm_adapter.records.customers import Ambiguous, Created, ExternalKey, Noop, Provenance, Updated
from tests.contract.crm.conftest import STAFF, now, said

KEY = ExternalKey("shop", "42")


async def test_a_contact_is_made_changed_and_left_alone(crm):
    made = await crm.upsert_contact(KEY, {"name": " 王芳 ", "phone": "138 0013 8000"}, said(), locale="zh-Hant")
    assert isinstance(made, Created)
    contact = await crm.contact(made.contact_id)
    assert (contact.kind, contact.locale, contact.version) == ("person", "zh-Hant", 1)
    assert {field: fact.value for field, fact in contact.facts.items()} == {"name": "王芳", "phone": "+8613800138000"}
    assert await crm.upsert_contact(KEY, {"name": "王芳"}, said()) == Noop(made.contact_id, 1)
    changed = await crm.upsert_contact(KEY, {"name": "王小芳"}, said(), expected_version=1)
    assert changed == Updated(made.contact_id, 2)
    assert (await crm.contact(made.contact_id)).facts["name"].value == "王小芳"


async def test_every_fact_knows_where_it_came_from_and_what_was_before(crm, newcomer):
    contact_id, at = await newcomer(), now()
    for minutes, name in enumerate(("Li", "Li Lei", "")):
        provenance = Provenance("wechat", STAFF, at + timedelta(minutes=minutes), "claimed")
        await crm.set_fields(contact_id, {"name": name}, provenance)
    history = await crm.history(contact_id)
    assert [fact.value for fact in history] == [None, "Li Lei", "Li"]
    assert [fact.superseded_at for fact in history] == [None, *(at + timedelta(minutes=n) for n in (2, 1))]
    assert {(fact.source, fact.set_by, fact.assurance) for fact in history} == {("wechat", STAFF, "claimed")}
    assert "name" not in (await crm.contact(contact_id)).facts


async def test_what_is_known_more_surely_is_new_and_less_surely_is_not(crm, newcomer):
    contact_id = await newcomer(email="Li@Example.com")
    assert isinstance(await crm.set_fields(contact_id, {"email": "li@example.com"}, said("anonymous")), Noop)
    assert isinstance(await crm.set_fields(contact_id, {"email": "li@example.com"}, said("verified")), Updated)
    assert isinstance(await crm.set_fields(contact_id, {"email": "li@example.com"}, said("claimed")), Noop)
    assert (await crm.contact(contact_id)).facts["email"].assurance == "verified"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("phone", "12345", "bad_phone"),
        ("email", "li at example", "bad_email"),
        ("birthday", "1990-02-30", "bad_date"),
        ("id_number", "110101199003070000", "id_check_digit"),
        ("gender", "often", "unknown_choice"),
        ("name", "123", "no_letter"),
        ("shoe_size", "42", "unknown_field"),
    ],
)
async def test_a_bad_value_is_refused_and_the_old_ones_stay(crm, newcomer, field, value, code):
    contact_id = await newcomer(name="Li Lei")
    with pytest.raises(BadField) as bad:
        await crm.set_fields(contact_id, {"name": "Han Meimei", field: value}, said())
    assert (bad.value.field, bad.value.code) == (field, code)
    contact = await crm.contact(contact_id)
    assert (contact.facts["name"].value, contact.version) == ("Li Lei", 1)
    with pytest.raises(BadField):
        await crm.upsert_contact(KEY, {field: value}, said())


async def test_a_change_from_an_old_version_conflicts(crm, newcomer):
    contact_id = await newcomer(name="Li")
    await crm.set_fields(contact_id, {"name": "Li Lei"}, said(), expected_version=1)
    for late in (
        crm.set_fields(contact_id, {"name": "Lei"}, said(), expected_version=1),
        crm.set_owner(contact_id, uuid4(), STAFF, expected_version=1),
        crm.upsert_contact(ExternalKey("shop", "new-0"), {"name": "Lei"}, said(), expected_version=1),
    ):
        with pytest.raises(VersionConflict) as conflict:
            await late
        assert conflict.value.actual == 2
    with pytest.raises(VersionConflict) as conflict:
        await crm.upsert_contact(KEY, {}, said(), expected_version=3)
    assert conflict.value.actual == 0


async def test_an_unknown_key_with_a_proven_phone_is_the_contact_that_has_it(crm, newcomer):
    contact_id = await newcomer("verified", phone="13800138000")
    adopted = await crm.upsert_contact(KEY, {"phone": "13800138000", "name": "Li"}, said("verified"))
    assert isinstance(adopted, Updated)
    assert adopted.contact_id == contact_id
    again = await crm.upsert_contact(KEY, {"name": "Li Lei"}, said())
    assert again.contact_id == contact_id
    claimed = await crm.upsert_contact(ExternalKey("shop", "43"), {"phone": "13800138000"}, said("claimed"))
    assert isinstance(claimed, Created)
    (asked,) = await crm.merge_suggestions()
    assert {asked.one_id, asked.other_id} == {contact_id, claimed.contact_id}
    assert asked.reason == "same_phone"


async def test_of_several_that_fit_staff_decides_and_nothing_is_written(crm, newcomer):
    one = await newcomer("verified", phone="13800138000")
    other = await newcomer("verified", email="li@example.com")
    answer = await crm.upsert_contact(KEY, {"phone": "13800138000", "email": "li@example.com"}, said("verified"))
    assert answer == Ambiguous((one, other))
    assert isinstance(await crm.upsert_contact(KEY, {}, said()), Created)


async def test_quarantine_ends_with_a_lawful_basis_and_nothing_begins_it(crm):
    made = await crm.upsert_contact(KEY, {"name": "Li"}, said(), quarantined=True)
    assert (await crm.contact(made.contact_id)).quarantined
    freed = await crm.upsert_contact(KEY, {"name": "Li"}, said(), lawful_basis="contract")
    assert isinstance(freed, Updated)
    contact = await crm.contact(made.contact_id)
    assert (contact.quarantined, contact.lawful_basis) == (False, "contract")
    await crm.upsert_contact(KEY, {"name": "Li Lei"}, said(), quarantined=True)
    assert not (await crm.contact(made.contact_id)).quarantined


async def test_owner_review_and_completeness(crm, newcomer):
    contact_id, owner, at = await newcomer(), uuid4(), now()
    empty = await crm.contact(contact_id)
    assert (empty.completeness, empty.fresh_at, empty.owner_id) == (0.0, None, None)
    assert await crm.set_owner(contact_id, owner, STAFF) == 2
    assert await crm.mark_reviewed(contact_id, STAFF, at) == 3
    await crm.set_fields(contact_id, {"name": "Li", "gender": "male"}, Provenance("web", STAFF, at - timedelta(days=9)))
    contact = await crm.contact(contact_id)
    assert (contact.owner_id, contact.fresh_at, contact.completeness) == (owner, at, 0.2)
    kept = {fact.field: (fact.value, fact.set_by, fact.source) for fact in await crm.history(contact_id)}
    assert (kept["owner"], kept["reviewed"]) == ((str(owner), STAFF, "staff"), (at.isoformat(), STAFF, "staff"))
    assert set(contact.facts) == {"name", "gender"}


async def test_an_organisation(crm):
    fields = {"name": "Nuanju", "industry": "appliances", "size": "small"}
    made = await crm.upsert_contact(KEY, fields, said(), kind="organisation")
    contact = await crm.contact(made.contact_id)
    assert contact.kind == "organisation"
    assert contact.facts["size"].value == "small"
    assert contact.completeness == 0.3


async def test_contacts_are_found_by_a_phone_however_it_is_written(crm, newcomer):
    one, other = await newcomer(phone="13800138000"), await newcomer(phone="+86 138-0013-8000")
    assert await crm.find_by_field("phone", "0086 138 0013 8000") == [one, other]
    assert await crm.find_by_field("email", "nobody@example.com") == []
    await crm.set_fields(one, {"phone": None}, said())
    assert await crm.find_by_field("phone", "13800138000") == [other]
    with pytest.raises(BadField):
        await crm.find_by_field("phone", "1")


@pytest.mark.parametrize("named", [ExternalKey("", "1"), ExternalKey("shop", ""), ExternalKey("shop", "x" * 201)])
async def test_a_key_that_is_none(crm, named):
    with pytest.raises(BadField, match="bad_key"):
        await crm.upsert_contact(named, {}, said())


async def test_nobody_is_unknown(crm):
    for call in (
        crm.contact(uuid7()),
        crm.history(uuid7()),
        crm.set_fields(uuid7(), {"name": "Li"}, said()),
        crm.set_owner(uuid7(), None, STAFF),
        crm.mark_reviewed(uuid7(), STAFF, now()),
    ):
        with pytest.raises(UnknownRecord):
            await call
