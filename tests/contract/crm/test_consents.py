"""Consent: what is asked, answered and stands, never widened by a merge (PR1, PIPL 13-17, 31)."""

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.consent.receipts import normal_receipt
from crm_adapter.port import UnknownRecord
from crm_adapter.records.consent import ConsentRefused, Guardian, NewConsentEvent
from crm_adapter.records.customers import Created, ExternalKey
from tests.contract.crm.conftest import STAFF, now, said

CARE = "care_messages"
GUARDIAN = Guardian("李雷", "father", "called back")


def event(contact_id, what, purpose=CARE, channel="web", **more):
    values = {
        "told_on": "web",
        "assurance": "verified",
        "locale": "zh-Hans",
        "prompt": "可以给您发关怀消息吗？",
        "reply": "可以",
        "prompt_message_id": "m1",
        "reply_message_id": "m2",
        "method": "button",
        "actor": "customer",
        "occurred_at": now(),
        **more,
    }
    return NewConsentEvent(contact_id, what, purpose, channel, **values)


async def standing(crm, contact_id):
    return {(one.purpose, one.channel, one.recipient): one.state for one in await crm.consents(contact_id)}


async def test_nothing_is_allowed_but_the_service_until_it_is_granted(crm, newcomer):
    contact_id = await newcomer()
    assert await crm.may_use(contact_id, "service", "web")
    assert not await crm.may_use(contact_id, CARE, "web")
    assert not await crm.may_use(contact_id, "magic", "web")
    receipt = await crm.record_consent(event(contact_id, "granted"))
    assert (receipt.event, receipt.purpose, receipt.channel, receipt.notice_version) == ("granted", CARE, "web", 1)
    assert normal_receipt(receipt.number) == receipt.number
    assert await crm.may_use(contact_id, CARE, "web")
    assert not await crm.may_use(contact_id, CARE, "wechat")
    assert not await crm.may_use(contact_id, "personalised_recommendations", "web")
    (one,) = await crm.consents(contact_id)
    assert (one.state, one.event_id, one.current_notice) == ("granted", receipt.event_id, True)


@pytest.mark.parametrize(
    ("what", "state"), [("withdrawn", "withdrawn"), ("refused", "refused"), ("objected", "refused")]
)
async def test_saying_no_ends_it_on_that_channel_or_on_all(crm, newcomer, what, state):
    contact_id = await newcomer()
    for channel in ("web", "wechat"):
        await crm.record_consent(event(contact_id, "granted", channel=channel))
    await crm.record_consent(event(contact_id, what))
    assert await standing(crm, contact_id) == {(CARE, "web", None): state, (CARE, "wechat", None): "granted"}
    await crm.record_consent(event(contact_id, what, channel="*"))
    assert not await crm.may_use(contact_id, CARE, "wechat")
    await crm.record_consent(event(contact_id, "granted", channel="wechat"))
    assert await crm.may_use(contact_id, CARE, "wechat")
    assert not await crm.may_use(contact_id, CARE, "web")


async def test_a_merge_never_widens_and_unmerging_takes_nothing_back(crm, newcomer):
    one, other = await newcomer(), await newcomer()
    await crm.record_consent(event(one, "granted"))
    await crm.record_consent(event(other, "refused"))
    merge_id = await crm.merge(other, one, STAFF, "")
    for contact_id in (one, other):
        assert not await crm.may_use(contact_id, CARE, "web")
        assert await standing(crm, contact_id) == {(CARE, "web", None): "refused"}
    await crm.unmerge(merge_id, STAFF)
    assert await crm.may_use(one, CARE, "web")
    again = await crm.merge(other, one, STAFF, "")
    await crm.record_consent(event(one, "withdrawn"))
    await crm.unmerge(again, STAFF)
    assert not await crm.may_use(one, CARE, "web")
    assert not await crm.may_use(other, CARE, "web")


async def test_sharing_is_asked_for_each_third_party(crm, newcomer):
    contact_id = await newcomer()
    await crm.record_consent(event(contact_id, "granted", "sharing", recipient="installer"))
    assert await crm.may_use(contact_id, "sharing", "web", recipient="installer")
    assert not await crm.may_use(contact_id, "sharing", "web", recipient="broker")
    assert not await crm.may_use(contact_id, "sharing", "web")
    assert await standing(crm, contact_id) == {("sharing", "web", "installer"): "granted"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"purpose": "magic"}, "unknown_purpose"),
        ({"purpose": "service"}, "no_consent_needed"),
        ({"purpose": "sharing"}, "recipient_needed"),
        ({"purpose": "sharing", "recipient": "broker"}, "unknown_recipient"),
        ({"prompt": " "}, "notice_missing"),
        ({"notice_hash": "0" * 64}, "notice_missing"),
    ],
)
async def test_what_cannot_be_consented_to(crm, newcomer, more, code):
    contact_id = await newcomer()
    with pytest.raises(ConsentRefused) as refused:
        await crm.record_consent(event(contact_id, "granted", **more))
    assert refused.value.code == code
    assert await crm.consents(contact_id) == []
    assert await crm.consent_history(contact_id) == []


async def test_a_child_consents_by_a_guardian_and_never_to_marketing(crm, newcomer):
    born = (now() - timedelta(days=365 * 15 + 10)).date().isoformat()
    child = await newcomer(birthday=born)
    with pytest.raises(ConsentRefused, match="guardian_needed"):
        await crm.record_consent(event(child, "granted", "sensitive_data"))
    with pytest.raises(ConsentRefused, match="minor_no_marketing"):
        await crm.record_consent(event(child, "guardian_granted", guardian=GUARDIAN))
    await crm.record_consent(event(child, "guardian_granted", "sensitive_data", guardian=GUARDIAN))
    assert await crm.may_use(child, "sensitive_data", "web")
    grown = await newcomer()
    await crm.record_consent(event(grown, "granted"))
    await crm.set_fields(grown, {"birthday": born}, said())
    assert not await crm.may_use(grown, CARE, "web")


async def test_one_key_is_one_event(crm, newcomer):
    contact_id = await newcomer()
    first = await crm.record_consent(event(contact_id, "granted", idempotency_key="k"))
    assert await crm.record_consent(event(contact_id, "granted", idempotency_key="k")) == first
    with pytest.raises(ConsentRefused) as refused:
        await crm.record_consent(event(contact_id, "refused", idempotency_key="k"))
    assert refused.value.code == "key_reused"
    assert await crm.may_use(contact_id, CARE, "web")


async def test_the_history_has_the_words_of_both_sides(crm, newcomer):
    contact_id = await newcomer()
    shown = await crm.record_consent(event(contact_id, "notice_shown", reply=""))
    assert await crm.consents(contact_id) == []
    given = await crm.record_consent(event(contact_id, "granted", locale="en", prompt="May we?", reply="Yes"))
    newest, oldest = await crm.consent_history(contact_id)
    assert (newest.event_id, oldest.event_id) == (given.event_id, shown.event_id)
    assert (newest.receipt, newest.subject, newest.event) == (given.number, contact_id, "granted")
    assert (newest.prompt, newest.reply, newest.prompt_message_id, newest.reply_message_id) == (
        "May we?",
        "Yes",
        "m1",
        "m2",
    )
    assert (newest.notice_hash, newest.notice_version, newest.notice_locale) == (given.notice_hash, 1, "en")
    assert (newest.readable, newest.by_guardian, newest.guardian) == (True, False, None)
    assert (newest.controller, newest.jurisdiction, newest.method) == ("Demo", "CN", "button")
    assert newest.data_categories
    assert newest.retention.startswith("P")


async def test_the_quarantined_are_not_written_to(crm):
    key = ExternalKey("list", "1")
    made = await crm.upsert_contact(key, {}, said(), quarantined=True)
    assert isinstance(made, Created)
    await crm.record_consent(event(made.contact_id, "granted"))
    assert not await crm.may_use(made.contact_id, CARE, "web")
    await crm.upsert_contact(key, {}, said(), lawful_basis="contract")
    assert await crm.may_use(made.contact_id, CARE, "web")


async def test_nobody_has_no_consents(crm):
    for call in (
        crm.record_consent(event(uuid7(), "granted")),
        crm.consents(uuid7()),
        crm.may_use(uuid7(), CARE, "web"),
        crm.consent_history(uuid7()),
    ):
        with pytest.raises(UnknownRecord):
            await call
