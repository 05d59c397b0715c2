"""Retention of what the notices promise a time of its own: identity numbers, wishes, tags (PR5, PIPL 19)."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text

from bot.jobs.retention import enforce_retention
from bot.settings import Retention
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.records.service import NewTask
from crm_adapter.records.value import NewOrder
from tests.integration.privacy_customers import NOW, STAFF, Store, make_customer

TODAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
KINDS = ("sensitive", "preferences", "tags", "shared_reach")


def days_ago(days: int) -> datetime:
    return TODAY - timedelta(days=days)


@pytest.fixture
def store(engine, keys):
    return Store(engine, keys, Policy())


async def contact(store, name, days, **fields):
    """Somebody of whom these fields were told that long ago."""
    told = Provenance("web", "customer", days_ago(days), "claimed")
    return (await store.upsert_contact(ExternalKey("shop", name), {"name": name, **fields}, told)).contact_id


async def removed(settings, engine, *, dry=False):
    counts = await enforce_retention(settings, engine, TODAY, dry=dry)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


async def test_an_identity_number_goes_when_the_matter_is_done(store, engine, settings, addresses):
    number = {"id_number": "11010519491231002X"}
    done, young = await contact(store, "done", 31, **number), await contact(store, "young", 29, **number)
    waits, closed_lately = await contact(store, "waits", 400, **number), await contact(store, "lately", 400, **number)
    await store.add_task("t1", NewTask(waits, "call", "ring", NOW, STAFF))
    member = await contact(store, "member", 400)
    task = await store.add_task("t2", NewTask(member, "call", "ring", NOW, STAFF))
    await store.merge(member, closed_lately, STAFF, "same")
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute("UPDATE crm.tasks SET closed_at = %s WHERE id = %s", (days_ago(5), task.id))
    version = (await store.contact(done)).version
    cursor = (await store.changes_since(None, limit=1000)).cursor
    assert await removed(settings, engine, dry=True) == {"sensitive": 1}
    assert "id_number" in (await store.contact(done)).facts
    assert await removed(settings, engine) == {"sensitive": 1}
    after = await store.contact(done)
    assert (set(after.facts), after.version) == ({"name"}, version + 1)
    assert "id_number" not in {one.field for one in await store.history(done)}
    assert [(one.kind, one.contact_id) for one in (await store.changes_since(cursor)).changes] == [("contact", done)]
    for other in (young, waits, closed_lately):
        assert "id_number" in (await store.contact(other)).facts
    assert await removed(settings, engine) == {}


async def test_wishes_go_a_year_after_the_last_word_or_purchase(store, engine, settings):
    wishes = {"preferences": "无糖", "needs": "净水器", "birthday": "1990-05-04"}
    silent, talks = await contact(store, "silent", 400, **wishes), await contact(store, "talks", 400, **wishes)
    buys, young = await contact(store, "buys", 400, **wishes), await contact(store, "young", 300, **wishes)
    for number, (who, days) in enumerate(((silent, 370), (talks, 300))):
        said = NewInteraction(who, "phone", "desk", "in", days_ago(days), "hello")
        await store.append_interaction(f"i{number}", said)
    await store.put_order(NewOrder(buys, "shop", "O-1", days_ago(10), 100))
    assert await removed(settings, engine, dry=True) == {"preferences": 3}
    assert await removed(settings, engine) == {"preferences": 3}
    assert set((await store.contact(silent)).facts) == {"name"}
    for other in (talks, buys, young):
        assert wishes.keys() <= (await store.contact(other)).facts.keys()


async def test_who_is_being_written_about_at_this_moment_waits(store, engine, settings, pool):
    held = await contact(store, "held", 400, birthday="1990-05-04")
    async with pool.connection() as other, other.transaction():
        await other.execute("SELECT FROM crm.contacts WHERE id = %s FOR NO KEY UPDATE", (held,))
        assert await removed(settings, engine) == {}
    assert await removed(settings, engine) == {"preferences": 1}


async def test_tags_go_after_a_year_with_their_history(store, engine, settings, addresses):
    old, young = await contact(store, "old", 10), await contact(store, "young", 10)
    for who in (old, young):
        await store.tag(who, "vip", STAFF, "spends much")
    by_rules = (
        "INSERT INTO crm.standing_changes (contact_id, what, to_value, by, rule, at) VALUES (%s, %s, %s, 'r', 'r', %s)"
    )
    standing = (
        "INSERT INTO crm.standings (contact_id, value_class, value_rule, value_since, stage, stage_rule, stage_since,"
        " tags) VALUES (%s, 'high', 'r', now(), 'growth', 'r', now(), '{stands}')"
        " ON CONFLICT (contact_id) DO UPDATE SET tags = excluded.tags"
    )
    with psycopg.connect(addresses.owner_url) as connection:
        for table in ("tags", "standing_changes"):
            connection.execute(f"UPDATE crm.{table} SET at = %s WHERE contact_id = %s", (days_ago(366), old))
        connection.execute("DELETE FROM crm.standing_changes WHERE what <> 'tag'")
        for what, value in (("tag", "stands"), ("tag", "stood"), ("stage", "growth")):
            connection.execute(by_rules, (old, what, value, days_ago(366)))
        connection.execute(standing, (old,))
    assert await removed(settings, engine, dry=True) == {"tags": 3}
    assert await removed(settings, engine) == {"tags": 3}
    assert "vip" not in {one.name for one in await store.tags(old)}
    assert "vip" in {one.name for one in await store.tags(young)}
    async with engine.connect() as connection:
        left = text("SELECT to_value FROM crm.standing_changes WHERE contact_id = :old")
        assert set(await connection.scalars(left, {"old": old})) == {"stands", "growth"}
    assert await removed(settings, engine) == {}


async def test_who_shared_a_phone_with_the_erased_is_told_for_a_month(store, engine, keys, settings):
    goes, twin = [await make_customer(store, engine, keys, assurance="claimed") for _ in range(2)]
    certificate = await store.erase(goes.contact_id, STAFF, "delete", days_ago(31))
    assert certificate.shared_reach == (twin.contact_id,)
    assert await removed(settings, engine, dry=True) == {"shared_reach": 1}
    assert await removed(settings, engine) == {"shared_reach": 1}
    assert (await store.certificate(certificate.id)).shared_reach == ()


async def test_keep_keeps(store, engine, settings):
    await contact(store, "old", 4000, id_number="11010519491231002X", birthday="1990-05-04")
    kept = settings.model_copy(update={"retention": Retention(sensitive="keep", preferences="keep", tags="keep")})
    assert await removed(kept, engine) == {}
