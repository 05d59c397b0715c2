"""Requests about one's own data: their steps, and what an erasure does to those that still wait (PR6)."""

import json

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import OpenRequests, Refused, UnknownRecord, VersionConflict
from crm_adapter.records.rights import OPEN_STATES, REQUEST_STATES, NewPrivacyRequest
from crm_adapter.rights.certificate import document_of, verify
from tests.contract.crm.conftest import STAFF, now, said


async def asked(crm, contact_id, kind, words="请处理"):
    """Opened by staff and checked, as one that can be taken up."""
    made = await crm.open_privacy_request(NewPrivacyRequest(contact_id, kind, STAFF, now(), words))
    if made.checked_method is None:
        made = await crm.check_requester(made.id, "in_person", STAFF, now())
    return made


async def taken(crm, contact_id, kind):
    return await crm.start_privacy_request((await asked(crm, contact_id, kind)).id, STAFF, now())


async def test_a_request_goes_from_received_to_answered(crm, newcomer):
    contact_id = await newcomer(name="Li Lei")
    linked = await crm.link_identity(contact_id, "wechat", "shop", "openid-1", "verified", said())
    request = await crm.open_privacy_request(
        NewPrivacyRequest(contact_id, "view", "customer", now(), "给我看", linked.identity_id)
    )
    assert (request.state, request.checked_method, request.words) == ("received", "assurance", "给我看")
    assert request.due_at > request.opened_at
    with pytest.raises(VersionConflict):
        await crm.start_privacy_request(request.id, STAFF, now(), expected_version=7)
    await crm.start_privacy_request(request.id, STAFF, now(), expected_version=1)
    with pytest.raises(Refused, match="reason_needed"):
        await crm.answer_privacy_request(request.id, " ", STAFF, now())
    answered = await crm.answer_privacy_request(request.id, "见附件", STAFF, now())
    assert (answered.state, answered.answer, answered.handled_by) == ("answered", "见附件", STAFF)
    assert [one.to_state for one in answered.events] == ["received", "in_progress", "answered"]
    with pytest.raises(Refused, match="bad_transition"):
        await crm.refuse_privacy_request(request.id, "nein", STAFF, now())
    assert [one.id for one in await crm.privacy_requests_of(contact_id)] == [request.id]


async def test_what_cannot_be_asked_or_done_is_refused(crm, newcomer):
    contact_id, other = await newcomer(), await newcomer()
    foreign = (await crm.link_identity(other, "wechat", "shop", "openid-2", "verified", said())).identity_id
    for new, code in (
        (NewPrivacyRequest(contact_id, "sell", STAFF, now()), "unknown_kind"),
        (NewPrivacyRequest(contact_id, "view", STAFF, now(), None, foreign), "foreign_identity"),
    ):
        with pytest.raises(Refused, match=code):
            await crm.open_privacy_request(new)
    with pytest.raises(UnknownRecord):
        await crm.open_privacy_request(NewPrivacyRequest(uuid7(), "view", STAFF, now()))
    with pytest.raises(UnknownRecord):
        await crm.privacy_request(uuid7())
    with pytest.raises(UnknownRecord):
        await crm.certificate(uuid7())
    made = await crm.open_privacy_request(NewPrivacyRequest(contact_id, "view", STAFF, now()))
    with pytest.raises(Refused, match="identity_unchecked"):
        await crm.start_privacy_request(made.id, STAFF, now())
    with pytest.raises(Refused, match="unknown_method"):
        await crm.check_requester(made.id, "a feeling", STAFF, now())


async def test_an_answer_does_what_was_asked(crm, newcomer):
    contact_id = await newcomer(name="Li Lei")
    correct = await taken(crm, contact_id, "correct")
    with pytest.raises(Refused, match="fields_needed"):
        await crm.answer_privacy_request(correct.id, "好", STAFF, now())
    await crm.answer_privacy_request(correct.id, "好", STAFF, now(), fields={"name": "Li Lai"})
    restrict = await taken(crm, contact_id, "restrict")
    await crm.answer_privacy_request(restrict.id, "好", STAFF, now())
    contact = await crm.contact(contact_id)
    assert (contact.facts["name"].value, contact.restricted_at is None) == ("Li Lai", False)
    await crm.lift_restriction(contact_id)
    assert (await crm.contact(contact_id)).restricted_at is None
    object_ = await taken(crm, contact_id, "object")
    await crm.answer_privacy_request(object_.id, "好", STAFF, now())
    objected = {one.purpose for one in await crm.consents(contact_id) if one.state != "granted"}
    assert objected == {"care_messages", "personalised_recommendations"}


async def test_the_list_is_by_state_and_kind(crm, newcomer):
    contact_id = await newcomer()
    kinds = ("view", "export", "correct")
    made = {kind: (await asked(crm, contact_id, kind)).id for kind in kinds}
    await crm.refuse_privacy_request(made["correct"], "nein", STAFF, now())

    async def listed(states, kinds):
        return {one.id for one in await crm.privacy_requests(states, kinds=kinds)}

    assert await listed(OPEN_STATES, None) == {made["view"], made["export"]}
    assert await listed(OPEN_STATES, ("export", "correct")) == {made["export"]}
    assert await listed(REQUEST_STATES, ("correct",)) == {made["correct"]}
    assert await listed(REQUEST_STATES, ("delete",)) == set()


async def test_an_erasure_is_refused_while_other_requests_wait_and_changes_nothing(crm, newcomer):
    root, member = await newcomer(name="Li Lei"), await newcomer(email="li@example.com")
    export = await asked(crm, member, "export")
    await crm.merge(member, root, STAFF, "")
    delete = await taken(crm, root, "delete")
    with pytest.raises(OpenRequests) as told:
        await crm.answer_privacy_request(delete.id, "已删除", STAFF, now())
    assert [(one.id, one.kind, one.due_at) for one in told.value.requests] == [(export.id, "export", export.due_at)]
    with pytest.raises(OpenRequests) as told:
        await crm.erase(member, STAFF, "delete", now())
    assert {one.id for one in told.value.requests} == {export.id, delete.id}
    assert (told.value.code, told.value.values["count"]) == ("open_requests", 2)
    assert (await crm.contact(root)).facts["name"].value == "Li Lei"
    assert (await crm.privacy_request(delete.id)).state == "in_progress"
    assert (await crm.privacy_request(export.id)).state == "identity_check"


async def test_requests_that_an_erasure_ends_are_never_called_answered(crm, newcomer):
    contact_id, at = await newcomer(name="Li Lei"), now()
    export, waiting = await taken(crm, contact_id, "export"), await asked(crm, contact_id, "correct")
    refused = await asked(crm, contact_id, "view")
    await crm.refuse_privacy_request(refused.id, "nein", STAFF, now())
    close = await taken(crm, contact_id, "close_account")
    answered = await crm.answer_privacy_request(close.id, "已注销", STAFF, at, end_others=True)
    assert (answered.state, answered.answered_at) == ("answered", at)
    for before in (export, waiting):
        ended = await crm.privacy_request(before.id)
        assert (ended.state, ended.answered_at, ended.words) == ("ended_by_erasure", None, None)
        assert (ended.ended_by, ended.ended_at, ended.ended_reason) == (STAFF, at, "close_account")
        assert (ended.erasure_id, ended.handled_by) == (answered.erasure_id, before.handled_by)
        last = ended.events[-1]
        assert (last.from_state, last.to_state, last.by) == (before.state, "ended_by_erasure", STAFF)
    assert (await crm.privacy_request(refused.id)).state == "refused"
    assert await crm.privacy_requests(OPEN_STATES) == []
    certificate = await crm.certificate(answered.erasure_id)
    assert certificate.content["request"] == str(close.id)
    assert certificate.content["ended_unanswered"] == [
        {"request": str(export.id), "kind": "export"},
        {"request": str(waiting.id), "kind": "correct"},
    ]
    assert verify(document_of(certificate)) == "valid"


async def test_staff_is_told_who_else_has_the_same_phone_or_mail(crm, newcomer):
    goes = await newcomer(phone="+8613800138000", email="li@example.com")
    same_phone = await newcomer(phone="+8613800138000")
    same_mail, root = await newcomer(email="li@example.com"), await newcomer(name="Han Meimei")
    await crm.merge(same_mail, root, STAFF, "")
    moved_on = await newcomer(phone="+8613800138000")
    await crm.set_fields(moved_on, {"phone": "+8613700137000"}, said())
    certificate = await crm.erase(goes, STAFF, "delete", now())
    assert certificate.shared_reach == tuple(sorted((same_phone, root)))
    assert str(same_phone) not in json.dumps(document_of(certificate))
    await crm.erase(same_phone, STAFF, "delete", now())
    assert (await crm.certificate(certificate.id)).shared_reach == (root,)
