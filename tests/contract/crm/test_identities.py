"""Identities: only what is proven on both sides merges by itself; the rest staff is asked about."""

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.customers import Linked, Merged, Noted, Suggested
from tests.contract.crm.conftest import STAFF, said


async def test_an_account_is_linked_once_and_its_assurance_only_rises(crm, newcomer):
    contact_id = await newcomer()
    linked = await crm.link_identity(contact_id, "wechat", "shop", "openid-1", "claimed", said())
    assert isinstance(linked, Linked)
    assert linked.new
    for assurance, stands in (("anonymous", "claimed"), ("verified", "verified"), ("claimed", "verified")):
        again = await crm.link_identity(contact_id, "wechat", "shop", "openid-1", assurance, said())
        assert again == Linked(linked.identity_id, new=False)
        (identity,) = (await crm.contact(contact_id)).identities
        assert identity.assurance == stands
    assert (identity.channel, identity.account, identity.external_id) == ("wechat", "shop", "openid-1")
    assert await crm.find_by_identity("wechat", "shop", "openid-1") == contact_id
    assert await crm.find_by_identity("wechat", "other", "openid-1") is None


async def test_a_phone_typed_in_is_noted_and_becomes_an_identity_when_confirmed(crm, newcomer):
    contact_id = await newcomer()
    assert await crm.link_identity(contact_id, "phone", "", "138 0013 8000", "claimed", said()) == Noted("phone")
    contact = await crm.contact(contact_id)
    assert (contact.facts["phone"].value, contact.facts["phone"].assurance) == ("+8613800138000", "claimed")
    assert contact.identities == ()
    assert await crm.find_by_identity("phone", "", "13800138000") is None
    linked = await crm.link_identity(contact_id, "phone", "", "13800138000", "verified", said())
    contact = await crm.contact(contact_id)
    (identity,) = contact.identities
    assert linked == Linked(identity.id, new=True)
    assert (identity.channel, identity.account, identity.external_id) == ("phone", "phone", "+8613800138000")
    assert contact.facts["phone"].assurance == "verified"
    assert await crm.find_by_identity("phone", "", "0086 13800138000") == contact_id


async def test_proven_on_both_sides_the_newer_becomes_part_of_the_older(crm, newcomer):
    older, newer = await newcomer("verified", phone="13800138000"), await newcomer()
    merged = await crm.link_identity(newer, "phone", "", "13800138000", "verified", said())
    assert isinstance(merged, Merged)
    assert merged.contact_id == older
    for contact_id in (older, newer):
        contact = await crm.contact(contact_id)
        assert (contact.id, contact.merged) == (older, (newer,))


@pytest.mark.parametrize(("there", "here"), [("claimed", "verified"), ("verified", "claimed"), ("claimed", "claimed")])
async def test_anything_less_is_a_suggestion(crm, newcomer, there, here):
    one, other = await newcomer(), await newcomer()
    await crm.link_identity(one, "wechat", "shop", "openid-1", there, said())
    suggested = await crm.link_identity(other, "wechat", "shop", "openid-1", here, said())
    assert isinstance(suggested, Suggested)
    assert suggested.other_id == one
    assert await crm.link_identity(other, "wechat", "shop", "openid-1", here, said()) == suggested
    (asked,) = await crm.merge_suggestions()
    assert (asked.id, asked.one_id, asked.other_id, asked.reason) == (
        suggested.suggestion_id,
        one,
        other,
        "same_account",
    )
    assert (await crm.contact(other)).identities == ()


async def test_what_staff_called_different_no_proof_merges(crm, newcomer):
    one, other = await newcomer("verified", phone="13800138000"), await newcomer()
    await crm.link_identity(other, "phone", "", "13800138000", "claimed", said())
    (asked,) = await crm.merge_suggestions()
    await crm.decide_suggestion(asked.id, "different", "staff:x")
    answer = await crm.link_identity(other, "phone", "", "13800138000", "verified", said())
    assert answer == Suggested(asked.id, one)
    assert (await crm.contact(other)).merged == ()
    assert await crm.merge_suggestions() == []


@pytest.mark.parametrize("given_up", [{"phone": None}, {"phone": "13900139000"}])
async def test_a_phone_that_was_given_up_proves_nothing(crm, newcomer, given_up):
    former, present = await newcomer("verified", phone="13800138000"), await newcomer()
    await crm.set_fields(former, given_up, said("verified"))
    answer = await crm.link_identity(present, "phone", "", "13800138000", "verified", said())
    assert isinstance(answer, Suggested)
    assert (await crm.contact(present)).merged == ()


async def test_of_two_who_have_become_one_nobody_is_asked(crm, newcomer):
    one, other = await newcomer(phone="13800138000"), await newcomer(phone="13800138000")
    merge_id = await crm.merge(other, one, STAFF, "")
    assert await crm.merge_suggestions() == []
    await crm.unmerge(merge_id, STAFF)
    assert await crm.merge_suggestions() == []


@pytest.mark.parametrize(
    ("channel", "external_id", "field", "code"),
    [
        ("wechat", "", "external_id", "missing"),
        ("wechat", "x" * 501, "external_id", "too_long"),
        ("phone", "123", "phone", "bad_phone"),
        ("phone", " ", "phone", "bad_phone"),
        ("email", "nobody", "email", "bad_email"),
    ],
)
async def test_what_is_no_account(crm, newcomer, channel, external_id, field, code):
    contact_id = await newcomer()
    with pytest.raises(BadField) as bad:
        await crm.link_identity(contact_id, channel, "shop", external_id, "claimed", said())
    assert (bad.value.field, bad.value.code) == (field, code)
    if channel in ("phone", "email"):
        assert await crm.find_by_identity(channel, "", external_id) is None


async def test_nobody_has_no_accounts(crm):
    with pytest.raises(UnknownRecord):
        await crm.link_identity(uuid7(), "wechat", "shop", "openid-1", "claimed", said())


async def test_who_can_be_reached_at_an_account_is_told_by_family(crm, newcomer):
    one, other, nobody = await newcomer(), await newcomer(), await newcomer()
    for contact_id, account, name in (
        (one, "shop", "openid-1"),
        (other, "shop", "openid-2"),
        (other, "shop", "openid-3"),
        (nobody, "news", "openid-4"),
    ):
        await crm.link_identity(contact_id, "wechat", account, name, "claimed", said())
    await crm.link_identity(nobody, "wechat", "shop", "a-name-only", "verified", said(), reachable=False)

    async def names(*contact_ids):
        found = await crm.reachable_at("wechat", "shop", contact_ids)
        return {contact_id: [one.external_id for one in identities] for contact_id, identities in found.items()}

    assert await names(one, other, nobody) == {one: ["openid-1"], other: ["openid-2", "openid-3"]}
    await crm.merge(other, one, STAFF, "the same person")
    assert await names(one) == {one: ["openid-1", "openid-2", "openid-3"]}
    assert await names() == {}
    lone = await newcomer()
    await crm.link_identity(lone, "wechat", "shop", "another-name", "verified", said(), reachable=False)
    assert [identity.reachable for identity in (await crm.contact(lone)).identities] == [False]
    assert lone not in await crm.segment_members({"field": "channel", "has": "wechat"})
