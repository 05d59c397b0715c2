"""Follow-ups: added once, closed once, read over the whole family (SV4, SL5)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.service import NewCase, NewTask
from tests.contract.crm.conftest import STAFF, now


def task(contact_id, subject="ring back", **more):
    return NewTask(contact_id, "call", subject, more.pop("due_at", now()), STAFF, **more)


async def test_a_task_is_added_once_and_closed_with_its_result(crm, newcomer):
    contact_id, owner, due = await newcomer(), uuid4(), now() + timedelta(days=7)
    case = await crm.open_case("k", NewCase(contact_id, "enquiry", "product", "how long?", now(), STAFF))
    new = task(contact_id, due_at=due, owner_id=owner, case_id=case.id)
    added = await crm.add_task("k", new)
    assert (added.contact_id, added.kind, added.subject, added.due_at) == (contact_id, "call", "ring back", due)
    assert (added.state, added.owner_id, added.case_id, added.result) == ("open", owner, case.id, None)
    assert (await crm.add_task("k", task(contact_id, "other words"))) == added
    done = await crm.close_task(added.id, "done", STAFF, "content")
    assert (done.state, done.result) == ("done", "content")
    assert done.closed_at is not None
    assert await crm.tasks(contact_id) == [done]
    for state in ("done", "cancelled"):
        with pytest.raises(Refused, match="already_closed"):
            await crm.close_task(added.id, state, STAFF, "again")


async def test_the_family_s_tasks_by_due_time(crm, newcomer):
    one, other, start = await newcomer(), await newcomer(), now()
    for key, who, days in (("a", one, 3), ("b", other, 1), ("c", one, 2)):
        await crm.add_task(key, task(who, key, due_at=start + timedelta(days=days)))
    await crm.merge(other, one, STAFF, "the same person")
    for contact_id in (one, other):
        assert [one.subject for one in await crm.tasks(contact_id)] == ["b", "c", "a"]


async def test_a_task_cannot_be_about_somebody_else_s_case(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    case = await crm.open_case("k", NewCase(other, "enquiry", "product", "how long?", now(), STAFF))
    with pytest.raises(Refused, match="foreign_case"):
        await crm.add_task("k", task(one, case_id=case.id))
    with pytest.raises(UnknownRecord):
        await crm.add_task("k", task(one, case_id=uuid7()))
    await crm.merge(one, other, STAFF, "the same person")
    assert (await crm.add_task("k", task(one, case_id=case.id))).case_id == case.id


async def test_what_is_no_task_or_not_there(crm, newcomer):
    contact_id = await newcomer()
    for bad, field in (
        (task(contact_id, " "), "subject"),
        (NewTask(contact_id, "Call Li Lei", "x", now(), STAFF), "kind"),
        (task(contact_id, due_at=now().replace(tzinfo=None)), "due_at"),
    ):
        with pytest.raises(BadField) as refused:
            await crm.add_task("k", bad)
        assert refused.value.field == field
    for call in (
        crm.add_task("k", task(uuid7())),
        crm.close_task(uuid7(), "done", STAFF, ""),
        crm.tasks(uuid7()),
    ):
        with pytest.raises(UnknownRecord):
            await call
    assert await crm.tasks(contact_id) == []
