"""Merges: one customer in every reading, and taken back in any order as if it had never been."""

from itertools import pairwise, permutations

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import Refused, UnknownRecord
from tests.contract.crm.conftest import STAFF, said


async def test_a_family_reads_as_one_and_the_root_s_facts_win(crm, newcomer):
    source = await newcomer(name="Lei", email="lei@example.com")
    target = await newcomer(name="Li Lei")
    await crm.link_identity(source, "wechat", "shop", "openid-1", "claimed", said())
    await crm.set_fields(source, {"name": "Newer"}, said())
    await crm.merge(source, target, STAFF, "said so on the phone")
    contact = await crm.contact(source)
    assert (contact.id, contact.merged) == (target, (source,))
    assert {field: fact.value for field, fact in contact.facts.items()} == {
        "name": "Li Lei",
        "email": "lei@example.com",
    }
    assert [one.external_id for one in contact.identities] == ["openid-1"]
    assert await crm.find_by_identity("wechat", "shop", "openid-1") == target
    assert await crm.find_by_field("email", "lei@example.com") == [target]
    assert {fact.value for fact in await crm.history(target)} == {"Lei", "Li Lei", "Newer", "lei@example.com"}
    await crm.set_fields(source, {"email": "other@example.com"}, said())
    assert (await crm.contact(target)).facts["email"].value == "other@example.com"


async def test_emptied_on_the_root_it_is_empty(crm, newcomer):
    source, target = await newcomer(name="Lei"), await newcomer(name="Li Lei")
    await crm.merge(source, target, STAFF, "")
    await crm.set_fields(target, {"name": None}, said())
    assert "name" not in (await crm.contact(target)).facts


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_merges_are_taken_back_in_any_order(crm, newcomer, order):
    ids = [await newcomer() for _ in range(4)]
    for one in ids:
        await crm.link_identity(one, "wechat", "shop", f"of-{one}", "claimed", said())
    # Each into the next, so that every merge but the first moves a whole family.
    merges = [await crm.merge(source, target, STAFF, "") for source, target in pairwise(ids)]
    assert (await crm.contact(ids[0])).merged == tuple(ids[:3])
    for number in order:
        await crm.unmerge(merges[number], STAFF)
    for one in ids:
        contact = await crm.contact(one)
        assert (contact.id, contact.merged) == (one, ())
        assert [identity.external_id for identity in contact.identities] == [f"of-{one}"]


async def test_the_middle_one_is_taken_out_with_what_hangs_on_it(crm, newcomer):
    a, b, c = [await newcomer() for _ in range(3)]
    await crm.merge(a, b, STAFF, "")
    second = await crm.merge(b, c, STAFF, "")
    await crm.unmerge(second, STAFF)
    assert (await crm.contact(a)).id == b
    assert (await crm.contact(b)).merged == (a,)
    assert (await crm.contact(c)).merged == ()


async def test_what_was_linked_meanwhile_stays_with_the_root(crm, newcomer):
    source, target = await newcomer(), await newcomer()
    merge_id = await crm.merge(source, target, STAFF, "")
    await crm.link_identity(source, "wechat", "shop", "meanwhile", "claimed", said())
    await crm.unmerge(merge_id, STAFF)
    assert await crm.find_by_identity("wechat", "shop", "meanwhile") == target


async def test_merges_are_remembered_with_who_and_why(crm, newcomer):
    source, target = await newcomer(), await newcomer()
    merge_id = await crm.merge(source, target, STAFF, "the same person")
    (past,) = await crm.merges(source)
    assert (past.id, past.source_id, past.target_id, past.by) == (merge_id, source, target, STAFF)
    assert (past.reason, past.undone_at, past.undone_by) == ("the same person", None, None)
    await crm.unmerge(merge_id, "staff:other")
    again = await crm.merge(source, target, STAFF, "after all")
    newest, oldest = await crm.merges(target)
    assert (newest.id, oldest.id, oldest.undone_by) == (again, merge_id, "staff:other")
    assert oldest.undone_at is not None


async def test_a_merge_taken_back_keeps_the_two_apart(crm, newcomer):
    older, newer = await newcomer("verified", phone="13800138000"), await newcomer()
    merged = await crm.link_identity(newer, "phone", "", "13800138000", "verified", said())
    await crm.unmerge(merged.merge_id, STAFF)
    await crm.link_identity(newer, "phone", "", "13800138000", "verified", said())
    assert (await crm.contact(newer)).id == newer
    assert (await crm.contact(older)).merged == ()


async def test_what_cannot_be_merged_or_taken_back(crm, newcomer):
    source, target = await newcomer(), await newcomer()
    with pytest.raises(Refused, match="same_contact"):
        await crm.merge(source, source, STAFF, "")
    merge_id = await crm.merge(source, target, STAFF, "")
    with pytest.raises(Refused, match="same_contact"):
        await crm.merge(target, source, STAFF, "")
    await crm.unmerge(merge_id, STAFF)
    with pytest.raises(Refused, match="already_undone"):
        await crm.unmerge(merge_id, STAFF)
    for call in (crm.merge(uuid7(), target, STAFF, ""), crm.unmerge(uuid7(), STAFF), crm.merges(uuid7())):
        with pytest.raises(UnknownRecord):
            await call


async def test_staff_decides_a_suggestion_once(crm, newcomer):
    one, other = await newcomer(phone="13800138000"), await newcomer(phone="13800138000")
    third = await newcomer(phone="13800138000")
    asked = await crm.merge_suggestions()
    assert [(ask.one_id, ask.other_id) for ask in asked] == [(one, other), (one, third), (other, third)]
    assert await crm.merge_suggestions(limit=1) == asked[:1]
    await crm.decide_suggestion(asked[0].id, "merged", STAFF)
    assert (await crm.contact(other)).id == one
    assert len(await crm.merge_suggestions(contact_id=other)) == 2
    with pytest.raises(Refused, match="already_decided"):
        await crm.decide_suggestion(asked[0].id, "different", STAFF)
    await crm.decide_suggestion(asked[1].id, "merged", STAFF)
    await crm.decide_suggestion(asked[2].id, "merged", STAFF)
    assert await crm.merge_suggestions() == []
    assert (await crm.contact(one)).merged == (other, third)
    with pytest.raises(UnknownRecord):
        await crm.decide_suggestion(uuid7(), "merged", STAFF)
