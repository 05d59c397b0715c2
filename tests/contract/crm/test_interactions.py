"""The record of every contact (CH2, CH5) and the feed of what changed."""

from dataclasses import replace
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import NewInteraction
from crm_adapter.records.service import NewCase, NewTask
from tests.contract.crm.conftest import STAFF, now, said


def call(contact_id, content="asked about the kettle", **more):
    return NewInteraction(contact_id, "phone", "desk", "in", now(), content, **more)


async def test_an_interaction_is_recorded_once_as_it_was(crm, newcomer):
    contact_id = await newcomer()
    linked = await crm.link_identity(contact_id, "wechat", "shop", "openid-1", "claimed", said())
    new = NewInteraction(
        contact_id, "wechat", "shop", "out", now(), "七天内可以退货", "article", "returns", linked.identity_id, uuid4()
    )
    stored = await crm.append_interaction("k", new)
    assert await crm.append_interaction("k", replace(new, content="other words")) == stored
    (one,) = await crm.interactions(contact_id)
    assert (one.id, one.contact_id, one.channel, one.account) == (stored, contact_id, "wechat", "shop")
    assert (one.direction, one.occurred_at, one.content) == ("out", new.occurred_at, "七天内可以退货")
    assert (one.outcome_kind, one.outcome_ref, one.idempotency_key) == ("article", "returns", "k")


async def test_what_staff_logs_is_with_the_rest_but_no_account(crm, newcomer):
    contact_id = await newcomer()
    for number in range(5):
        await crm.append_interaction(f"k{number}", call(contact_id, f"call {number}"))
    newest = await crm.interactions(contact_id, limit=2)
    assert [one.content for one in newest] == ["call 4", "call 3"]
    rest = await crm.interactions(contact_id, before=newest[-1].id)
    assert [one.content for one in rest] == ["call 2", "call 1", "call 0"]
    assert (await crm.contact(contact_id)).identities == ()


async def test_interactions_follow_a_merge_and_come_back(crm, newcomer):
    source, target = await newcomer(), await newcomer()
    await crm.append_interaction("a", call(source, "before"))
    merge_id = await crm.merge(source, target, STAFF, "")
    await crm.append_interaction("b", call(source, "while"))
    both = await crm.interactions(source)
    assert [(one.content, one.contact_id) for one in both] == [("while", target), ("before", target)]
    await crm.unmerge(merge_id, STAFF)
    assert [one.content for one in await crm.interactions(source)] == ["before"]
    assert [one.content for one in await crm.interactions(target)] == ["while"]


async def test_an_identity_that_is_not_the_contact_s(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    linked = await crm.link_identity(other, "wechat", "shop", "openid-1", "claimed", said())
    for wrong in (call(one, identity_id=linked.identity_id), call(one, identity_id=uuid7()), call(uuid7())):
        with pytest.raises(UnknownRecord):
            await crm.append_interaction("k", wrong)
    assert await crm.interactions(one) == []
    with pytest.raises(UnknownRecord):
        await crm.interactions(uuid7())


async def test_the_feed_names_every_change_in_order(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    start = (await crm.changes_since(None)).cursor
    assert (await crm.changes_since(start)).changes == ()
    await crm.set_fields(one, {"name": "Li"}, said())
    await crm.set_fields(one, {"name": "Li"}, said())
    linked = await crm.link_identity(one, "wechat", "shop", "openid-1", "claimed", said())
    case = await crm.open_case("k", NewCase(one, "enquiry", "product", "how long?", now(), STAFF))
    await crm.transition_case(case.id, "answered", STAFF, "")
    task = await crm.add_task("k", NewTask(one, "call", "ring back", now(), STAFF))
    await crm.close_task(task.id, "done", STAFF, "")
    merge_id = await crm.merge(one, other, STAFF, "")
    expected = [
        ("contact", one, one),
        ("identity", one, linked.identity_id),
        ("case", one, case.id),
        ("case", one, case.id),
        ("task", one, task.id),
        ("task", one, task.id),
        ("merge", one, merge_id),
        ("merge", other, merge_id),
    ]
    page = await crm.changes_since(start)
    assert [(change.kind, change.contact_id, change.record_id) for change in page.changes] == expected
    paged, cursor = [], start
    while (page := await crm.changes_since(cursor, limit=3)).changes:
        paged += page.changes
        cursor = page.cursor
    assert [(change.kind, change.contact_id, change.record_id) for change in paged] == expected
    assert page.cursor == cursor


@pytest.mark.parametrize("cursor", ["", "here", "-1", "1:x", "9" * 40])
async def test_a_cursor_that_is_none(crm, cursor):
    with pytest.raises(Refused, match="bad_cursor"):
        await crm.changes_since(cursor)
