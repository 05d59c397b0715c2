"""Erasure: nothing of the person is left but what is declared, the certificate proves it, a restore changes nothing."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keys
from crm_adapter.identify import IDENTIFY, Sender, identify_arguments, known
from crm_adapter.policy import Policy
from crm_adapter.port import OpenRequests, UnknownRecord
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.rights.certificate import BadCertificate, document_of, public_half, verify
from crm_adapter.rights.erasure_log import LogDamaged, complete, read_log, replay
from tests.integration.privacy_customers import (
    KEPT,
    MATTER,
    NAME,
    NOW,
    PHONE,
    SAID,
    STAFF,
    Store,
    everything,
    make_customer,
)


@pytest.fixture
def store(engine, keys, tmp_path):
    return Store(engine, keys, Policy(erasures_file=tmp_path / "erasures.jsonl"))


async def test_nothing_is_left_but_what_is_declared(store, engine, keys):
    stays = await make_customer(store, engine, keys, "何婉清", phone="+8613900139000")
    before = await everything(engine)
    goes = await make_customer(store, engine, keys)
    during = await everything(engine)
    holding = {name for name, rows in during.items() if str(goes.contact_id) in rows or str(goes.identity_id) in rows}
    assert {"crm.facts", "crm.interactions", "bot.conversations", "bot.outgoing_messages", "crm.tags"} <= holding

    await store.erase(goes.contact_id, STAFF, "delete", NOW)

    after = await everything(engine)
    assert {name for name, rows in after.items() if str(goes.contact_id) in rows} <= KEPT
    assert {name for name, rows in after.items() if str(goes.identity_id) in rows} <= {"crm.consent_events"}
    assert {name for name, rows in after.items() if str(goes.conversation_id) in rows} == set()
    assert {name for name, rows in after.items() if str(goes.blob_id) in rows} == {"crm.doomed_files"}
    for word in (NAME, PHONE, SAID, MATTER, goes.external_id):
        assert not [name for name, rows in after.items() if word in rows], word
    # The other customer's rows are as they were.
    for name in ("crm.facts", "crm.interactions", "crm.identities", "bot.messages", "bot.inbox", "vault.data_keys"):
        assert after[name] == before[name], name
    assert (await store.contact(stays.contact_id)).facts["name"].value == "何婉清"
    with pytest.raises(UnknownRecord):
        await store.contact(goes.contact_id)
    with pytest.raises(UnknownRecord):
        await store.erase(goes.contact_id, STAFF, "delete", NOW)


async def test_the_whole_family_goes_and_who_was_unmerged_stays(store, engine, keys):
    one = await make_customer(store, engine, keys)
    other = await make_customer(store, engine, keys, phone="+8613700137000", assurance="claimed")
    apart = await make_customer(store, engine, keys, phone="+8613600136000", assurance="claimed")
    await store.merge(other.contact_id, one.contact_id, STAFF, "same person")
    undone = await store.merge(apart.contact_id, one.contact_id, STAFF, "by mistake")
    await store.unmerge(undone, STAFF)
    certificate = await store.erase(other.contact_id, STAFF, "delete", NOW)
    assert certificate.content["merged_contact_ids"] == [str(one.contact_id)]
    after = await everything(engine)
    for gone in (one, other):
        assert str(gone.identity_id) not in after["crm.identities"]
        assert str(gone.contact_id) not in after["crm.contacts"]
    assert (await store.contact(apart.contact_id)).facts["name"].value == NAME


async def test_the_certificate_says_what_is_kept_and_why_and_cannot_be_changed(store, engine, keys):
    goes = await make_customer(store, engine, keys)
    certificate = await store.erase(goes.contact_id, STAFF, "delete", NOW)
    said = certificate.content
    assert said["grounds"] == "delete"
    assert said["erased"]["interactions"] == 1
    assert said["erased"]["messages"] == 2
    assert said["erased"]["attachments"] == 1
    assert said["erased"]["data_keys"] >= 1
    kept = {one["category"]: one for one in said["kept"]}
    assert kept["orders"]["law"] == "E-Commerce Law 31"
    three_years = datetime.fromisoformat(kept["orders"]["until"]) - NOW
    assert timedelta(days=3 * 365) <= three_years <= timedelta(days=3 * 365 + 1)
    assert kept["consents"]["until"] is None
    assert set(kept["cases"]["why"]) == {"zh-Hans", "zh-Hant", "en"}

    document = json.loads(json.dumps(document_of(certificate)))
    ours = public_half(keys.signing_key)
    assert verify(document, ours) == "valid"
    assert verify(document, "another key") == "other_key"
    document["certificate"]["erased"]["messages"] = 3
    assert verify(document, ours) == "changed"
    with pytest.raises(BadCertificate):
        verify({"certificate": {}})
    assert (await store.certificate(certificate.id)) == certificate


async def test_words_given_as_reason_are_not_kept(store, engine, keys):
    goes = await make_customer(store, engine, keys)
    certificate = await store.erase(goes.contact_id, STAFF, f"{NAME} rang and asked for it", NOW)
    assert certificate.content["grounds"] == "other"
    assert NAME not in "".join((await everything(engine)).values())


async def test_a_restored_backup_does_not_bring_anybody_back(store, engine, keys, tmp_path):
    goes = await make_customer(store, engine, keys)
    stays = await make_customer(store, engine, keys, phone="+8613700137000", assurance="claimed")
    await store.erase(goes.contact_id, STAFF, "delete", NOW)
    entries = read_log(tmp_path / "erasures.jsonl")
    assert [entry.contact_id for entry in entries] == [goes.contact_id]
    # As an old backup has it: the person is there, merged with somebody who has been unmerged since, and has the log
    # of that time.
    async with engine.begin() as connection:
        contact, identity, key = goes.contact_id, uuid7(), entries[0].key_ids[0]
        await connection.execute(
            text("INSERT INTO vault.data_keys (id, contact_id, kek, wrapped) VALUES (:key, :contact, 'k', 'w')"),
            {"key": key, "contact": contact},
        )
        await connection.execute(
            text("INSERT INTO crm.contacts (id, key_id, root_id, locale) VALUES (:contact, :key, :contact, 'en')"),
            {"key": key, "contact": contact},
        )
        await connection.execute(
            text(
                "INSERT INTO crm.identities"
                " (id, contact_id, key_id, channel, account, blind, sealed_external_id, assurance)"
                " VALUES (:identity, :contact, :key, 'web', 'shop', :blind, 's', 'verified')"
            ),
            {"identity": identity, "contact": contact, "key": key, "blind": uuid4().bytes},
        )
        moved = {"contact": contact, "stays": stays.contact_id}
        await connection.execute(text("UPDATE crm.contacts SET root_id = :contact WHERE id = :stays"), moved)
        await connection.execute(
            text("UPDATE crm.identities SET contact_id = :contact, home_id = :stays WHERE contact_id = :stays"), moved
        )
    request = await store.open_privacy_request(NewPrivacyRequest(goes.contact_id, "delete", "customer", NOW))
    async with engine.begin() as connection:
        assert await replay(connection, entries) == 1
    ended = await store.privacy_request(request.id)
    assert (ended.state, ended.erasure_id, ended.answered_at) == ("ended_by_erasure", entries[0].id, None)
    assert (ended.ended_by, ended.ended_at, ended.ended_reason) == (STAFF, NOW, "delete")
    after = await everything(engine)
    assert str(identity) not in after["crm.identities"]
    assert str(goes.contact_id) not in after["crm.contacts"] + after["vault.data_keys"]
    free = await store.contact(stays.contact_id)
    assert free.id == stays.contact_id
    assert stays.identity_id in {one.id for one in free.identities}
    async with engine.begin() as connection:
        assert await replay(connection, entries) == 0


async def test_the_log_survives_a_crash_between_commit_and_file(store, engine, keys, tmp_path):
    file = tmp_path / "erasures.jsonl"
    first = await make_customer(store, engine, keys)
    second = await make_customer(store, engine, keys)
    async with engine.begin() as connection:
        await store.within(connection).erase(first.contact_id, STAFF, "delete", NOW)
    assert read_log(file) == []
    await store.erase(second.contact_id, STAFF, "delete", NOW)
    with file.open("ab") as broken:
        broken.write(b'{"id": "0192')
    async with engine.connect() as connection:
        assert await complete(connection, file) == 1
        assert await complete(connection, file) == 0
    assert {entry.contact_id for entry in read_log(file)} == {first.contact_id, second.contact_id}
    file.write_bytes(file.read_bytes().replace(b'"by"', b'"who"', 1))
    with pytest.raises(LogDamaged, match="line 1"):
        read_log(file)


async def test_the_application_cannot_change_the_log_or_delete_what_is_said(engine, store, keys):
    goes = await make_customer(store, engine, keys)
    await store.erase(goes.contact_id, STAFF, "delete", NOW)
    for statement in ("DELETE FROM crm.erasures", "UPDATE crm.privacy_events SET by = ''", "DELETE FROM bot.messages"):
        with pytest.raises(Exception, match="permission denied"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))


async def test_a_turn_at_the_same_moment_ends_first_or_begins_with_a_new_contact(store, engine, keys: Keys, pool):
    for _ in range(5):
        sender = Sender("web", "shop", f"visitor-{uuid4().hex}", "anonymous", "en")
        goes = None
        async with pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(IDENTIFY, identify_arguments(keys, sender))).fetchone()
            goes = known(keys, row)

        async def turn(number: int, sender: Sender = sender) -> tuple[object, object]:
            async with pool.connection() as connection, connection.transaction():
                row = await (await connection.execute(IDENTIFY, identify_arguments(keys, sender))).fetchone()
                who = known(keys, row)
                await asyncio.sleep(0.01 * (number % 3))
                await connection.execute(
                    "INSERT INTO crm.interactions (id, identity_id, channel, account, direction, occurred_at,"
                    " sealed_content, trace_id, idempotency_key)"
                    " VALUES (%s, %s, 'web', 'shop', 'in', now(), 'x', '', %s)",
                    (uuid7(), who.identity_id, uuid4().hex),
                )
            return who.contact_id, who.identity_id

        erasing = store.erase(goes.contact_id, STAFF, "delete", NOW)
        outcomes = await asyncio.gather(*(turn(n) for n in range(6)), erasing, *(turn(n) for n in range(6)))
        fresh = {contact for contact, _ in (one for one in outcomes if isinstance(one, tuple))} - {goes.contact_id}
        async with engine.connect() as connection:
            query = text("SELECT count(*) FROM crm.contacts WHERE id = :id")
            assert await connection.scalar(query, {"id": goes.contact_id}) == 0
            orphans = text(
                "SELECT count(*) FROM crm.interactions t WHERE NOT EXISTS"
                " (SELECT FROM crm.identities i JOIN crm.contacts c ON c.id = i.contact_id WHERE i.id = t.identity_id)"
            )
            assert await connection.scalar(orphans) == 0
        assert len(fresh) <= 1


async def test_merging_and_erasing_at_once_leaves_no_half(store, engine, keys):
    one = await make_customer(store, engine, keys)
    other = await make_customer(store, engine, keys, phone="+8613700137000", assurance="claimed")
    results = await asyncio.gather(
        store.merge(other.contact_id, one.contact_id, STAFF, "same"),
        store.erase(one.contact_id, STAFF, "delete", NOW),
        return_exceptions=True,
    )
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, UnknownRecord)]
    after = await everything(engine)
    assert str(one.contact_id) not in after["crm.contacts"] + after["crm.identities"]
    if isinstance(results[0], UnknownRecord):
        assert (await store.contact(other.contact_id)).id == other.contact_id
    else:
        assert str(other.contact_id) not in after["crm.contacts"]


async def test_a_request_to_delete_erases_and_keeps_its_own_proof(store, engine, keys):
    goes = await make_customer(store, engine, keys)
    await store.set_fields(goes.contact_id, {"email": "ou@example.com"}, Provenance("web", "customer", NOW))
    request = await store.open_privacy_request(
        NewPrivacyRequest(goes.contact_id, "close_account", "customer", NOW, "请注销我的账号", goes.identity_id)
    )
    waiting = await store.open_privacy_request(NewPrivacyRequest(goes.contact_id, "view", "customer", NOW, "给我看"))
    await store.start_privacy_request(request.id, STAFF, NOW)
    answered = await store.answer_privacy_request(request.id, "已注销", STAFF, NOW, end_others=True)
    assert (answered.state, answered.words, answered.answer) == ("answered", None, None)
    certificate = await store.certificate(answered.erasure_id)
    assert certificate.content["grounds"] == "close_account"
    assert [event.to_state for event in answered.events] == ["received", "in_progress", "answered"]
    assert [one.id for one in await store.privacy_requests_of(goes.contact_id)] == [waiting.id, request.id]
    ended = await store.privacy_request(waiting.id)
    assert (ended.state, ended.erasure_id, ended.events[-1].by) == ("ended_by_erasure", answered.erasure_id, STAFF)


async def test_a_restore_answers_again_only_what_the_erasure_had_answered(store, engine, keys, tmp_path):
    goes = await make_customer(store, engine, keys)
    kinds = ("delete", "export")
    request, waiting = [
        await store.open_privacy_request(NewPrivacyRequest(goes.contact_id, kind, STAFF, NOW, None, goes.identity_id))
        for kind in kinds
    ]
    await store.start_privacy_request(request.id, STAFF, NOW)
    await store.answer_privacy_request(request.id, "已删除", STAFF, NOW, end_others=True)
    async with engine.begin() as connection:  # as a backup from before has them
        undone = (
            "UPDATE crm.privacy_requests SET state = 'in_progress', answered_at = NULL, erasure_id = NULL,"
            " ended_at = NULL, ended_by = NULL, ended_reason = NULL"
        )
        await connection.execute(text(undone))
        await replay(connection, read_log(tmp_path / "erasures.jsonl"))
    assert (await store.privacy_request(request.id)).state == "answered"
    assert (await store.privacy_request(waiting.id)).state == "ended_by_erasure"


async def test_a_request_that_comes_during_an_erasure_is_not_lost(store, engine, keys):
    for _ in range(5):
        goes = await make_customer(store, engine, keys)
        export = NewPrivacyRequest(goes.contact_id, "export", "customer", NOW, None, goes.identity_id)
        opened, erased = await asyncio.gather(
            store.open_privacy_request(export),
            store.erase(goes.contact_id, STAFF, "delete", NOW),
            return_exceptions=True,
        )
        if isinstance(opened, UnknownRecord):
            assert not isinstance(erased, Exception)
        else:
            assert isinstance(erased, OpenRequests)
            assert (await store.contact(goes.contact_id)).facts["name"].value == NAME


async def test_a_quarantined_duplicate_is_told_to_staff_until_it_is_gone(store, engine, keys):
    phone = Provenance("web", "customer", NOW, "verified")
    goes = await make_customer(store, engine, keys)
    await store.set_fields(goes.contact_id, {"phone": "+8613700137000"}, phone)
    current, former = [
        await store.upsert_contact(
            ExternalKey("old", number), {"phone": number}, Provenance("import", STAFF, NOW), quarantined=True
        )
        for number in ("+8613700137000", PHONE)
    ]
    apart = await make_customer(store, engine, keys, phone="+8613600136000")
    certificate = await store.erase(goes.contact_id, STAFF, "delete", NOW)
    assert certificate.shared_reach == tuple(sorted((current.contact_id, former.contact_id)))
    assert apart.contact_id not in certificate.shared_reach
    handed_out = json.dumps(document_of(certificate))
    assert not [one for one in certificate.shared_reach if str(one) in handed_out]
    await store.erase(former.contact_id, STAFF, "delete", NOW)
    assert (await store.certificate(certificate.id)).shared_reach == (current.contact_id,)
    assert str(former.contact_id) not in (await everything(engine))["crm.shared_reach"]
