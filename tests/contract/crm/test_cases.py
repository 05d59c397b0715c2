"""Cases: opened once, numbered, owned, moved by the rules, every step kept (CO1-CO6)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, Refused, UnknownRecord, VersionConflict
from crm_adapter.records.service import NewCase
from tests.contract.crm.conftest import STAFF, now


def complaint(contact_id, **more):
    values = {"kind": "complaint", "category": "product", "matter": "the kettle leaks", "by": STAFF, **more}
    return NewCase(contact_id, opened_at=values.pop("opened_at", now()), **values)


async def test_a_case_holds_what_was_said_and_when_it_is_due(crm, newcomer):
    contact_id, owner, at = await newcomer(), uuid4(), now()
    new = complaint(
        contact_id,
        category="refund",
        remedy="a new one",
        reach="13800138000",
        order_ref="A-1",
        priority="high",
        owner_id=owner,
        opened_at=at,
    )
    case = await crm.case((await crm.open_case("k", new)).id)
    assert (case.contact_id, case.kind, case.category, case.state) == (contact_id, "complaint", "refund", "open")
    assert (case.matter, case.remedy, case.reach) == ("the kettle leaks", "a new one", "13800138000")
    assert (case.order_ref, case.priority, case.owner_id, case.version) == ("A-1", "high", owner, 1)
    assert case.first_due_at == at + timedelta(hours=24)
    assert case.final_due_at == at + timedelta(days=3)
    (event,) = case.events
    assert (event.from_state, event.to_state, event.by, event.at, event.owner_id) == (None, "open", STAFF, at, owner)


async def test_an_enquiry_is_owed_an_answer_and_a_suggestion_only_a_result(crm, newcomer):
    contact_id = await newcomer()
    case = await crm.open_case("k", complaint(contact_id, kind="enquiry"))
    assert case.first_due_at == case.opened_at + timedelta(hours=24)
    assert case.final_due_at == case.opened_at + timedelta(days=10)
    suggestion = await crm.open_case("s", complaint(contact_id, kind="suggestion"))
    assert suggestion.first_due_at is None
    assert suggestion.final_due_at is not None


async def test_a_case_keeps_its_details_and_what_is_added(crm, newcomer):
    details = {"product": "kettle", "files": [{"id": "1", "name": "a.png"}]}
    case = await crm.open_case("k", complaint(await newcomer(), details=details))
    assert (await crm.case(case.id)).details == details
    added = await crm.add_to_case(case.id, "customer", "it also smokes", files=[{"id": "2", "name": "b.png"}])
    assert (added.state, added.version) == ("open", 2)
    assert [file["name"] for file in added.details["files"]] == ["a.png", "b.png"]
    told = await crm.add_to_case(case.id, STAFF, "call them", told="We shall call you.", expected_version=2)
    assert [(event.note, event.told) for event in told.events] == [
        ("", None),
        ("it also smokes", None),
        ("call them", "We shall call you."),
    ]
    moved = await crm.transition_case(case.id, "answered", STAFF, "sent", told="A new one is on its way.")
    assert moved.events[-1].told == "A new one is on its way."
    assert moved == await crm.case(case.id)
    with pytest.raises(VersionConflict):
        await crm.add_to_case(case.id, STAFF, "late", expected_version=2)
    await crm.transition_case(case.id, "closed", STAFF, "", root_cause="product")
    with pytest.raises(Refused, match="already_closed"):
        await crm.add_to_case(case.id, "customer", "and now?")


async def test_an_urgent_addition_raises_the_priority_and_no_other_lowers_it(crm, newcomer):
    case = await crm.open_case("k", complaint(await newcomer(), priority="normal"))
    files = [{"id": "1", "name": "a.png"}]
    raised = await crm.add_to_case(case.id, "customer", "I go to court", files=files, urgent=True)
    assert (raised.priority, raised.state, raised.version) == ("high", "open", 2)
    assert raised == await crm.case(case.id)
    again = await crm.add_to_case(case.id, "customer", "and one more thing")
    assert (again.priority, again.details["files"]) == ("high", files)


async def test_deadlines_that_are_near_or_over_are_found_until_they_are_met(crm, newcomer):
    contact_id, at = await newcomer(), now()
    case = await crm.open_case("k", complaint(contact_id, opened_at=at))
    await crm.open_case("s", complaint(contact_id, kind="suggestion", opened_at=at))
    hours, days = timedelta(hours=2), timedelta(days=1)

    async def due(later):
        found = await crm.due_cases(at + later, hours, days)
        return [(one.number, one.clock) for one in found if one.case_id == case.id]

    assert await due(timedelta(hours=21)) == []
    assert await due(timedelta(hours=22)) == [(case.number, "first")]
    assert await due(timedelta(days=9)) == [(case.number, "first"), (case.number, "final")]
    await crm.transition_case(case.id, "planned", STAFF, "")
    assert await due(timedelta(days=11)) == [(case.number, "final")]
    await crm.transition_case(case.id, "answered", STAFF, "")
    assert await due(timedelta(days=11)) == []


async def test_one_key_is_one_case(crm, newcomer):
    contact_id = await newcomer()
    first = await crm.open_case("k", complaint(contact_id))
    again = await crm.open_case("k", complaint(contact_id, matter="something else"))
    other = await crm.open_case("l", complaint(contact_id))
    assert (again.id, again.number, again.matter) == (first.id, first.number, "the kettle leaks")
    assert other.id != first.id
    assert other.number != first.number
    await crm.transition_case(first.id, "investigating", STAFF, "")
    assert (await crm.open_case("k", complaint(contact_id))).state == "investigating"


async def test_a_case_is_found_by_its_number_as_people_write_it(crm, newcomer):
    case = await crm.open_case("k", complaint(await newcomer()))
    assert await crm.find_case(case.number) == case.id
    assert await crm.find_case(f" {case.number.lower().replace('-', ' ')} ") == case.id
    wrong = case.number[:-1] + ("2" if case.number[-1] != "2" else "3")
    assert await crm.find_case(wrong) is None
    assert await crm.find_case("") is None


async def test_the_whole_way_of_a_complaint(crm, newcomer):
    case = await crm.open_case("k", complaint(await newcomer()))
    way = ["investigating", "planned", "executing", "answered", "resolved", "closed", "reopened", "mediation"]
    for number, state in enumerate([*way, "litigation", "closed"], start=2):
        case = await crm.transition_case(
            case.id, state, STAFF, f"now {state}", expected_version=number - 1, root_cause="product"
        )
        assert (case.state, case.version) == (state, number)
    assert [event.note for event in case.events[1:]] == [f"now {state}" for state in (*way, "litigation", "closed")]
    assert [event.from_state for event in case.events[1:]] == ["open", *way, "litigation"]
    assert case.closed_at is not None
    assert case.root_cause == "product"
    assert case.events == (await crm.case(case.id)).events


async def test_the_clocks_stop_with_the_first_opinion_and_the_result(crm, newcomer):
    before = now()
    case = await crm.open_case("k", complaint(await newcomer(), opened_at=before))
    case = await crm.transition_case(case.id, "investigating", STAFF, "")
    assert (case.first_done_at, case.final_done_at) == (None, None)
    case = await crm.transition_case(case.id, "planned", STAFF, "")
    assert before <= case.first_done_at <= now()
    assert case.final_done_at is None
    case = await crm.transition_case(case.id, "answered", STAFF, "")
    answered = case.final_done_at
    assert case.first_done_at < answered
    case = await crm.transition_case(case.id, "reopened", STAFF, "it leaks again")
    assert case.final_done_at is None
    assert case.final_due_at >= answered + timedelta(days=10)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ((), "open"),
        ((), "resolved"),
        ((), "litigation"),
        ((), "executing"),
        (("investigating",), "investigating"),
        (("investigating",), "open"),
        (("answered",), "litigation"),
        (("answered", "resolved", "closed"), "investigating"),
    ],
)
async def test_a_step_that_is_none_is_refused_and_changes_nothing(crm, newcomer, path, to):
    case = await crm.open_case("k", complaint(await newcomer()))
    for state in path:
        case = await crm.transition_case(case.id, state, STAFF, "", root_cause="price")
    with pytest.raises(Refused) as refused:
        await crm.transition_case(case.id, to, STAFF, "")
    assert refused.value.code == "bad_transition"
    assert await crm.case(case.id) == case


async def test_a_step_from_an_old_version_conflicts(crm, newcomer):
    case = await crm.open_case("k", complaint(await newcomer()))
    await crm.transition_case(case.id, "investigating", STAFF, "", expected_version=1)
    for late in (
        crm.transition_case(case.id, "planned", STAFF, "", expected_version=1),
        crm.assign_case(case.id, uuid4(), STAFF, "", expected_version=1),
    ):
        with pytest.raises(VersionConflict) as conflict:
            await late
        assert conflict.value.actual == 2
    assert (await crm.case(case.id)).state == "investigating"


async def test_every_complaint_has_an_owner(crm, newcomer):
    contact_id, keeper, other = await newcomer(), uuid4(), uuid4()
    unowned = await crm.open_case("a", complaint(contact_id, by="customer"))
    assert unowned.owner_id is None
    with pytest.raises(Refused, match="owner_needed"):
        await crm.transition_case(unowned.id, "investigating", "system:bot", "")
    taken = await crm.transition_case(unowned.id, "investigating", STAFF, "")
    assert taken.owner_id == UUID(STAFF.removeprefix("staff:"))
    given = await crm.assign_case(taken.id, other, STAFF, "knows kettles")
    assert (given.owner_id, given.state, given.version) == (other, "investigating", 3)
    assert (given.events[-1].owner_id, given.events[-1].note) == (other, "knows kettles")
    await crm.set_owner(contact_id, keeper, STAFF)
    assert (await crm.open_case("b", complaint(contact_id, by="customer"))).owner_id == keeper
    enquiry = await crm.open_case("c", complaint(await newcomer(), kind="enquiry", by="customer"))
    assert (await crm.transition_case(enquiry.id, "answered", "system:bot", "")).owner_id is None


async def test_a_complaint_is_closed_with_its_root_cause_only(crm, newcomer):
    case = await crm.open_case("k", complaint(await newcomer()))
    with pytest.raises(Refused, match="root_cause_needed"):
        await crm.transition_case(case.id, "closed", STAFF, "taken back")
    with pytest.raises(BadField) as bad:
        await crm.transition_case(case.id, "closed", STAFF, "", root_cause="the customer Li Lei")
    assert (bad.value.field, bad.value.code) == ("root_cause", "not_allowed")
    closed = await crm.transition_case(case.id, "closed", STAFF, "", root_cause="misuse")
    assert closed.root_cause == "misuse"
    with pytest.raises(Refused, match="already_closed"):
        await crm.assign_case(case.id, uuid4(), STAFF, "")


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"matter": "  "}, "matter", "empty"),
        ({"matter": "x" * 10_001}, "matter", "too_long"),
        ({"remedy": "half \ud83d"}, "remedy", "not_text"),
        ({"category": "Li Lei complains"}, "category", "not_allowed"),
        ({"kind": "wish"}, "kind", "not_allowed"),
        ({"priority": "urgent"}, "priority", "not_allowed"),
        ({"order_ref": "x" * 201}, "order_ref", "too_long"),
        ({"opened_at": now().replace(tzinfo=None)}, "opened_at", "no_zone"),
    ],
)
async def test_what_is_no_case_is_refused_with_its_field(crm, newcomer, more, field, code):
    contact_id = await newcomer()
    with pytest.raises(BadField) as bad:
        await crm.open_case("k", complaint(contact_id, **more))
    assert (bad.value.field, bad.value.code) == (field, code)
    assert await crm.cases(contact_id) == []


async def test_the_family_s_cases_are_read_together(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    first = await crm.open_case("a", complaint(one))
    second = await crm.open_case("b", complaint(other))
    merge_id = await crm.merge(other, one, STAFF, "the same person")
    for contact_id in (one, other):
        cases = await crm.cases(contact_id)
        assert [case.id for case in cases] == [second.id, first.id]
        assert [case.events for case in cases] == [(), ()]
        assert cases[0].matter == "the kettle leaks"
    assert cases[0].contact_id == other
    await crm.unmerge(merge_id, STAFF)
    assert [case.id for case in await crm.cases(one)] == [first.id]


async def test_what_is_not_there_is_unknown(crm):
    for call in (
        crm.open_case("k", complaint(uuid7())),
        crm.case(uuid7()),
        crm.cases(uuid7()),
        crm.transition_case(uuid7(), "closed", STAFF, ""),
        crm.assign_case(uuid7(), uuid4(), STAFF, ""),
    ):
        with pytest.raises(UnknownRecord):
            await call
