"""Orders, tags and segments (CP5-CP7)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.customers import ExternalKey
from crm_adapter.records.value import BadSegment, NewOrder, OrderLine
from tests.contract.crm.conftest import STAFF, now, said
from tests.contract.crm.test_consents import event

PLAIN = {"field": "kind", "is": "person"}


def order(contact_id, reference="1", amount=300_000, **more):
    return NewOrder(contact_id, "shop", reference, more.pop("placed_at", now()), amount, **more)


async def test_an_order_is_added_and_brought_up_to_date(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    new = order(one, lines=[OrderLine("K-1", "Kettle", 2, 150_000)])
    placed = await crm.put_order(new)
    assert (placed.contact_id, placed.source, placed.reference, placed.amount) == (one, "shop", "1", 300_000)
    assert (placed.currency, placed.status, placed.lines) == (
        "CNY",
        "placed",
        (OrderLine("K-1", "Kettle", 2, 150_000),),
    )
    assert await crm.put_order(new) == placed
    paid = await crm.put_order(replace(new, status="paid"))
    assert (paid.id, paid.status) == (placed.id, "paid")
    assert await crm.orders(one) == [paid]
    moved = await crm.put_order(replace(new, contact_id=other))
    assert moved.id == placed.id
    assert (await crm.orders(one), await crm.orders(other)) == ([], [moved])


async def test_the_family_s_orders_newest_first(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    for days, who in ((3, one), (1, other), (2, one)):
        await crm.put_order(order(who, f"{days}", placed_at=now() - timedelta(days=days)))
    await crm.merge(other, one, STAFF, "")
    assert [one.reference for one in await crm.orders(other)] == ["1", "2", "3"]
    assert [one.reference for one in await crm.orders(one, limit=2)] == ["1", "2"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"amount": -1}, "amount"),
        ({"currency": "yuan"}, "currency"),
        ({"status": "lost"}, "status"),
        ({"placed_at": now().replace(tzinfo=None)}, "placed_at"),
        ({"lines": [OrderLine("K-1", "Kettle", 0, 1)]}, "quantity"),
    ],
)
async def test_what_is_no_order(crm, newcomer, more, field):
    contact_id = await newcomer()
    with pytest.raises(BadField) as bad:
        await crm.put_order(replace(order(contact_id), **more))
    assert bad.value.field == field
    assert await crm.orders(contact_id) == []


async def test_a_tag_is_given_once_per_family_and_taken_away(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    await crm.merge(other, one, STAFF, "")
    await crm.tag(other, "  Loves  Kettles ", STAFF, "said so")
    await crm.tag(one, "loves kettles", "staff:other", "again")
    (tag,) = await crm.tags(one)
    assert (tag.name, tag.by, tag.reason, tag.rule) == ("loves kettles", STAFF, "said so", None)
    await crm.tag(one, "audio", STAFF, "")
    assert [tag.name for tag in await crm.tags(other)] == ["audio", "loves kettles"]
    for _ in range(2):
        await crm.untag(one, "Loves Kettles", STAFF, "no more")
    assert [tag.name for tag in await crm.tags(other)] == ["audio"]


async def test_the_rules_give_tags_that_no_person_takes(crm, newcomer):
    contact_id = await newcomer()
    for reference in ("1", "2"):
        await crm.put_order(order(contact_id, reference))
    given = await crm.tags(contact_id)
    assert given
    assert {tag.by for tag in given} == {"system:rules"}
    assert all(tag.rule == tag.name == tag.reason for tag in given)
    with pytest.raises(Refused, match="tag_of_rules"):
        await crm.untag(contact_id, given[0].name, STAFF, "")


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "li@example.com", "138 0013 8000"])
async def test_what_is_no_tag(crm, newcomer, name):
    contact_id = await newcomer()
    for call in (crm.tag(contact_id, name, STAFF, ""), crm.untag(contact_id, name, STAFF, "")):
        with pytest.raises(BadField):
            await call


async def test_segments_over_everything_known(crm, newcomer):
    big, small, idle = await newcomer(), await newcomer(), await newcomer()
    for reference in ("1", "2"):
        await crm.put_order(order(big, f"b{reference}"))
    await crm.put_order(order(small, "s1", 5_000, placed_at=now() - timedelta(days=100)))
    await crm.put_order(order(small, "s2", 900_000, status="cancelled"))
    await crm.tag(idle, "vip", STAFF, "")
    await crm.link_identity(small, "wechat", "shop", "openid-1", "claimed", said())
    await crm.record_consent(event(big, "granted"))
    await crm.record_consent(event(small, "granted", channel="*"))
    await crm.record_consent(event(idle, "refused"))
    await crm.set_owner(idle, uuid7(), STAFF)
    everybody = [big, small, idle]
    for condition, expected in (
        (PLAIN, everybody),
        ({"not": PLAIN}, []),
        ({"field": "value_class", "is": "high"}, [big]),
        ({"field": "value_class", "known": False}, [idle]),
        ({"field": "orders", "at_least": 1}, [big, small]),
        ({"field": "amount", "at_most": 5_000}, [small]),
        ({"field": "amount", "is": 600_000}, [big]),
        ({"field": "last_order_at", "older_than_days": 30}, [small]),
        ({"field": "last_order_at", "within_days": 30}, [big]),
        ({"not": {"field": "last_order_at", "within_days": 30}}, [small, idle]),
        ({"field": "tag", "has": "vip"}, [idle]),
        ({"field": "channel", "has": "wechat"}, [small]),
        ({"field": "channel", "has": "staff"}, []),
        ({"field": "owner", "known": True}, [idle]),
        ({"field": "locale", "in": ["zh-Hans", "en"]}, everybody),
        ({"field": "consent", "purpose": "care_messages", "is": "granted"}, [big, small]),
        ({"field": "consent", "purpose": "care_messages", "channel": "wechat", "is": "granted"}, [small]),
        ({"field": "consent", "purpose": "care_messages", "is": "refused"}, [idle]),
        ({"all": [PLAIN, {"any": [{"field": "tag", "has": "vip"}, {"field": "orders", "is": 2}]}]}, [big, idle]),
    ):
        assert await crm.segment_members(condition) == expected, condition
        assert await crm.count_segment(condition) == len(expected), condition


async def test_only_roots_that_may_be_used_are_members(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    await crm.upsert_contact(ExternalKey("list", "1"), {}, said(), quarantined=True)
    assert await crm.segment_members(PLAIN) == [one, other]
    assert await crm.segment_members(PLAIN, limit=1) == [one]
    assert await crm.segment_members(PLAIN, after=one) == [other]
    await crm.tag(other, "vip", STAFF, "")
    await crm.merge(other, one, STAFF, "")
    assert await crm.segment_members({"field": "tag", "has": "vip"}) == [one]


async def test_a_segment_is_saved_under_its_name_over_an_older_one(crm):
    first = await crm.save_segment(" The  good ones ", PLAIN, STAFF)
    assert (first.name, dict(first.condition), first.saved_by) == ("The good ones", PLAIN, STAFF)
    second = await crm.save_segment("The good ones", {"not": PLAIN}, "staff:other")
    assert (second.id, second.saved_by) == (first.id, "staff:other")
    with pytest.raises(BadField):
        await crm.save_segment(" ", PLAIN, STAFF)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({}, "not_a_condition"),
        ({"all": []}, "empty"),
        ({"field": "shoe_size", "is": 42}, "unknown_field"),
        ({"field": "orders", "has": 1}, "unknown_operator"),
        ({"field": "orders", "at_least": "many"}, "bad_operand"),
        ({"field": "stage", "is": "asleep"}, "unknown_word"),
        ({"field": "consent", "is": "granted"}, "missing_member"),
    ],
)
async def test_a_filter_that_cannot_be_understood(crm, condition, code):
    for call in (
        crm.count_segment(condition),
        crm.segment_members(condition),
        crm.save_segment("x", condition, STAFF),
    ):
        with pytest.raises(BadSegment) as bad:
            await call
        assert bad.value.code == code


async def test_the_feed_names_what_changes_a_customer_s_value(crm, newcomer):
    contact_id = await newcomer()
    start = (await crm.changes_since(None)).cursor
    placed = await crm.put_order(order(contact_id))
    await crm.put_order(replace(order(contact_id), placed_at=placed.placed_at))
    await crm.tag(contact_id, "vip", STAFF, "")
    await crm.tag(contact_id, "vip", STAFF, "")
    await crm.untag(contact_id, "vip", STAFF, "")
    receipt = await crm.record_consent(event(contact_id, "granted"))
    changes = (await crm.changes_since(start)).changes
    assert [one.kind for one in changes] == ["order", "standing", "tag", "tag", "consent"]
    assert {one.contact_id for one in changes} == {contact_id}
    assert (changes[0].record_id, changes[-1].record_id) == (placed.id, receipt.event_id)


async def test_nobody_buys_nothing(crm):
    for call in (
        crm.put_order(order(uuid7())),
        crm.orders(uuid7()),
        crm.tag(uuid7(), "vip", STAFF, ""),
        crm.untag(uuid7(), "vip", STAFF, ""),
        crm.tags(uuid7()),
    ):
        with pytest.raises(UnknownRecord):
            await call
