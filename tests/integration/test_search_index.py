"""Messages that nobody can read in the database are found all the same, and stay gone when they are erased."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keyring, Keys, seal
from crm_adapter.encryption.vault import make_key
from crm_adapter.search import find, index_new, run_indexer
from crm_adapter.search.indexer import LOCK, LOOK_BACK, forget_old_names
from crm_adapter.tables import contacts, data_keys, facts, identities, interactions

ERASE = text("SELECT crm.erase_people(ARRAY[CAST(:contact AS uuid)], '{}')")


@pytest.fixture
def ring() -> Keys:
    ring = Keyring.fresh()
    return Keys(lambda: ring)


class Person:
    """A contact with one identity who has said something."""

    def __init__(self, engine: AsyncEngine, keys: Keys) -> None:
        self.engine, self.keys, self.id, self.identity = engine, keys, uuid7(), uuid7()

    async def enter(self) -> "Person":
        async with self.engine.begin() as connection:
            self.key = await make_key(connection, self.keys, self.id)
            now = datetime.now(UTC)
            await connection.execute(
                insert(contacts).values(
                    id=self.id, key_id=self.key.id, kind="person", root_id=self.id, version=1, locale="zh-Hans"
                )
            )
            await connection.execute(
                insert(identities).values(
                    id=self.identity, contact_id=self.id, key_id=self.key.id, channel="web", account="shop",
                    blind=os.urandom(16), sealed_external_id=b"x", assurance="anonymous", created_at=now,
                )
            )  # fmt: skip
        return self

    async def say(self, text: str, *, id: UUID | None = None, sealed: bytes | None = None) -> UUID:
        record = id or uuid7()
        async with self.engine.begin() as connection:
            await connection.execute(
                insert(interactions).values(
                    id=record, identity_id=self.identity, conversation_id=uuid7(), channel="web", account="shop",
                    direction="in", occurred_at=datetime.now(UTC), trace_id="0", idempotency_key=str(record),
                    sealed_content=sealed
 or seal(self.key, "interactions.content", record, text.encode()),
                )
            )  # fmt: skip
        return record

    async def be_called(self, name: str) -> UUID:
        record, now = uuid7(), datetime.now(UTC)
        async with self.engine.begin() as connection:
            await connection.execute(
                update(facts)
                .where(facts.c.contact_id == self.id, facts.c.superseded_at.is_(None))
                .values(superseded_at=now)
            )
            await connection.execute(
                insert(facts).values(
                    id=record, contact_id=self.id, field="name", sealed=seal(self.key, "facts.value", record,
                    name.encode()), assurance="claimed", source="web", set_by="customer", at=now,
                )
            )  # fmt: skip
        return record


@pytest.fixture
async def person(engine: AsyncEngine, ring: Keys) -> Person:
    return await Person(engine, ring).enter()


async def search(person: Person, text: str, kind: str = "interaction", **options: object) -> list[UUID]:
    async with person.engine.connect() as connection:
        return await find(connection, person.keys, text, kind, options.pop("limit", 10), **options)


async def test_messages_are_found_newest_first_and_in_pages(person):
    first = await person.say("你好，怎么退货？")
    other = await person.say("发票什么时候开")
    second = await person.say("我要退貨, order A-1234")
    assert await index_new(person.engine, person.keys) == 3
    assert await index_new(person.engine, person.keys) == 0
    assert await search(person, "退货") == [second, first]
    assert await search(person, "退货", limit=1) == [second]
    assert await search(person, "退货", before=second) == [first]
    assert await search(person, "ORDER a-1234") == [second]
    assert await search(person, "發票") == [other]
    assert await search(person, "保修") == []
    assert await search(person, "票") == [second, other, first]  # shorter than a gram: the newest, to be opened


async def test_names_are_found_and_an_old_one_goes(person):
    old = await person.be_called("李小雷")
    await index_new(person.engine, person.keys)
    assert await search(person, "小雷", "name") == [old]
    assert await search(person, "小雷") == []
    new = await person.be_called("韩梅梅")
    await index_new(person.engine, person.keys)
    assert await forget_old_names(person.engine) == 1
    assert await search(person, "小雷", "name") == []
    assert await search(person, "梅梅", "name") == [new]


async def test_a_late_commit_below_the_watermark_is_found(person):
    late = uuid7()
    await person.say("先到的消息")
    await index_new(person.engine, person.keys, LOOK_BACK)
    await person.say("晚到的消息", id=late)
    assert await index_new(person.engine, person.keys, LOOK_BACK) == 1
    assert late in await search(person, "晚到")


async def test_a_clock_that_is_ahead_hides_nothing(person):
    ahead = UUID(int=uuid7().int + (int(timedelta(days=3).total_seconds() * 1000) << 80))
    await person.say("来自未来", id=ahead)
    await index_new(person.engine, person.keys, LOOK_BACK)
    now = await person.say("现在的消息")
    await index_new(person.engine, person.keys, LOOK_BACK)
    assert await search(person, "现在") == [now]


async def test_more_than_a_batch_and_two_indexers_at_once(person, monkeypatch):
    monkeypatch.setattr("crm_adapter.search.indexer.BATCH", 3)
    said = [await person.say(f"第{number}条退货消息") for number in range(10)]
    await asyncio.gather(*(index_new(person.engine, person.keys) for _ in range(3)))
    await index_new(person.engine, person.keys)
    assert await search(person, "退货", limit=20) == said[::-1]


async def test_one_process_works_at_a_time(person):
    await person.say("退货")
    async with person.engine.begin() as other:
        await other.execute(select(func.pg_advisory_xact_lock(LOCK)))
        assert await index_new(person.engine, person.keys) == 0
    assert await index_new(person.engine, person.keys) == 1


async def test_a_broken_seal_and_an_erased_key_hold_up_nobody(person, engine, ring):
    erased = await Person(engine, ring).enter()
    await erased.say("没有人能读的消息")
    async with engine.begin() as connection:
        await connection.execute(delete(data_keys).where(data_keys.c.contact_id == erased.id))
    whole = await person.say("完整的消息")
    moved = await person.say(
        "完整的消息", sealed=seal(person.key, "interactions.content", whole, "完整的消息".encode())
    )
    rubbish = await person.say("完整的消息", sealed=b"no seal at all")
    assert await index_new(engine, ring) == 2
    assert await search(person, "完整的消息") == [whole]
    assert await search(person, "") == [moved, whole]
    assert rubbish > moved
    assert await index_new(engine, ring) == 0


async def test_who_is_erased_is_found_no_more(person, engine, ring):
    other = await Person(engine, ring).enter()
    kept = await other.say("都说退货")
    for _ in range(3):
        await person.say("都说退货")
    name = await person.be_called("李小雷")
    assert await index_new(engine, ring) == 5
    assert await search(person, "小雷", "name") == [name]
    async with engine.begin() as connection:
        await connection.execute(ERASE, {"contact": person.id})
    assert await search(person, "退货") == [kept]
    assert await search(person, "小雷", "name") == []
    assert await index_new(engine, ring) == 0


async def test_an_erasure_waits_for_an_indexer_in_the_middle(person, engine, ring, monkeypatch):
    await person.say("马上要删除的消息")
    reached, go_on = asyncio.Event(), asyncio.Event()
    to_thread = asyncio.to_thread

    async def slow(work):
        reached.set()
        await go_on.wait()
        return await to_thread(work)

    monkeypatch.setattr("crm_adapter.search.indexer.asyncio.to_thread", slow)

    async def erase() -> None:
        async with engine.begin() as connection:
            await connection.execute(ERASE, {"contact": person.id})

    async with asyncio.TaskGroup() as tasks:
        indexing = tasks.create_task(index_new(engine, ring))
        await reached.wait()
        erasing = tasks.create_task(erase())
        await asyncio.sleep(0.3)
        assert not erasing.done()
        go_on.set()
    assert indexing.result() == 1
    assert await search(person, "删除") == []


async def test_the_loop_indexes_what_comes_and_survives_faults(person, monkeypatch):
    monkeypatch.setattr("crm_adapter.search.indexer.PAUSE_S", 0.02)
    monkeypatch.setattr("crm_adapter.search.indexer.PAUSE_AFTER_FAULT_S", 0.02)
    faults = [OperationalError("SELECT", {}, OSError()), OSError()]
    went_round = asyncio.Queue()

    async def at_first_failing(*arguments, **options):
        if faults:
            raise faults.pop()
        await went_round.put(await index_new(*arguments, **options))

    monkeypatch.setattr("crm_adapter.search.indexer.index_new", at_first_failing)
    said = await person.say("第一条")
    loop = asyncio.create_task(run_indexer(person.engine, person.keys))
    async with asyncio.timeout(20):
        assert await went_round.get() == 1
        said = await person.say("第二条")
        await went_round.get()
        await went_round.get()
    assert await search(person, "第二") == [said]
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
