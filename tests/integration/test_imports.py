"""Contacts come in from files: as the dry run said, once, with their right to be held, and through kills."""

import asyncio
import csv
import io
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text, update
from uuid_utils.compat import uuid7

from crm_adapter.imports import (
    Importer,
    LawfulBasis,
    Limits,
    NewImport,
    create_import,
    drop_import,
    find_import,
    list_imports,
    rejected_csv,
    release,
    start_import,
)
from crm_adapter.imports.tables import import_origins, import_pieces, import_rejections, imports
from crm_adapter.policy import Policy
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.records.customers import Created, ExternalKey, Noop, Provenance
from crm_adapter.rights.retention import CRM_FUNCTIONS, Rule, enforce
from crm_adapter.sql_store import SqlStore
from crm_adapter.tables import contacts, facts
from tests.servers import ROOT

pytestmark = pytest.mark.heavy

BASIS = LawfulBasis("source_agreement", "合同 2026-17 第 4 条")
FILE = (
    "编号,姓名,手机,备注\n"
    "K1,李雷,13800138000,秘密备注\n"
    "K2,韩梅梅,13900139000,\n"
    "K3,错误,12,\n"
    "K1,重复,13800138001,\n"
    "K4,\"=cmd|' /C calc'!A0\",13,\n"
)


class Desk:
    """What a person at the desk does with a file."""

    def __init__(self, engine, keys):
        self.engine, self.keys = engine, keys
        self.store = SqlStore(engine, keys, Policy())
        self.importer = Importer(engine, keys, self.store)

    async def bring(self, content, basis=None, **options):
        new = NewImport("客户.csv", content.encode(), "old-crm", f"staff:{uuid7()}", basis=basis, **options)
        return await create_import(self.engine, self.keys, Limits(), new)

    async def checked(self, content, basis=None, **options):
        import_id = await self.bring(content, basis, **options)
        await self.importer.work(import_id)
        return import_id

    async def whole(self, content, basis=None, **options):
        import_id = await self.checked(content, basis, **options)
        async with self.engine.begin() as connection:
            await start_import(connection, import_id)
        await self.importer.work(import_id)
        return await self.show(import_id)

    async def show(self, import_id):
        async with self.engine.connect() as connection:
            return await find_import(connection, self.keys, import_id)

    async def count(self, table, *where):
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table).where(*where))

    async def report(self, import_id, locale="en"):
        async with self.engine.connect() as connection:
            pieces = [piece async for piece in rejected_csv(connection, self.keys, import_id, locale)]
        return list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))


@pytest.fixture
def desk(engine, keys):
    return Desk(engine, keys)


async def test_a_dry_run_tells_what_would_come_and_writes_nothing(desk):
    import_id = await desk.checked(FILE, BASIS)
    found = await desk.show(import_id)
    assert (found.state, found.rows_total, found.rows_done) == ("checked", 5, 5)
    assert found.mapping == {"编号": "external_key", "姓名": "name", "手机": "phone"}
    assert found.left_out == ("备注",)
    assert found.counts == {
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "ambiguous": 0,
        "rejected": 3,
        "quarantined": 0,
        "reasons": {"bad_phone": 2, "duplicate_key": 1},
    }
    assert await desk.count(contacts) == await desk.count(facts) == await desk.count(import_rejections) == 0
    assert await desk.count(import_origins) == 0


async def test_the_real_run_does_what_the_dry_run_said_and_keeps_no_file(desk):
    found = await desk.whole(FILE, BASIS)
    assert found.state == "finished"
    assert found.counts == found.checked
    assert found.counts["created"] == 2
    assert found.counts["reasons"] == {"bad_phone": 2, "duplicate_key": 1}
    assert await desk.count(import_pieces) == 0
    [contact_id] = await desk.store.find_by_field("phone", "13800138000")
    contact = await desk.store.contact(contact_id)
    assert contact.facts["name"].value == "李雷"
    assert (contact.facts["name"].source, contact.facts["name"].set_by) == ("import", f"import:{found.id}")
    assert (contact.lawful_basis, contact.quarantined) == ("source_agreement", False)
    async with desk.engine.connect() as connection:
        assert [one.id for one in await list_imports(connection, desk.keys)] == [found.id]


async def test_again_changes_nothing_and_later_changes_come_in(desk):
    await desk.whole(FILE, BASIS)
    again = await desk.whole(FILE, BASIS)
    assert (again.counts["unchanged"], again.counts.get("created", 0)) == (2, 0)
    later = await desk.whole(FILE.replace("韩梅梅", "韩小梅"), BASIS)
    assert (later.counts["unchanged"], later.counts["updated"]) == (1, 1)
    assert await desk.count(contacts) == 2


async def test_a_dry_run_foretells_changes_too_and_takes_them_back(desk):
    await desk.whole(FILE, BASIS)
    later = FILE.replace("韩梅梅", "韩小梅") + "K9,新人,13800138009,\n"
    found = await desk.show(await desk.checked(later))
    assert [found.counts[name] for name in ("created", "updated", "unchanged", "quarantined")] == [1, 1, 1, 1]
    assert await desk.count(contacts) == 2
    [contact_id] = await desk.store.find_by_field("phone", "13900139000")
    assert (await desk.store.contact(contact_id)).facts["name"].value == "韩梅梅"


async def test_a_newcomer_is_stored_as_the_store_itself_would(desk):
    found = await desk.whole(FILE, BASIS)
    provenance = Provenance("import", f"import:{found.id}", found.started_at)
    fields = {"name": "韩梅梅", "phone": "13900139000"}
    for key, expected in (("K2", Noop), ("K5", Created)):
        done = await desk.store.upsert_contact(
            ExternalKey("old-crm", key), fields, provenance, lawful_basis="source_agreement"
        )
        assert isinstance(done, expected)
    imported, stored = [await desk.store.contact(id) for id in await desk.store.find_by_field("phone", "13900139000")]
    assert stored.facts == imported.facts
    assert (stored.version, stored.lawful_basis, stored.completeness) == (
        imported.version, imported.lawful_basis, imported.completeness
    )  # fmt: skip
    page = await desk.store.changes_since(None)
    assert [(one.kind, one.record_id == one.contact_id) for one in page.changes] == [("contact", True)] * 3


async def test_who_shares_a_phone_is_a_question_for_staff_also_within_one_file(desk):
    await desk.whole("编号,姓名,手机\nA1,李雷,13800138000\nA2,韩梅梅,13800138000\n", BASIS)
    one, other = await desk.store.find_by_field("phone", "13800138000")
    [suggestion] = await desk.store.merge_suggestions()
    assert {suggestion.one_id, suggestion.other_id} == {one, other}


async def test_the_report_names_line_field_and_reason_in_the_readers_language(desk):
    found = await desk.whole(FILE, BASIS)
    rows = await desk.report(found.id)
    assert rows[0] == ["Line", "Field", "Code", "Reason", "编号", "姓名", "手机"]
    assert [row[0] for row in rows[1:]] == ["4", "5", "6"]
    assert rows[1][2] == "bad_phone"
    assert "not a valid phone number" in rows[1][3]
    assert rows[3][5] == "'=cmd|' /C calc'!A0"
    assert (await desk.report(found.id, "zh-Hant"))[1][3] != (await desk.report(found.id, "zh-Hans"))[1][3]
    with pytest.raises(UnknownRecord):
        await desk.report(uuid7())


async def test_nothing_of_it_stands_in_clear(desk, addresses):
    import_id = await desk.checked(FILE, BASIS)
    await desk.whole(FILE, BASIS)
    assert await desk.count(import_pieces, import_pieces.c.import_id == import_id) == 1
    with psycopg.connect(addresses.owner_url) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'crm'")
        for (table,) in tables.fetchall():
            shown = str(connection.execute(f"SELECT * FROM crm.{table}").fetchall())
            for secret in ("李雷", "13800138000", "客户.csv", "合同 2026-17", "秘密备注", "姓名"):
                assert secret not in shown, table
                assert secret.encode().hex() not in shown, table


async def test_without_a_basis_contacts_wait_in_quarantine_until_a_person_names_one(desk):
    found = await desk.whole(FILE)
    assert found.counts["quarantined"] == 2
    assert await desk.count(contacts, contacts.c.quarantined) == 2
    [one] = await desk.store.find_by_field("phone", "13800138000")
    staff = f"staff:{uuid7()}"
    async with desk.engine.begin() as connection:
        with pytest.raises(Refused):
            await release(connection, desk.keys, BASIS, "system:rule", import_id=found.id)
        with pytest.raises(UnknownRecord):
            await release(connection, desk.keys, BASIS, staff, contact_id=uuid7())
        assert await release(connection, desk.keys, BASIS, staff, import_id=uuid7()) == 0
        assert await release(connection, desk.keys, BASIS, staff, contact_id=one) == 1
    assert not (await desk.store.contact(one)).quarantined
    assert await desk.count(contacts, contacts.c.quarantined) == 1
    async with desk.engine.begin() as connection:
        assert await release(connection, desk.keys, BASIS, staff, import_id=found.id) == 1
        assert await release(connection, desk.keys, BASIS, staff, import_id=found.id) == 0
    assert await desk.count(contacts, contacts.c.quarantined) == 0
    assert await desk.count(import_origins, import_origins.c.by == staff, import_origins.c.basis == BASIS.kind) == 2


async def test_a_later_import_with_a_basis_ends_the_quarantine(desk):
    await desk.whole(FILE)
    again = await desk.whole(FILE, BASIS)
    assert again.counts["updated"] == 2
    assert await desk.count(contacts, contacts.c.quarantined) == 0


async def test_only_what_was_checked_is_started_and_only_a_dry_run_dropped(desk):
    import_id = await desk.bring(FILE)
    async with desk.engine.begin() as connection:
        with pytest.raises(Refused):
            await start_import(connection, import_id)
        await drop_import(connection, import_id)
    assert await desk.count(imports) == await desk.count(import_pieces) == 0
    done = await desk.whole(FILE)
    async with desk.engine.begin() as connection:
        await drop_import(connection, done.id)
        with pytest.raises(Refused):
            await start_import(connection, done.id)
    assert await desk.count(imports) == 1


async def test_rows_are_forgotten_after_their_time(desk):
    waiting = await desk.checked(FILE)
    done = await desk.whole(FILE)
    rule = Rule("imports", 30, CRM_FUNCTIONS["imports"])
    assert await enforce(desk.engine, [rule], datetime.now(UTC), dry=False) == {"imports": 0}
    async with desk.engine.begin() as connection:
        month = timedelta(days=31)
        await connection.execute(update(imports).values(at=imports.c.at - month))
        await connection.execute(update(import_rejections).values(at=import_rejections.c.at - month))
    for dry in (True, False):
        assert (await desk.show(waiting)).state == "checked"
        assert await enforce(desk.engine, [rule], datetime.now(UTC), dry=dry) == {"imports": 4}
    assert (await desk.show(waiting)).state == "expired"
    assert (await desk.show(done.id)).state == "finished"
    assert len(await desk.report(done.id)) == 1


def many(count):
    return "编号,姓名,手机\n" + "".join(f"K{n},客户{n:05},{13000000000 + n}\n" for n in range(count))


@pytest.mark.slow
async def test_a_large_file_takes_minutes_not_hours(desk):
    start = time.monotonic()
    found = await desk.whole(many(20_000), BASIS)
    assert found.counts["created"] == found.checked["created"] == 20_000
    assert time.monotonic() - start < 600


async def test_two_workers_on_one_import_do_each_row_once(desk):
    import_id = await desk.checked(many(450))
    async with desk.engine.begin() as connection:
        await start_import(connection, import_id)
    await asyncio.gather(desk.importer.work(import_id), desk.importer.work(import_id))
    found = await desk.show(import_id)
    assert (found.state, found.counts["created"], found.rows_done) == ("finished", 450, 450)
    assert await desk.count(contacts) == 450


WORKER = """
import asyncio, os, signal, sys, threading
from crm_adapter.encryption import Keyring, Keys
from crm_adapter.imports import Importer
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from bot.settings import Settings
from bot.storage.database import make_engine
from uuid import UUID

def die(done, total):
    # Into the middle of a piece; by its own clock, which goes no slower than its work.
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()

async def work(url, document, import_id, end):
    keys = Keys(lambda: Keyring.parse(document))
    engine = make_engine(url, Settings())
    importer = Importer(engine, keys, SqlStore(engine, keys, Policy()))
    await importer.work(UUID(import_id), *([die] if end == "killed" else []))

asyncio.run(work(*sys.argv[1:]))
"""


async def test_killed_again_and_again_it_goes_on_where_it_stood(desk, addresses, keys):
    import_id = await desk.checked(many(800))
    async with desk.engine.begin() as connection:
        await start_import(connection, import_id)
    command = [sys.executable, "-c", WORKER, addresses.application_url, keys.ring.document(), str(import_id)]
    for _ in range(3):
        died = await asyncio.to_thread(subprocess.run, [*command, "killed"], cwd=ROOT, timeout=120, check=False)
        assert died.returncode == -signal.SIGKILL
    async with desk.engine.connect() as connection:  # in one look: what was killed may still be committing
        query = text("SELECT rows_done, (SELECT count(*) FROM crm.contacts) FROM crm.imports WHERE id = :id")
        done, created = (await connection.execute(query, {"id": import_id})).one()
    assert 300 <= done < 800
    assert created == done
    whole = [*command, "whole"]
    await asyncio.to_thread(subprocess.run, whole, cwd=ROOT, timeout=120, capture_output=True, check=True)
    found = await desk.show(import_id)
    assert (found.state, found.counts["created"]) == ("finished", 800)
    assert await desk.count(contacts) == 800
    async with desk.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM crm.external_keys")) == 800


async def test_who_is_erased_is_in_no_file_that_waits_or_was_rejected(desk):
    told = Provenance("web", "customer", datetime.now(UTC), "claimed")
    known = {"name": "李雷", "phone": "13800138000"}
    gone = await desk.store.upsert_contact(ExternalKey("old-crm", "K1"), known, told)
    finished = await desk.whole("编号,姓名,手机\nK1,李雷,12\nK2,韩梅梅,13\n", BASIS)
    rows = "K1,李雷,12\nK9,李雷,138 0013 8000\nK2,韩梅梅,13900139000\nK3,总机,13800138000\nK7,李雷,13\n"
    waiting = await desk.checked(f"编号,姓名,手机\n{rows}", BASIS)
    certificate = await desk.store.erase(gone.contact_id, "system:test", "delete", datetime.now(UTC))
    assert certificate.content["erased"]["imported_rows"] == 3
    async with desk.engine.begin() as connection:
        await start_import(connection, waiting)
    await desk.importer.work(waiting)
    counts = (await desk.show(waiting)).counts
    assert (counts["created"], counts["reasons"]) == (2, {"erased": 2, "bad_phone": 1})
    (_, emptied, other), (_, *both, namesake) = await desk.report(finished.id), await desk.report(waiting)
    for line in (emptied, *both):
        assert line[1:] == ["", "erased", "This customer's data was erased.", "", "", ""]
    assert other[4:] == ["K2", "韩梅梅", "13"]
    assert namesake[4:] == ["K7", "李雷", "13"]
