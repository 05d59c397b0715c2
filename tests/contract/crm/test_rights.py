"""Export and erasure of a whole family (PR5, PR6, PIPL 44-50)."""

import json

import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import Created, ExternalKey, NewInteraction
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.records.value import NewOrder
from crm_adapter.rights.certificate import document_of, verify
from tests.contract.crm.conftest import STAFF, now, said
from tests.contract.crm.test_consents import event

WORDS = ("Li Lei", "li@example.com", "openid-1", "the kettle leaks", "asked about it", "ring back", "A-1", "可以给您发")


@pytest_asyncio.fixture
async def known(crm, newcomer):
    """A family of two with something of everything."""
    root, member = await newcomer(name="Li Lei"), await newcomer(email="li@example.com")
    await crm.link_identity(member, "wechat", "shop", "openid-1", "claimed", said())
    await crm.append_interaction("k", NewInteraction(member, "phone", "desk", "in", now(), "asked about it"))
    case = await crm.open_case("k", NewCase(member, "complaint", "product", "the kettle leaks", now(), STAFF))
    await crm.transition_case(case.id, "closed", STAFF, "the kettle leaks", root_cause="product")
    await crm.add_task("k", NewTask(member, "call", "ring back", now(), STAFF))
    await crm.put_order(NewOrder(root, "shop", "A-1", now(), 100))
    await crm.tag(root, "vip", STAFF, "")
    await crm.record_consent(event(root, "granted"))
    await crm.merge(member, root, STAFF, "")
    return root, member, case.id


async def test_an_export_holds_all_that_is_known(crm, newcomer, known):
    root, member, _ = known
    await newcomer(name="Somebody Else")
    export = await crm.export(member)
    assert export.contact_id == root
    text = json.dumps(dict(export.content), ensure_ascii=False, default=str)
    for word in (*WORDS, str(root), str(member), "vip"):
        assert word in text, word
    assert "Somebody Else" not in text
    sections = ("facts", "identities", "interactions", "cases", "tasks", "orders", "tags", "consent_events")
    for section in sections:
        assert export.content[section], section


async def test_after_an_erasure_nothing_leads_to_the_person(crm, newcomer, known):
    root, member, case_id = known
    other = await newcomer(name="Han Meimei")
    cursor = (await crm.changes_since(None)).cursor
    at = now()
    certificate = await crm.erase(member, STAFF, "delete", at)
    for contact_id in (root, member):
        for read in (crm.contact, crm.history, crm.interactions, crm.cases, crm.tasks, crm.orders, crm.tags):
            with pytest.raises(UnknownRecord):
                await read(contact_id)
        with pytest.raises(UnknownRecord):
            await crm.consents(contact_id)
        with pytest.raises(UnknownRecord):
            await crm.erase(contact_id, STAFF, "delete", at)
    assert await crm.find_by_identity("wechat", "shop", "openid-1") is None
    assert await crm.find_by_field("email", "li@example.com") == []
    assert await crm.segment_members({"field": "kind", "is": "person"}) == [other]
    case = await crm.case(case_id)
    assert (case.kind, case.category, case.state, case.root_cause) == ("complaint", "product", "closed", "product")
    assert (case.matter, [one.note for one in case.events]) == (None, [None, None])
    with pytest.raises(Refused, match="erased"):
        await crm.transition_case(case_id, "reopened", STAFF, "once more")
    fresh = await crm.upsert_contact(ExternalKey("shop", "new-0"), {"email": "li@example.com"}, said())
    assert isinstance(fresh, Created)
    changes = (await crm.changes_since(cursor)).changes
    assert {(one.kind, one.contact_id) for one in changes if one.contact_id != fresh.contact_id} == {
        ("erased", root),
        ("erased", member),
    }
    assert {one.kind for one in (await crm.changes_since(None)).changes if one.contact_id in (root, member)} == {
        "erased"
    }
    assert (certificate.contact_id, certificate.erased_at) == (member, at)


async def test_the_certificate_says_what_went_and_what_stays_and_verifies(crm, known):
    root, member, _ = known
    certificate = await crm.erase(root, STAFF, "Li Lei asked us on the phone", now())
    document = document_of(certificate)
    assert verify(document) == "valid"
    content = certificate.content
    assert (content["contact_id"], content["merged_contact_ids"], content["by"]) == (str(root), [str(member)], STAFF)
    assert content["grounds"] == "other"
    for category in ("profile", "identities", "interactions", "tasks", "orders"):
        assert content["erased"][category] > 0, category
    kept = {one["category"]: one for one in content["kept"]}
    assert {"cases", "consents", "orders"} <= set(kept)
    assert kept["consents"]["until"] is None
    assert kept["orders"]["until"] is not None
    text = json.dumps(document, ensure_ascii=False)
    assert not [word for word in WORDS if word in text]
    document["certificate"]["erased"]["profile"] += 1
    assert verify(document) == "changed"


async def test_who_is_unknown_has_no_rights(crm):
    with pytest.raises(UnknownRecord):
        await crm.export(uuid7())
    with pytest.raises(UnknownRecord):
        await crm.erase(uuid7(), STAFF, "delete", now())
