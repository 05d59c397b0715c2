"""Every kind of request about one's own data, from the asking to the answer (PR6, PIPL 44-50)."""

import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from bot.jobs.retention import export_path
from bot.privacy.exporting import Exports
from bot.storage.blobs import BlobStore
from crm_adapter.encryption import seal
from crm_adapter.encryption.vault import load_key
from crm_adapter.identify import Sender
from crm_adapter.policy import Policy
from crm_adapter.port import BadField, Refused, UnknownRecord, VersionConflict
from crm_adapter.records.customers import Provenance
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.rights import bundle
from crm_adapter.rights.gathering import NOT_EXPORTED, SECTIONS
from crm_adapter.rights.readable import page_of
from crm_adapter.rights.working_days import ZONE
from crm_adapter.tables import interactions
from tests.integration.privacy_customers import MATTER, NAME, NOW, PHONE, SAID, STAFF, Store, everything, make_customer

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") + bytes(40)


@pytest.fixture
def store(engine, keys):
    return Store(engine, keys, Policy(controller="<Demo & Co>"))


@pytest.fixture
async def customer(store, engine, keys):
    return await make_customer(store, engine, keys)


async def asked(store, customer, kind, *, sure=True, words="请处理", at=NOW):
    identity = customer.identity_id if sure else None
    return await store.open_privacy_request(
        NewPrivacyRequest(customer.contact_id, kind, "customer", at, words, identity)
    )


async def test_a_request_has_a_deadline_in_working_days_and_a_history(store, customer):
    request = await asked(store, customer, "view", at=datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert request.due_at == datetime(2026, 12, 12, tzinfo=ZONE)  # 15 working days after Friday 20 November
    assert (request.state, request.checked_method, request.words) == ("received", "assurance", "请处理")
    started = await store.start_privacy_request(request.id, STAFF, NOW)
    assert (started.state, started.handled_by, started.version) == ("in_progress", STAFF, 2)
    answered = await store.answer_privacy_request(request.id, "见附件", STAFF, NOW)
    assert (answered.state, answered.answer) == ("answered", "见附件")
    steps = [(event.from_state, event.to_state, event.by) for event in answered.events]
    assert steps == [
        (None, "received", "customer"),
        ("received", "in_progress", STAFF),
        ("in_progress", "answered", STAFF),
    ]
    with pytest.raises(Refused, match="bad_transition"):
        await store.answer_privacy_request(request.id, "noch einmal", STAFF, NOW)


@pytest.mark.parametrize("kind", ["view", "export", "correct", "delete", "close_account"])
async def test_who_is_not_proven_is_checked_by_staff_first(store, customer, kind):
    request = await asked(store, customer, kind, sure=False)
    assert request.checked_method is None
    with pytest.raises(Refused, match="identity_unchecked"):
        await store.start_privacy_request(request.id, STAFF, NOW)
    with pytest.raises(Refused, match="unknown_method"):
        await store.check_requester(request.id, "a feeling", STAFF, NOW)
    checked = await store.check_requester(request.id, "identity_document", STAFF, NOW)
    assert (checked.state, checked.checked_method, checked.checked_by) == ("identity_check", "identity_document", STAFF)
    assert checked.events[-1].method == "identity_document"
    assert (await store.start_privacy_request(request.id, STAFF, NOW)).state == "in_progress"


@pytest.mark.parametrize("kind", ["restrict", "object"])
async def test_to_stop_a_use_needs_no_proof(store, customer, kind):
    request = await asked(store, customer, kind, sure=False)
    assert request.checked_method == "not_needed"
    await store.start_privacy_request(request.id, STAFF, NOW)


async def test_correcting_sets_the_fields_and_a_wrong_value_changes_nothing(store, customer):
    request = await asked(store, customer, "correct")
    await store.start_privacy_request(request.id, STAFF, NOW)
    with pytest.raises(BadField):
        await store.answer_privacy_request(request.id, "好", STAFF, NOW, fields={"email": "no address"})
    with pytest.raises(Refused, match="fields_needed"):
        await store.answer_privacy_request(request.id, "好", STAFF, NOW)
    assert (await store.privacy_request(request.id)).state == "in_progress"
    await store.answer_privacy_request(request.id, "已更正", STAFF, NOW, fields={"name": "欧阳小芙"})
    fact = (await store.contact(customer.contact_id)).facts["name"]
    assert (fact.value, fact.source, fact.set_by) == ("欧阳小芙", "privacy_request", STAFF)


async def test_restricting_marks_the_whole_family_until_it_is_lifted(store, engine, keys, customer):
    other = await make_customer(store, engine, keys, phone="+8613700137000", assurance="claimed")
    await store.merge(other.contact_id, customer.contact_id, STAFF, "same")
    request = await asked(store, customer, "restrict")
    await store.start_privacy_request(request.id, STAFF, NOW)
    await store.answer_privacy_request(request.id, "已限制", STAFF, NOW)
    async with engine.connect() as connection:
        query = text("SELECT count(*) FROM crm.contacts WHERE restricted_at IS NOT NULL")
        assert await connection.scalar(query) == 2
    assert (await store.contact(customer.contact_id)).restricted_at == NOW
    await store.lift_restriction(other.contact_id)
    assert (await store.contact(customer.contact_id)).restricted_at is None


async def test_objecting_ends_every_marketing_purpose(store, customer):
    assert await store.may_use(customer.contact_id, "care_messages", "web")
    request = await asked(store, customer, "object", sure=False, words="别再推销了")
    await store.start_privacy_request(request.id, STAFF, NOW)
    await store.answer_privacy_request(request.id, "好的", STAFF, NOW)
    for purpose in ("care_messages", "personalised_recommendations"):
        assert not await store.may_use(customer.contact_id, purpose, "web")
    assert await store.may_use(customer.contact_id, "service", "web")


async def test_a_refusal_needs_a_reason(store, customer):
    request = await asked(store, customer, "delete")
    with pytest.raises(Refused, match="reason_needed"):
        await store.refuse_privacy_request(request.id, "  ", STAFF, NOW)
    refused = await store.refuse_privacy_request(request.id, "无法确认身份", STAFF, NOW)
    assert (refused.state, refused.answer, refused.handled_by) == ("refused", "无法确认身份", STAFF)
    assert (await store.contact(customer.contact_id)).id == customer.contact_id


async def test_what_cannot_be_asked_is_refused(store, engine, keys, customer):
    stranger = await make_customer(store, engine, keys, phone="+8613700137000")
    foreign = NewPrivacyRequest(customer.contact_id, "view", "customer", NOW, None, stranger.identity_id)
    with pytest.raises(Refused, match="foreign_identity"):
        await store.open_privacy_request(foreign)
    with pytest.raises(Refused, match="unknown_kind"):
        await store.open_privacy_request(NewPrivacyRequest(customer.contact_id, "sell", "customer", NOW))
    with pytest.raises(UnknownRecord):
        await store.open_privacy_request(NewPrivacyRequest(uuid4(), "view", "customer", NOW))
    request = await asked(store, customer, "view")
    with pytest.raises(VersionConflict):
        await store.start_privacy_request(request.id, STAFF, NOW, expected_version=7)


async def test_the_overdue_come_first(store, customer):
    late = NewPrivacyRequest(customer.contact_id, "view", "customer", NOW - timedelta(days=60), None)
    young = await asked(store, customer, "view")
    old = await store.open_privacy_request(late)
    found = await store.privacy_requests(("received",))
    assert [one.id for one in found] == [old.id, young.id]
    assert [one.id for one in await store.privacy_requests(("received",), skip=1)] == [young.id]
    assert [one.id for one in await store.privacy_requests_of(customer.contact_id)] == [old.id, young.id]


async def test_words_stand_nowhere_in_clear(store, engine, customer):
    request = await asked(store, customer, "view", words="我要看欧阳家的全部资料")
    await store.refuse_privacy_request(request.id, "请本人到店办理", STAFF, NOW)
    rows = "".join((await everything(engine)).values())
    assert "全部资料" not in rows
    assert "本人到店" not in rows


def test_every_table_of_the_catalogue_is_exported_or_says_why_not():
    exported = {section.table for section in SECTIONS}
    assert exported.isdisjoint(NOT_EXPORTED)


async def test_the_export_leaves_no_table_out(engine):
    async with engine.connect() as connection:
        catalogued = set(await connection.scalars(text("SELECT table_name FROM crm.data_catalogue()")))
    exported = {section.table for section in SECTIONS}
    assert catalogued <= exported | set(NOT_EXPORTED)


class Tags(HTMLParser):
    """What an HTML page would load, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]


async def test_the_file_has_everything_in_clear_and_loads_nothing(store, engine, keys, customer, settings, pool):
    other = await make_customer(
        store, engine, keys, "<script>alert(1)</script>", phone="+8613700137000", assurance="claimed"
    )
    await store.merge(other.contact_id, customer.contact_id, STAFF, "same")
    await store.set_fields(customer.contact_id, {"name": "新名字"}, Provenance("web", "customer", NOW + timedelta(1)))
    blobs = BlobStore(settings.var_dir / "blobs", pool, keys)
    blob = await blobs.put(Sender("web", "shop", customer.external_id, "verified", "zh-Hans"), "../漏水.png", PNG)
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM bot.blobs WHERE id = :id"), {"id": customer.blob_id})
        await connection.execute(text("DELETE FROM bot.blobs WHERE id = :id"), {"id": other.blob_id})
        named = text("UPDATE bot.blobs SET message_id = :message WHERE id = :id")
        await connection.execute(named, {"message": uuid4(), "id": blob.id})
    request = await asked(store, customer, "export")
    exports = Exports(settings, store, blobs)
    with pytest.raises(Refused, match="bad_transition"):
        await exports.file_of(request)
    started = await store.start_privacy_request(request.id, STAFF, NOW)
    path = await exports.file_of(started)
    assert path == export_path(settings, request.id)
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]

    with zipfile.ZipFile(path) as whole:
        data = json.loads(whole.read("data.json"))
        page = whole.read("index.html").decode()
        attachment = whole.read(f"attachments/{blob.id}-漏水.png")
    assert attachment == PNG
    names = {fact["value"] for fact in data["facts"] if fact["field"] == "name"}
    assert names == {NAME, "新名字", "<script>alert(1)</script>"}
    assert {one["content"] for one in data["interactions"]} == {SAID}
    assert customer.external_id in {one["external_id"] for one in data["identities"]}
    assert {one["content"]["reply"] for one in data["consent_events"]} >= {f"可以，{NAME}"}
    assert all(one["receipt"] for one in data["consent_events"])
    assert {one["matter"] for one in data["cases"]} == {MATTER}
    assert {one["reason"] for one in data["tags"]} == {MATTER}
    assert all(data[name] for name in ("case_events", "tasks", "orders", "external_keys"))
    assert data["privacy_requests"][0]["words"] == "请处理"
    assert PHONE in json.dumps(data)

    tags = Tags()
    tags.feed(page)
    assert tags.loads == []
    assert "script" not in tags.seen
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;Demo &amp; Co&gt;" in page or settings.crm.controller in page
    assert '<html lang="zh-Hans">' in page
    assert SAID in page


async def test_years_of_messages_are_written_out_beside_the_loop(
    store, engine, keys, customer, settings, pool, tmp_path, monkeypatch
):
    """Ten thousand of them: the file is whole, and nobody else's turn waits for it."""
    blobs, names = BlobStore(settings.var_dir / "blobs", pool, keys), [f"{number}.png" for number in range(20)]
    sender = Sender("web", "shop", customer.external_id, "verified", "zh-Hans")
    for name in names:
        await blobs.put(sender, name, PNG + bytes(500_000))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.blobs SET message_id = gen_random_uuid()"))
        whose = text("SELECT key_id FROM crm.identities WHERE id = :id")
        key = await load_key(connection, keys, await connection.scalar(whose, {"id": customer.identity_id}))
        about = {"identity_id": customer.identity_id, "channel": "web", "account": "shop", "direction": "in"}
        rows = [
            {
                **about,
                "id": number,
                "occurred_at": NOW,
                "sealed_content": seal(key, "interactions.content", number, SAID.encode()),
                "trace_id": "",
                "idempotency_key": str(number),
            }
            for number in (uuid7() for _ in range(10_000))
        ]
        await connection.execute(insert(interactions), rows)
    threads = []

    def page(*arguments):
        threads.append(threading.current_thread())
        return page_of(*arguments)

    monkeypatch.setattr(bundle, "page_of", page)
    await Exports(settings, store, blobs).write(customer.contact_id, tmp_path / "all.zip")
    assert threads[0] is not threading.main_thread()
    with zipfile.ZipFile(tmp_path / "all.zip") as whole:
        assert whole.testzip() is None
        assert len(json.loads(whole.read("data.json"))["interactions"]) == 10_001
        assert whole.read("index.html").decode().count(SAID) == 10_001
        kept = [name.rpartition("-")[2] for name in whole.namelist() if name.startswith("attachments/")]
    assert [name for name in kept if name in names] == names


async def test_a_file_that_is_whole_after_the_person_is_gone_is_gone_too(store, customer, settings, pool, keys):
    class Slow(Exports):
        async def write(self, contact_id, path):
            await super().write(contact_id, path)
            await store.erase(contact_id, STAFF, "delete", NOW, end_others=True)

    request = await asked(store, customer, "export")
    started = await store.start_privacy_request(request.id, STAFF, NOW)
    with pytest.raises(Refused, match="bad_transition"):
        await Slow(settings, store, BlobStore(settings.var_dir / "blobs", pool, keys)).file_of(started)
    assert not list(export_path(settings, request.id).parent.iterdir())


async def test_a_file_is_not_made_for_ever(store, customer, settings, pool, keys):
    request = await asked(store, customer, "view")
    exports = Exports(settings, store, BlobStore(settings.var_dir / "blobs", pool, keys))
    await store.start_privacy_request(request.id, STAFF, NOW)
    answered = await store.answer_privacy_request(request.id, "好", STAFF, NOW - timedelta(days=30))
    with pytest.raises(Refused, match="export_gone"):
        await exports.file_of(answered)
    refusing = await asked(store, customer, "delete")
    with pytest.raises(Refused, match="no_export"):
        await exports.file_of(refusing)
