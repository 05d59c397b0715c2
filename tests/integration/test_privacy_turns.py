"""Erasing while the customer writes: every turn is answered, and what is left belongs to somebody."""

import asyncio
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from sqlalchemy import text

from bot.domain.decision import Decision, Outcome
from bot.outgoing.gateway import Message, Outgoing
from bot.outgoing.texts import Written
from crm_adapter.policy import Policy
from crm_adapter.search import index_new
from crm_adapter.sql_store import SqlStore
from crm_adapter.value.assessment import assess_range
from tests.integration.consent_store import new_contact
from tests.integration.test_turns import echo, say, turns_with

ORPHANS = {
    "interactions": "crm.interactions t WHERE NOT EXISTS (SELECT FROM crm.identities i WHERE i.id = t.identity_id)",
    "identities": "crm.identities t WHERE NOT EXISTS (SELECT FROM vault.data_keys k WHERE k.id = t.key_id)",
    "conversations": "bot.conversations t WHERE NOT EXISTS (SELECT FROM crm.identities i WHERE i.id = t.identity_id)",
    "inbox": "bot.inbox t WHERE NOT EXISTS (SELECT FROM bot.messages m WHERE m.id = t.message_id)",
    "keys": "vault.data_keys t WHERE NOT EXISTS (SELECT FROM crm.contacts c WHERE c.id = t.contact_id)",
    "grams": "crm.grams t WHERE NOT EXISTS (SELECT FROM crm.interactions i WHERE i.id = t.record_id)",
}


async def test_turns_and_erasures_at_once(engine, keys, pool):
    """Twelve customers write without a pause, an indexer reads along, and each is erased in the middle of it."""
    store, turns = SqlStore(engine, keys, Policy()), turns_with(pool, echo, 2.0)
    visitors = [f"visitor:{number}" for number in range(12)]
    erased: list[object] = []
    done = asyncio.Event()

    async def write(visitor: str) -> None:
        for number in range(8):
            taken = await turns.take(say(f"line {number}", visitor))
            assert len(taken.answers) == 1

    async def erase() -> None:
        for _ in range(3):
            await asyncio.sleep(0.05)
            async with engine.connect() as connection:
                found = (await connection.scalars(text("SELECT id FROM crm.contacts ORDER BY id DESC LIMIT 6"))).all()
            for contact_id in found:
                erased.append(contact_id)
                await store.erase(contact_id, "system:test", "delete", datetime.now(UTC))

    async def index() -> None:
        while not done.is_set():
            await index_new(engine, keys)
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(index())
        async with asyncio.TaskGroup() as working:
            for visitor in visitors:
                working.create_task(write(visitor))
            working.create_task(erase())
        done.set()

    assert erased
    async with engine.connect() as connection:
        for name, condition in ORPHANS.items():
            assert await connection.scalar(text(f"SELECT count(*) FROM {condition}")) == 0, name
        gone = text("SELECT count(*) FROM crm.contacts WHERE id = ANY(:ids)")
        assert await connection.scalar(gone, {"ids": erased}) == 0
    assert (await turns.take(say("again", visitors[0]))).answers


async def test_a_customer_who_changes_language_meanwhile_is_answered(engine, keys, pool, addresses):
    """The turn and the erasure once waited for each other, and the turn was the one that was ended."""
    who = "visitor:1"
    erasing: list[threading.Thread] = []

    def erase() -> None:
        with psycopg.connect(addresses.application_url) as connection:
            connection.execute("SELECT crm.erase_people(ARRAY(SELECT id FROM crm.contacts), '{}')")

    def switch(inbound, situation):
        erasing.append(threading.Thread(target=erase))
        erasing[0].start()
        time.sleep(0.4)  # until it holds the contact and waits for the identity that this turn holds
        return Decision(({"text": "…"},), Outcome("article", "echo"), {}, locale="zh-Hans")

    await turns_with(pool, echo, 2.0).take(say("hello", who))
    assert (await turns_with(pool, switch, 2.0).take(say("你好", who))).answers
    await asyncio.to_thread(erasing[0].join)
    assert (await turns_with(pool, echo, 2.0).take(say("again", who))).answers[0].body == {"text": "1: again"}


async def test_a_new_language_is_noted_where_nobody_holds_the_contact(engine, pool):
    def switch(inbound, situation):
        return Decision(({"text": "…"},), Outcome("article", "echo"), {}, locale="zh-Hans")

    await turns_with(pool, switch, 2.0).take(say("你好"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT locale FROM crm.contacts")) == "zh-Hans"


async def test_what_is_written_about_somebody_waits_for_their_erasure(engine, keys, settings):
    """A mail queued, a code asked for or a standing computed meanwhile once stayed behind."""
    store = SqlStore(engine, keys, Policy())
    contact = await new_contact(engine, keys)
    outgoing = Outgoing(settings, keys)
    message = Message("mail", "alert", "a@b.example", Written("subject", "text"), contact)
    async with engine.connect() as writer:
        begun = await writer.begin()
        await outgoing.enqueue(writer, message)
        erasing = asyncio.create_task(store.erase(contact, "system:test", "delete", datetime.now(UTC)))
        await asyncio.sleep(0.3)
        assert not erasing.done()
        await begun.commit()
    await erasing
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM bot.outgoing_messages")) == 0


async def test_an_erasure_waits_for_the_nightly_assessment(engine, keys):
    store, contact, now = SqlStore(engine, keys, Policy()), await new_contact(engine, keys), datetime.now(UTC)
    async with engine.connect() as nightly:
        begun = await nightly.begin()
        await assess_range(nightly, UUID(int=0), contact, store.rules, now)
        erasing = asyncio.create_task(store.erase(contact, "system:test", "delete", now))
        await asyncio.sleep(0.3)
        assert not erasing.done()
        await begun.commit()
    await erasing
    async with engine.connect() as connection:
        for table in ("figures", "standings", "standing_changes"):
            assert await connection.scalar(text(f"SELECT count(*) FROM crm.{table}")) == 0
