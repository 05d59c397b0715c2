"""Somebody is erased with everything open at once, in the middle of talking to a person who answers."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.jobs.retention import remove_doomed
from bot.privacy.exporting import Exports
from bot.rehearsal.keys import KEYS, RING
from bot.settings import Settings
from bot.storage.blobs import BlobStore
from bot.storage.database import Addresses, make_engine
from bot.storage.pool import make_pool
from crm_adapter.imports import Limits, NewImport, create_import
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.records.value import NewOrder
from crm_adapter.rights.certificate import document_of, public_half, verify
from crm_adapter.sql_store import SqlStore
from tests.integration.privacy_customers import KEPT, everything
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_files import PNG
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE

pytestmark = pytest.mark.heavy

NAME, PHONE, SAID = "欧阳晓芙", "+8613800138000", "我家水壶漏水烫到手了"
STILL_NAMED = KEPT | {"crm.uses"}
"""What the law and the proof keep, under a pseudonym."""
PARENTS = {
    "identity_id": "crm.identities",
    "contact_id": "crm.contacts",
    "conversation_id": "bot.conversations",
    "message_id": "bot.messages",
    "key_id": "vault.data_keys",
    "blob_id": "bot.blobs",
    "import_id": "crm.imports",
}
COLUMNS = text("""
    SELECT n.nspname || '.' || c.relname, a.attname FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname IN ('bot', 'crm') AND a.attname = ANY(:names) AND NOT a.attisdropped
""")


async def orphans(engine: AsyncEngine) -> list[tuple[str, str]]:
    """Tables, but the kept ones, with rows that lead to nobody and nothing."""
    found = []
    async with engine.connect() as connection:
        for table, column in (await connection.execute(COLUMNS, {"names": list(PARENTS)})).all():
            stray = (
                f"SELECT EXISTS (SELECT FROM {table} t WHERE {column} IS NOT NULL"
                f" AND NOT EXISTS (SELECT FROM {PARENTS[column]} p WHERE p.id = t.{column}))"
            )
            if table not in STILL_NAMED and await connection.scalar(text(stray)):
                found.append((table, column))
    return found


async def open_everything(store: SqlStore, contact: UUID, identity: UUID) -> UUID:
    """A profile, a case, a task, a tag, an order, a suggestion, a membership; the request for a file that waits."""
    now = datetime.now(UTC)
    told = Provenance("wechat", "customer", now, "claimed")
    await store.set_fields(contact, {"name": NAME, "phone": PHONE}, told)
    case = await store.open_case("c", NewCase(contact, "complaint", "product", SAID, now, "customer"))
    await store.add_task("t", NewTask(contact, "call_back", SAID, now, "system:test", case_id=case.id))
    await store.tag(contact, "vip", "system:test", SAID)
    shop = ExternalKey("shop", "C1")
    company = await store.upsert_contact(shop, {"name": "酒店"}, told, kind="organisation")
    await store.add_member(company.contact_id, contact, "buyer")
    await store.upsert_contact(ExternalKey("shop", "P2"), {"phone": PHONE}, told)
    await store.put_order(NewOrder(contact, "shop", "O-1", now, 19900))
    request = await store.open_privacy_request(NewPrivacyRequest(contact, "export", "customer", now, SAID, identity))
    await store.start_privacy_request(request.id, "system:test", now)
    return request.id


async def test_who_talks_to_a_person_with_everything_open_is_erased(
    phones: Wechat, demo_addresses: Addresses, tmp_path: Path
) -> None:
    settings = Settings(var_dir=tmp_path / "one", keys={"ring": RING.document()})
    engine = make_engine(demo_addresses.application_url, settings)
    store = SqlStore(engine, KEYS, Policy())
    await phones.user()
    await phones.emulator.fault("errcode", SENDING, errcode=48001)
    with phones.server() as server:
        await phones.push_to(server)
        await phones.do("li", "text", content=SAID)
        phones.rows(TO_QUEUE)
        async with (
            make_pool(demo_addresses.application_url, settings) as pool,
            at_desk(demo_addresses, server) as person,
        ):
            blobs = BlobStore(settings.var_dir / "blobs", pool, KEYS)
            await person.send_file("安装.png", PNG)
            await phones.until("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND reason = 'only_passive'")
            [(contact, identity)] = phones.rows("SELECT contact_id, id FROM crm.identities WHERE channel = 'wechat'")
            [(conversation,)] = phones.rows("SELECT id FROM bot.conversations")
            request = await open_everything(store, contact, identity)
            file = await Exports(settings, store, blobs).file_of(await store.privacy_request(request))
            file.with_name(f"{file.name}.0.part").write_bytes(b"of a process that died while it wrote")
            rows = f"编号,姓名,手机\nK1,{NAME},{PHONE}\n".encode()
            await create_import(engine, KEYS, Limits(), NewImport("a.csv", rows, "pos", "system:test"))

            erasing = store.erase(contact, "system:test", "delete", datetime.now(UTC), end_others=True)
            told = [asyncio.create_task(person.try_answer(f"请稍等 {number}")) for number in range(4)]
            said = [asyncio.create_task(phones.do("li", "text", content=f"{number}")) for number in range(4)]
            certificate = await erasing
            assert {reply.status for reply in await asyncio.gather(*told)} <= {201, 404, 409}
            assert {push["outcome"] for push in await asyncio.gather(*said)} <= {"answered", "silent"}
            await phones.do("li", "text", content="在吗")
            assert (await person.try_answer("还在吗？")).status in (404, 409)
            await remove_doomed(settings, engine, blobs)

    document = document_of(certificate)
    assert verify(document, public_half(KEYS.signing_key)) == "valid"
    assert document["certificate"]["erased"]["imported_rows"] == 1
    assert document["certificate"]["ended_unanswered"] == [{"request": str(request), "kind": "export"}]
    after = await everything(engine)
    assert {table for table, rows in after.items() if str(contact) in rows} <= STILL_NAMED
    for gone in (str(identity), str(conversation), NAME, PHONE, PHONE[3:], SAID):
        assert {table for table, rows in after.items() if gone in rows} <= {"crm.consent_events"}, gone
    assert await orphans(engine) == []
    assert not list(file.parent.iterdir())
    assert not [path for path in (settings.var_dir / "blobs").rglob("*") if path.is_file()]
    # Whoever writes after that is somebody new, of whom nothing is known.
    [(fresh,)] = phones.rows("SELECT contact_id FROM crm.identities WHERE channel = 'wechat'")
    assert fresh != contact
    assert (await store.contact(fresh)).facts == {}
    await engine.dispose()
