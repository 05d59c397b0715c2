"""Whoever writes for the first time is told how their data is used, on record, and hardly waits longer for it."""

from datetime import UTC, datetime

from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from bot.storage.exchange import Connection
from crm_adapter.encryption.vault import make_key
from crm_adapter.ledger.sequencer import link_all
from crm_adapter.tables import contacts
from tests.integration.consent_store import choice, consents_of, new_contact
from tests.integration.flows.rights_talk import House

OWN = {"id", "subject", "covers", "receipt", "sealed", "received_at"}
"""What no two events have in common."""


async def newcomer(engine, keys, store, event):
    """The contact that a transaction makes and tells in one."""
    contact_id = uuid7()
    async with engine.begin() as connection:
        key = await make_key(connection, keys, contact_id)
        row = {"id": contact_id, "root_id": contact_id, "key_id": key.id, "locale": "en"}
        await connection.execute(insert(contacts).values(row))
        await store.within(connection).tell_newcomer(event(contact_id), key)
    return contact_id


async def test_a_newcomer_is_on_record_as_everybody_else_is(engine, keys):
    store, at = consents_of(engine, keys), datetime.now(UTC)

    def shown(contact_id):
        return choice(contact_id, "notice_shown", "service", reply="", occurred_at=at, identity_id=None)

    # The notice is stored with the first, found by the second; the third is somebody who was known before.
    first, second = [await newcomer(engine, keys, store, shown) for _ in range(2)]
    known = await new_contact(engine, keys)
    await store.record_consent(shown(known))
    entries = [(await store.consent_history(one))[0] for one in (first, second, known)]
    assert {(one.prompt, one.reply, one.prompt_message_id, one.readable) for one in entries} == {
        ("您愿意收到关怀消息吗？", "", "m-1", True)
    }
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM crm.consent_events ORDER BY id"))).mappings().all()
        told = (await connection.execute(text("SELECT contact_id, kind FROM crm.changes ORDER BY number"))).all()
    assert [row["subject"] for row in rows] == [first, second, known]
    assert [row["covers"] for row in rows] == [[first], [second], [known]]
    same = [{name: value for name, value in row.items() if name not in OWN} for row in rows]
    assert same[0] == same[1] == same[2]
    assert all(row["occurred_at"] <= row["received_at"] for row in rows)
    assert [(one.contact_id, one.kind) for one in told] == [(one, "consent") for one in (first, second, known)]
    assert await link_all(engine, keys) == 3


async def test_a_first_message_waits_for_the_database_four_times(pool, engine, settings, monkeypatch):
    house, waits = House(pool, engine, settings), []
    for number in range(8):  # until each connection has prepared its statements
        await house.customer(f"visitor:{number}").say("运费谁出？")
    wait = Connection.wait

    async def counted(self, *args, **more):
        waits.append(self)
        return await wait(self, *args, **more)

    monkeypatch.setattr(Connection, "wait", counted)
    customer = house.customer("visitor:new")
    assert "不同意也照常为您服务" in await customer.say("运费谁出？")
    assert len(waits) == 4
    monkeypatch.undo()
    (entry,) = await house.store.consent_history(await customer.contact())
    assert (entry.event, entry.notice_hash) == ("notice_shown", house.store.notices.find("service").hash)
