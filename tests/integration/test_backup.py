"""Backups of a store with chats: made, verified, damaged, restored, and never bringing anybody back."""

import asyncio
import errno
import json
import re
import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from bot.__main__ import main
from bot.backup import BackupFault, make, make_backup, manifest, restore, verify
from bot.backup.faults import ArchiveDamaged, DiskFull, WrongKeyring
from bot.backup.folder import alone_in
from bot.backup.restore import open_backup
from bot.commands.prepare import prepare
from bot.customers import open_crm
from bot.outgoing import Message, Outgoing
from bot.outgoing.texts import Written
from bot.settings import Mail, Settings
from bot.storage.blobs import path_in
from bot.storage.database import Addresses, make_engine
from bot.storage.schema import RestoreUnfinished
from bot.urls import libpq_url
from crm_adapter.encryption import Keyring, Keys, seal_json, unseal_json
from crm_adapter.encryption.vault import load_key, make_key
from crm_adapter.imports import Limits, NewImport, create_import
from crm_adapter.rights.erasure_log import Entry, complete, read_log
from crm_adapter.tables import changes, contacts, facts
from tests.conftest import copied
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

BLOB = b"sealed bytes of a picture" * 50_000
PEOPLE = 30
INSERT_BLOB = (
    "INSERT INTO bot.blobs (id, account, identity_id, sealed_name, type, size)"
    " VALUES ('{id}', 'shop', gen_random_uuid(), 'x', 'image/png', 1)"
)
LINE = """
WITH talk AS (INSERT INTO bot.conversations (id, identity_id, channel, account, locale)
              VALUES ('{id}', gen_random_uuid(), 'wechat', 'shop', 'en') RETURNING id),
     said AS (INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, at)
              SELECT id, id, {seq}, 'out', 'agent', 'x', now() FROM talk RETURNING id)
INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, due_at)
SELECT id, id, {seq}, 'shop', '', {due} FROM said
"""
FACTS = text("SELECT f.*, c.key_id FROM crm.facts f JOIN crm.contacts c ON c.id = f.contact_id")


def quiet(line: str) -> None:
    """Progress is for people."""


@pytest.fixture
def ring() -> Keyring:
    return Keyring.fresh()


@pytest.fixture
def elsewhere(cluster, template):
    """Another migrated, empty database."""
    yield from copied(cluster, template)


@pytest.fixture
def blobs(tmp_path) -> Path:
    return tmp_path / "blobs"


class Store:
    """A store with people, a fact each, a blob and a job."""

    def __init__(self, addresses: Addresses, settings, ring: Keyring, blobs: Path) -> None:
        self.addresses, self.settings, self.ring, self.blobs = addresses, settings, ring, blobs
        self.people: dict = {}
        self.keys: dict = {}

    async def fill(self, count: int = PEOPLE) -> None:
        keys = Keys(lambda: self.ring)
        engine = make_engine(self.addresses.application_url, self.settings)
        async with engine.begin() as connection:
            for number in range(count):
                contact, fact, name = uuid7(), uuid7(), f"王芳{number}"
                key = await make_key(connection, keys, contact)
                row = {"id": contact, "key_id": key.id, "root_id": contact, "locale": "zh-Hans"}
                await connection.execute(insert(contacts).values(**row))
                await connection.execute(
                    insert(facts).values(
                        id=fact,
                        contact_id=contact,
                        field="name",
                        sealed=seal_json(key, "facts.value", fact, name),
                        assurance="claimed",
                        source="web",
                        set_by="customer",
                        at=text("now()"),
                    )
                )
                await connection.execute(insert(changes).values(contact_id=contact, kind="contact", record_id=contact))
                self.people[contact], self.keys[contact] = name, key.id
            await connection.execute(
                text(
                    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'house:nothing', 0, NULL, NULL, '{}', "
                    "NULL)::procrastinate_job_to_defer_v1])"
                )
            )
        await engine.dispose()
        path = path_in(self.blobs, uuid7())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BLOB)

    def backup(self, folder: Path) -> None:
        make_backup(self.addresses.owner_url, self.blobs, self.ring, folder, quiet)

    async def names(self, addresses: Addresses) -> dict:
        keys = Keys(lambda: self.ring)
        engine = make_engine(addresses.application_url, self.settings)
        found = {}
        async with engine.connect() as connection:
            for row in (await connection.execute(FACTS)).all():
                key = await load_key(connection, keys, row.key_id)
                found[row.contact_id] = unseal_json(key, "facts.value", row.id, row.sealed)
        await engine.dispose()
        return found


@pytest.fixture
async def store(addresses, settings, ring, blobs) -> Store:
    store = Store(addresses, settings, ring, blobs)
    await store.fill()
    return store


def query(addresses: Addresses, statement: str) -> list:
    with psycopg.connect(libpq_url(addresses.owner_url)) as connection:
        return connection.execute(statement).fetchall()


@contextmanager
def no_room_above(size: int):
    """No file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def put_back(store: Store, folder: Path, into: Addresses, files: Path, erasures=(), **more):
    source = open_backup(folder, store.ring, quiet)
    return await asyncio.to_thread(restore, source, into, files, store.ring, list(erasures), quiet, **more)


async def test_what_was_backed_up_comes_back(store, elsewhere, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    done = await put_back(store, folder, elsewhere, tmp_path / "restored")
    assert await store.names(elsewhere) == store.people
    assert done.erased_again == 0
    jobs = "SELECT task_name, status FROM procrastinate_jobs ORDER BY id"
    assert query(elsewhere, jobs) == query(store.addresses, jobs)
    events = "SELECT count(*) FROM procrastinate_events"
    assert query(elsewhere, events) == query(store.addresses, events)
    # Goes on where it was: new rows get numbers of their own, and stand behind the old ones in the feed.
    more = Store(elsewhere, store.settings, store.ring, tmp_path / "more")
    await more.fill(1)
    feed = query(elsewhere, "SELECT contact_id FROM crm.changes ORDER BY xid, number")
    assert feed[-1][0] in more.people
    assert len(feed) == PEOPLE + 1


async def test_only_files_that_are_named_come_back(store, elsewhere, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    done = await put_back(store, folder, elsewhere, tmp_path / "restored")
    assert done.blobs == 0
    named = next(store.blobs.glob("*/*"))
    with psycopg.connect(libpq_url(store.addresses.owner_url)) as connection:
        connection.execute(INSERT_BLOB.format(id=named.stem))
    store.backup(folder)
    done = await put_back(store, folder, elsewhere, tmp_path / "restored", replace=True)
    assert done.blobs == 1
    assert list(store.blobs.glob("*/*")) == [path_in(store.blobs, UUID(named.stem))]
    assert (tmp_path / "restored" / named.parent.name / named.name).read_bytes() == BLOB


async def test_a_file_that_is_not_where_files_are_kept_is_told(store, tmp_path):
    with psycopg.connect(libpq_url(store.addresses.owner_url)) as connection:
        connection.execute(INSERT_BLOB.format(id=uuid7()))
    told: list[str] = []
    make_backup(store.addresses.owner_url, store.blobs, store.ring, tmp_path / "backup", told.append)
    assert any(line.startswith("1 files that the store names are not") for line in told)


async def test_a_full_disk_keeps_the_backup_before(store, tmp_path):
    folder, first = tmp_path / "backup", tmp_path / "first"
    with no_room_above(len(BLOB) // 2), pytest.raises(DiskFull, match="no room"):
        store.backup(first)
    assert content_of(first) == {}
    store.backup(folder)
    before = content_of(folder)
    with no_room_above(len(BLOB) // 2), pytest.raises(DiskFull):
        store.backup(folder)
    assert content_of(folder) == before


async def test_a_disk_that_is_full_at_the_last_file_leaves_data_with_keys(store, tmp_path, monkeypatch):
    folder = tmp_path / "backup"
    store.backup(folder)
    before = content_of(folder)
    write = make.write_manifest

    def write_keys_only(path, manifest, ring):
        if manifest.kind == "data":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, manifest, ring)

    monkeypatch.setattr(make, "write_manifest", write_keys_only)
    with pytest.raises(DiskFull):
        store.backup(folder)
    after = content_of(folder)
    assert {name for name in after if name.startswith("data")} == {name for name in before if name.startswith("data")}
    assert len(after) == len(before)
    open_backup(folder, store.ring, quiet)


async def test_a_break_right_after_the_keys_are_in_place_keeps_them(store, tmp_path, monkeypatch):
    folder = tmp_path / "backup"
    store.backup(folder)

    def broken(folder):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(manifest, "sync", broken)
    with pytest.raises(BackupFault):
        store.backup(folder)
    open_backup(folder, store.ring, quiet)
    assert len([path for path in folder.iterdir() if path.name.startswith("keys-")]) == 1


async def test_two_backups_at_once_do_not_take_each_other_s_keys(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    before = content_of(folder)
    with alone_in(folder), pytest.raises(BackupFault, match="another backup"):
        store.backup(folder)
    assert content_of(folder) == before


async def test_nothing_stands_in_clear_and_keys_are_apart(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    for path in folder.iterdir():
        content = path.read_bytes()
        for planted in ("王芳", "data_keys_pkey", "PGDMP", store.ring.keks[0].secret.hex()):
            assert planted.encode() not in content, path
    data = json.loads(next(folder.glob("data-*.json")).read_text())["manifest"]
    keys = json.loads((folder / "keys.json").read_text())["manifest"]
    assert keys["counts"] == {"vault.data_keys": PEOPLE}
    assert not any(name.startswith("vault.") for name in data["counts"])
    assert data["counts"]["crm.facts"] == PEOPLE


async def test_one_generation_of_keys_is_kept(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    store.backup(folder)
    assert len(list(folder.glob("keys-*.yd"))) == 1
    assert len(list(folder.glob("data-*.yd"))) == 2
    open_backup(folder, store.ring, quiet)


@pytest.mark.parametrize("kind", ["data", "keys"])
@pytest.mark.parametrize("where", [3, 200, -1, -5000])
async def test_one_damaged_byte_is_found(store, tmp_path, kind, where):
    folder = tmp_path / "backup"
    store.backup(folder)
    path = next(folder.glob(f"{kind}-*.yd"))
    content = bytearray(path.read_bytes())
    content[max(where, -len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveDamaged, match="was changed"):
        open_backup(folder, store.ring, quiet)


async def test_a_changed_manifest_is_found(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    path = next(folder.glob("data-*.json"))
    path.write_text(re.sub(r'"crm.facts": \d+', '"crm.facts": 1', path.read_text()))
    with pytest.raises(WrongKeyring, match="was changed"):
        open_backup(folder, store.ring, quiet)


async def test_an_archive_that_is_cut_short_is_found(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    path = next(folder.glob("data-*.yd"))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ArchiveDamaged, match="bytes"):
        open_backup(folder, store.ring, quiet)
    path.unlink()
    with pytest.raises(ArchiveDamaged, match="missing"):
        open_backup(folder, store.ring, quiet)


async def test_the_wrong_keyring_is_told(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    with pytest.raises(WrongKeyring, match="another keyring"):
        open_backup(folder, Keyring.fresh(), quiet)
    without = store.ring.with_new_kek().without_old_keks()
    with pytest.raises(WrongKeyring, match=store.ring.keks[0].id):
        open_backup(folder, without, quiet)
    open_backup(folder, store.ring.with_new_kek(), quiet)


async def test_a_store_that_is_not_empty_is_left_alone(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    before = await store.names(store.addresses)
    with pytest.raises(BackupFault, match="not empty"):
        await put_back(store, folder, store.addresses, tmp_path / "restored")
    assert await store.names(store.addresses) == before
    await store.fill(2)
    await put_back(store, folder, store.addresses, tmp_path / "restored", replace=True)
    assert await store.names(store.addresses) == before


async def test_who_was_erased_after_the_backup_does_not_come_back(store, elsewhere, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    gone = next(iter(store.people))
    entry = Entry(
        id=uuid7(),
        contact_id=gone,
        contact_ids=(gone,),
        key_ids=(store.keys[gone],),
        at=(await asyncio.to_thread(query, elsewhere, "SELECT now()"))[0][0],
        by="customer",
        certificate={"grounds": "asked"},
        signature="",
        public_key="",
    )
    done = await put_back(store, folder, elsewhere, tmp_path / "restored", [entry])
    assert done.erased_again == 1
    found = await store.names(elsewhere)
    assert gone not in found
    assert len(found) == PEOPLE - 1
    assert query(elsewhere, f"SELECT count(*) FROM vault.data_keys WHERE id = '{store.keys[gone]}'") == [(0,)]


async def test_an_erasure_of_the_store_is_replayed_from_its_log(store, elsewhere, tmp_path):
    folder, log = tmp_path / "backup", store.settings.var_dir / "erasures.jsonl"
    engine, keys = make_engine(store.addresses.application_url, store.settings), Keys(lambda: store.ring)
    await create_import(
        engine, keys, Limits(), NewImport("a.csv", "编号,姓名\nK1,李雷\n".encode(), "pos", "system:test")
    )
    store.backup(folder)
    gone = next(iter(store.people))
    await open_crm(store.settings, engine, keys).erase(gone, "customer", "asked", datetime.now(UTC))
    async with engine.connect() as connection:
        await complete(connection, log)
    await engine.dispose()
    done = await put_back(store, folder, elsewhere, tmp_path / "restored", read_log(log))
    assert done.erased_again == 1
    assert set(await store.names(elsewhere)) == set(store.people) - {gone}
    certificates = "SELECT id, certificate, signature FROM crm.erasures"
    assert query(elsewhere, certificates) == query(store.addresses, certificates)
    # Its file may name whoever was erased since.
    waiting = "SELECT state, (SELECT count(*) FROM crm.import_pieces) FROM crm.imports"
    assert (query(store.addresses, waiting), query(elsewhere, waiting)) == ([("new", 1)], [("expired", 0)])


async def test_nothing_is_restored_under_a_running_server(store, elsewhere, settings, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    engine = make_engine(elsewhere.application_url, settings)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(BackupFault, match="stop all of them"):
            await put_back(store, folder, elsewhere, tmp_path / "restored")
    await engine.dispose()
    assert query(elsewhere, "SELECT count(*) FROM crm.contacts") == [(0,)]


def test_a_store_that_is_served_is_left_alone(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    with LiveServer(store.addresses, tmp_path, YINGDA_KEYS__RING=store.ring.document()) as server:
        # Also when it serves what somebody wants to lose, and between two of its requests.
        with pytest.raises(BackupFault, match="stop all of them"):
            restore(
                open_backup(folder, store.ring, quiet),
                store.addresses,
                tmp_path / "r",
                store.ring,
                [],
                quiet,
                replace=True,
            )
        assert server.ready()
    assert query(store.addresses, "SELECT count(*) FROM crm.contacts") == [(PEOPLE,)]


async def test_nothing_starts_on_a_store_that_a_restore_left_half_done(store, elsewhere, tmp_path):
    folder, files = tmp_path / "backup", tmp_path / "files"
    files.write_text("no folder")
    with psycopg.connect(libpq_url(store.addresses.owner_url)) as connection:
        connection.execute(INSERT_BLOB.format(id=next(store.blobs.glob("*/*")).stem))
    store.backup(folder)
    with pytest.raises(BackupFault, match="cannot be used"):
        await put_back(store, folder, elsewhere, files)
    given = Settings(var_dir=tmp_path / "var", keys={"ring": store.ring.document()})
    with pytest.raises(RestoreUnfinished, match="run it again"):
        prepare(given, elsewhere, quiet, demo=False)
    done = await put_back(store, folder, elsewhere, tmp_path / "restored")
    assert done.blobs == 1
    prepare(given, elsewhere, quiet, demo=False)


async def test_a_backup_of_a_newer_release_costs_nothing(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    source = open_backup(folder, store.ring, quiet)
    newer = replace(source, data=replace(source.data, heads=["crm9999"]))
    with pytest.raises(BackupFault, match="does not know the schema crm9999"):
        await asyncio.to_thread(restore, newer, store.addresses, tmp_path / "r", store.ring, [], quiet, replace=True)
    assert await store.names(store.addresses) == store.people


async def test_mail_that_waited_then_is_not_sent_now(store, elsewhere, tmp_path):
    configured = store.settings.model_copy(update={"mail": Mail(host="mail.example", sender="a@example.com")})
    engine = make_engine(store.addresses.application_url, store.settings)
    async with engine.begin() as connection:
        await Outgoing(configured, Keys(lambda: store.ring)).enqueue(
            connection, Message("mail", "alert", "ops@example.com", Written("Disk", "The disk is full."))
        )
        for number, due in enumerate(("NULL", "now()", "'infinity'"), 1):
            await connection.execute(text(LINE.format(id=uuid7(), seq=number, due=due)))
    await engine.dispose()
    folder = tmp_path / "backup"
    store.backup(folder)
    await put_back(store, folder, elsewhere, tmp_path / "restored")
    assert query(elsewhere, "SELECT state, reason FROM bot.outgoing_messages") == [("unknown", "restored")]
    lines = "SELECT state, reason FROM bot.outbox ORDER BY seq"
    assert query(elsewhere, lines) == [("queued", None), *[("unknown", "restored")] * 2]


async def test_a_backup_is_verified_in_a_database_of_its_own(store, tmp_path):
    folder = tmp_path / "backup"
    store.backup(folder)
    done = await asyncio.to_thread(verify, folder, store.ring, quiet)
    assert done.rows > PEOPLE


def test_the_commands_from_end_to_end(addresses, elsewhere, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "backup"
    assert main(["staff", "add", "li.na", "--role", "agent"]) == 0
    capsys.readouterr()
    assert main(["backup", str(folder)]) == 0
    written = re.search(r"is written: (\d+ rows, \d+ files), ", capsys.readouterr().out)
    assert main(["restore", str(folder), "--into-database-url", elsewhere.owner_url]) == 0
    assert query(elsewhere, "SELECT name FROM bot.staff") == [("li.na",)]
    assert main(["backup", "verify", str(folder)]) == 0
    restorable = re.search(r"can be restored: (\d+ rows, \d+ files)\.", capsys.readouterr().out)
    assert written is not None
    assert restorable is not None
    assert written[1] == restorable[1]
    assert main(["backup"] + ["a"] * 3) == 2
    with no_room_above(1000):
        assert main(["backup", str(folder)]) == 1
    assert "there is no room left on the disk" in capsys.readouterr().err
    shutil.move(tmp_path / "var" / "keyring.json", tmp_path / "lost.json")
    assert main(["restore", str(folder), "--into-database-url", elsewhere.owner_url]) == 1
    assert "bring back the keyring" in capsys.readouterr().err
