"""Retention: everything older goes, nothing younger, a dry run changes nothing, a second run finds nothing."""

import os
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot.jobs.retention import enforce_retention, export_path, remove_doomed, rules_of
from bot.settings import Retention, Settings
from bot.storage.blobs import BlobStore
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from tests.integration.privacy_customers import Store, everything, make_customer

TODAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
LONG_AGO, RECENTLY = TODAY - timedelta(days=1200), TODAY - timedelta(days=1000)
TIMES = {
    "crm.interactions": "occurred_at",
    "crm.orders": "placed_at",
    "bot.messages": "at",
    "bot.inbox": "received_at",
    "bot.blobs": "created_at",
}


@pytest.fixture
def settings(settings: Settings, tmp_path) -> Settings:
    return settings.model_copy(update={"retention": Retention(cases=1095, visitors=90)})


@pytest.fixture
def store(engine, keys):
    return Store(engine, keys, Policy())


def age(addresses, conversation_id, identity_id, contact_id, at):
    """Makes one customer's rows as old as ``at``; as the owner, since the application may not."""
    whose = {
        "crm.interactions": ("identity_id", identity_id),
        "crm.orders": ("contact_id", contact_id),
        "bot.messages": ("conversation_id", conversation_id),
        "bot.inbox": ("conversation_id", conversation_id),
        "bot.blobs": ("identity_id", identity_id),
    }
    with psycopg.connect(addresses.owner_url) as connection:
        for table, column in TIMES.items():
            names, value = whose[table]
            connection.execute(f"UPDATE {table} SET {column} = %s WHERE {names} = %s", (at, value))
        connection.execute("UPDATE crm.cases SET closed_at = %s WHERE contact_id = %s", (at, contact_id))
        connection.execute(
            "UPDATE crm.contacts SET created_at = %s, updated_at = %s WHERE id = %s", (at, at, contact_id)
        )


async def test_the_old_goes_the_young_stays(store, engine, keys, addresses, settings, pool):
    old = await make_customer(store, engine, keys)
    young = await make_customer(store, engine, keys, phone="+8613700137000")
    for customer, at in ((old, LONG_AGO), (young, RECENTLY)):
        age(addresses, customer.conversation_id, customer.identity_id, customer.contact_id, at)
    before = await everything(engine)

    counted = await enforce_retention(settings, engine, TODAY, dry=True)
    assert await everything(engine) == before
    assert counted["interactions"] == 3  # one interaction, two messages
    assert (counted["attachments"], counted["orders"], counted["cases"]) == (1, 1, 1)
    assert counted["visitors"] == 0

    assert await enforce_retention(settings, engine, TODAY, dry=False) == counted
    after = await everything(engine)
    for table in ("crm.interactions", "crm.orders", "bot.messages", "bot.inbox", "bot.outbox", "bot.blobs"):
        assert str(old.identity_id) not in after[table]
        assert str(old.conversation_id) not in after[table]
        assert str(old.blob_id) not in after[table]
        assert after[table], table
    assert str(old.contact_id) not in after["crm.orders"] + after["crm.cases"]
    assert str(young.contact_id) in after["crm.cases"]
    assert str(old.blob_id) in after["crm.doomed_files"]
    assert (await store.contact(old.contact_id)).facts["name"].value  # a profile is no interaction

    again = await enforce_retention(settings, engine, TODAY, dry=False)
    assert not any(again.values())

    blobs = BlobStore(settings.var_dir / "blobs", pool, keys)
    path = blobs.path(old.blob_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sealed")
    assert await remove_doomed(settings, engine, blobs) == 1
    assert not path.exists()
    assert await remove_doomed(settings, engine, blobs) == 0


async def test_visitors_who_never_came_back_are_erased_with_their_keys(store, engine, keys, addresses, settings):
    told = Provenance("web", "customer", LONG_AGO, "anonymous")
    known = (await store.upsert_contact(ExternalKey("shop", "K-1"), {"name": "李雷"}, told)).contact_id
    silent, fresh = [], []
    with psycopg.connect(addresses.owner_url) as connection:
        for at, list_ in ((LONG_AGO, silent), (TODAY - timedelta(days=10), fresh)):
            for number in range(3):
                contact, key, identity = uuid7(), uuid7(), uuid7()
                connection.execute("INSERT INTO vault.data_keys VALUES (%s, %s, 'k', 'w')", (key, contact))
                connection.execute(
                    "INSERT INTO crm.contacts (id, key_id, root_id, locale, created_at, updated_at)"
                    " VALUES (%s, %s, %s, 'en', %s, %s)",
                    (contact, key, contact, at, at),
                )
                connection.execute(
                    "INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id,"
                    " assurance, created_at) VALUES (%s, %s, %s, 'web', 'shop', %s, 's', 'anonymous', %s)",
                    (identity, contact, key, f"{at}{number}".encode(), at),
                )
                list_.append(contact)
        connection.execute(
            "UPDATE crm.contacts SET created_at = %s, updated_at = %s WHERE id = %s", (LONG_AGO, LONG_AGO, known)
        )
    assert (await enforce_retention(settings, engine, TODAY, dry=True))["visitors"] == 3
    assert (await enforce_retention(settings, engine, TODAY, dry=False))["visitors"] == 3
    after = await everything(engine)
    for contact in silent:
        assert str(contact) not in after["crm.contacts"] + after["vault.data_keys"] + after["crm.identities"]
    for contact in (*fresh, known):
        assert str(contact) in after["crm.contacts"]
        assert str(contact) in after["vault.data_keys"]
    assert (await enforce_retention(settings, engine, TODAY, dry=False))["visitors"] == 0


async def test_a_visitor_who_is_writing_at_this_moment_stays(engine, addresses, settings, pool):
    contact, key = uuid7(), uuid7()
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute(
            "INSERT INTO crm.contacts (id, key_id, root_id, locale, created_at, updated_at)"
            " VALUES (%s, %s, %s, 'en', %s, %s)",
            (contact, key, contact, LONG_AGO, LONG_AGO),
        )
        connection.execute(
            "INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id,"
            " assurance, created_at) VALUES (%s, %s, %s, 'web', 'shop', 'b', 's', 'anonymous', %s)",
            (uuid7(), contact, key, LONG_AGO),
        )
    async with pool.connection() as turn, turn.transaction():
        await turn.execute("SELECT FROM crm.identities WHERE contact_id = %s FOR KEY SHARE", (contact,))
        assert (await enforce_retention(settings, engine, TODAY, dry=False))["visitors"] == 0
    assert (await enforce_retention(settings, engine, TODAY, dry=False))["visitors"] == 1


async def test_orders_of_the_erased_go_when_their_certificate_says(store, engine, keys, addresses, settings):
    goes = await make_customer(store, engine, keys)
    certificate = await store.erase(goes.contact_id, "system:test", "delete", TODAY)
    until = next(one["until"] for one in certificate.content["kept"] if one["category"] == "orders")
    keeping = settings.model_copy(update={"retention": Retention(orders="keep")})
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute("UPDATE crm.kept_orders SET erased_at = %s", (TODAY,))
    early, late = datetime.fromisoformat(until) - timedelta(days=1), datetime.fromisoformat(until) + timedelta(days=2)
    assert (await enforce_retention(keeping, engine, early, dry=False))["kept_orders"] == 0
    assert (await enforce_retention(keeping, engine, late, dry=False))["kept_orders"] == 1


async def test_exports_are_files_that_go_after_a_week(engine, settings):
    old, young = export_path(settings, uuid7()), export_path(settings, uuid7())
    old.parent.mkdir(parents=True)
    for path, days in ((old, 8), (young, 6)):
        path.write_bytes(b"zip")
        then = (TODAY - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))
    assert (await enforce_retention(settings, engine, TODAY, dry=True))["exports"] == 1
    assert old.exists()
    assert (await enforce_retention(settings, engine, TODAY, dry=False))["exports"] == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_an_attachment_does_not_outlive_what_was_said(settings):
    short = settings.model_copy(update={"retention": Retention(interactions=30, attachments="keep")})
    assert {rule.category: rule.days for rule in rules_of(short)}["attachments"] == 30


def test_the_law_s_three_years_cannot_be_shortened():
    with pytest.raises(ValueError):
        Retention(orders=1000)


async def test_the_application_deletes_only_through_the_functions(engine):
    with pytest.raises(Exception, match="permission denied"):
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM crm.interactions"))
