"""Orders, figures and standings in PostgreSQL (CP5-CP7)."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from crm_adapter.customers.feed import SqlFeed
from crm_adapter.customers.store import SqlCustomers
from crm_adapter.policy import Policy
from crm_adapter.port import BadField, Refused
from crm_adapter.records.value import OrderLine
from crm_adapter.tables import changes
from crm_adapter.value import following
from crm_adapter.value.following import assess_everybody, follow_changes
from crm_adapter.value.tables import figures, standings
from tests.integration.value_store import an_order, stock_of


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


async def kinds_of(engine, contact_id):
    async with engine.connect() as connection:
        query = select(changes.c.kind).where(changes.c.contact_id == contact_id)
        return sorted((await connection.execute(query)).scalars())


async def test_an_order_is_stored_once_and_brought_up_to_date(engine, stock):
    contact = await stock.add_contact()
    line = OrderLine("KT-1", "水壶", 2, 10_000)
    first = await stock.put_order(an_order(contact, "A1", lines=(line,)))
    assert (first.amount, first.status, first.lines) == (10_000, "placed", (line,))
    told = await kinds_of(engine, contact)
    again = await stock.put_order(replace(an_order(contact, "A1", lines=(line,)), placed_at=first.placed_at))
    assert again == first
    assert await kinds_of(engine, contact) == told
    paid = await stock.put_order(replace(an_order(contact, "A1"), placed_at=first.placed_at, status="paid"))
    assert (paid.id, paid.status, paid.lines) == (first.id, "paid", ())
    assert (await kinds_of(engine, contact)).count("order") == 2
    await stock.put_order(an_order(contact, "A2", days=3))
    assert [order.reference for order in await stock.orders(contact)] == ["A1", "A2"]


async def test_a_bad_order_is_refused_by_field_and_the_others_stay(stock):
    contact = await stock.add_contact()
    good = an_order(contact, "A1")
    outcomes = await stock.put_orders(
        [
            replace(good, amount=-1),
            good,
            replace(good, currency="yuan"),
            replace(good, contact_id=uuid7()),
            replace(good, reference=" "),
            replace(good, placed_at=good.placed_at.replace(tzinfo=None)),
            replace(good, lines=(OrderLine("", "x", 1, 1),)),
        ]
    )
    assert [(one.state, one.field, one.code) for one in outcomes] == [
        ("rejected", "amount", "out_of_bounds"),
        ("created", None, None),
        ("rejected", "currency", "not_a_currency"),
        ("rejected", "contact_id", "unknown_contact"),
        ("rejected", "reference", "missing"),
        ("rejected", "placed_at", "time_without_zone"),
        ("rejected", "sku", "missing"),
    ]
    assert len(await stock.orders(contact)) == 1


async def test_figures_are_those_of_the_whole_family(stock):
    contact, other = await stock.add_contact(days=400), await stock.add_contact(days=10)
    identity = await stock.add_identity(contact)
    await stock.add_interactions(identity, 2, 50, 120)
    await stock.put_orders(
        [
            an_order(contact, "old", days=380, amount=1_000),
            an_order(contact, "returned", days=5, amount=99_000, status="returned"),
            an_order(other, "dollars", days=20, amount=1_000, currency="USD"),
            an_order(other, "unknown", days=10, amount=5_000, currency="XAU"),
        ]
    )
    alone = await stock.figures(other)
    assert (alone.orders, alone.amount, alone.last_interaction_at) == (2, 7_100, None)
    await stock.join_families(other, contact)
    await stock.assess(other)
    whole = await stock.figures(other)
    assert whole.contact_id == contact
    assert (whole.orders, whole.orders_year, whole.amount, whole.amount_year) == (3, 2, 8_100, 7_100)
    assert (whole.interactions_quarter, (whole.last_order_at - whole.first_order_at).days) == (2, 370)
    assert (whole.known_since.date() - whole.first_order_at.date()).days in (-20, -21, -19)


async def test_each_change_stands_in_the_history_with_its_rule(engine, stock):
    contact = await stock.add_contact(days=40)
    standing = await stock.assess(contact)
    assert (standing.assessment.value_class, standing.assessment.stage) == ("general", "prospect")
    assert standing.assessment.tags == ()
    await stock.put_order(an_order(contact, "A1", amount=300_000))
    await stock.put_order(an_order(contact, "A2", amount=300_000))
    after = await stock.standing(contact)
    assert (after.assessment.value_class, after.assessment.value_rule) == ("high", "big-spender")
    assert after.assessment.tags == ("active", "high-value")
    assert after.value_since > standing.value_since
    told = [(one.what, one.from_value, one.to_value, one.rule) for one in await stock.standing_changes(contact)]
    assert set(told) == {
        ("value_class", None, "general", "everybody-else"),
        ("stage", None, "prospect", "never-bought"),
        ("value_class", "general", "potential", "one-large-order"),
        ("stage", "prospect", "acquisition", "first-orders"),
        ("tag", None, "active", "active"),
        ("value_class", "potential", "high", "big-spender"),
        ("stage", "acquisition", "growth", "buys-again"),
        ("tag", None, "high-value", "high-value"),
    }
    assert len(told) == 8
    assert "standing" in await kinds_of(engine, contact)
    await stock.put_order(an_order(contact, "A2", amount=0, status="cancelled"))
    assert ("tag", "high-value", None) in {
        (one.what, one.from_value, one.to_value) for one in await stock.standing_changes(contact)
    }
    assert len(await stock.standing_changes(contact, limit=2)) == 2


async def test_nobody_can_change_the_history(engine, stock):
    await stock.assess(await stock.add_contact())
    for statement in ("DELETE FROM crm.standing_changes", "UPDATE crm.standing_changes SET at = now()"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))


async def test_the_nightly_run_reaches_everybody_in_batches(engine, stock, monkeypatch):
    monkeypatch.setattr(following, "BATCH", 3)
    contacts = [await stock.add_contact() for _ in range(7)]
    await stock.put_order(an_order(contacts[2], "A1"))
    assert await assess_everybody(engine, stock.rules) == (3, 6)
    assert await assess_everybody(engine, stock.rules) == (3, 0)
    assert [(await stock.standing(one)).assessment.stage for one in contacts] == [
        *["prospect"] * 2,
        "acquisition",
        *["prospect"] * 4,
    ]
    await stock.join_families(contacts[1], contacts[0])
    await assess_everybody(engine, stock.rules)
    async with engine.connect() as connection:
        for table in (figures, standings):
            found = (await connection.execute(select(table.c.contact_id))).scalars()
            assert sorted(found) == sorted(set(contacts) - {contacts[1]})


async def test_a_merge_and_its_undoing_are_followed(engine, keys, stock):
    customers, feed = SqlCustomers(engine, keys, Policy()), SqlFeed(engine, keys, Policy())
    one, other = await stock.add_contact(days=40), await stock.add_contact(days=40)
    await stock.put_order(an_order(one, "A1", amount=300_000))
    await stock.put_order(an_order(other, "A2", amount=300_000))

    async def follow():
        async with engine.begin() as connection:
            assert await follow_changes(connection, feed, stock.rules) is None

    merge = await customers.merge(other, one, "staff:1", "same person")
    await follow()
    assert (await stock.standing(other)).contact_id == one
    assert (await stock.standing(one)).assessment.value_class == "high"
    await customers.unmerge(merge, "staff:1")
    await follow()
    assert [(await stock.standing(id)).assessment.value_class for id in (one, other)] == ["potential"] * 2


async def test_orders_at_the_same_time_are_all_counted(stock):
    contact = await stock.add_contact()
    async with asyncio.TaskGroup() as tasks:
        for number in range(12):
            tasks.create_task(stock.put_order(an_order(contact, f"A{number}", amount=100)))
    assert (await stock.figures(contact)).amount == 1_200


async def test_tags_of_people_and_of_rules(stock):
    contact, member = await stock.add_contact(days=40), await stock.add_contact(days=40)
    await stock.put_order(an_order(contact, "A1", amount=600_000))
    await stock.join_families(member, contact)
    await stock.assess(member)
    await stock.tag(member, "  VIP  客户 ", "staff:1", "老板的朋友")
    await stock.tag(contact, "vip 客户", "staff:2", "again")
    await stock.tag(contact, "active", "staff:1", "told me so")
    found = {tag.name: tag for tag in await stock.tags(contact)}
    assert list(found) == ["active", "high-value", "vip 客户"]
    assert (found["vip 客户"].by, found["vip 客户"].reason) == ("staff:1", "老板的朋友")
    assert (found["high-value"].by, found["high-value"].rule) == ("system:rules", "high-value")
    assert found["active"].by == "staff:1"

    await stock.untag(contact, "active", "staff:1", "a mistake")
    assert next(tag for tag in await stock.tags(contact) if tag.name == "active").by == "system:rules"
    with pytest.raises(Refused) as refused:
        await stock.untag(contact, "active", "staff:1", "really")
    assert refused.value.code == "tag_of_rules"
    await stock.untag(contact, "never there", "staff:1", "")
    told = [(one.from_value, one.to_value, one.reason) for one in await stock.standing_changes(member)]
    assert told[0] == ("active", None, "a mistake")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (" ", "missing"),
        ("x" * 41, "too_long"),
        ("a\x00b", "not_allowed"),
        ("mei@example.com", "personal"),
        ("call 138-0013-8000", "personal"),
    ],
)
async def test_a_tag_names_nobody(stock, name, code):
    with pytest.raises(BadField) as refused:
        await stock.tag(await stock.add_contact(), name, "staff:1", "")
    assert refused.value.code == code


async def test_reasons_do_not_stand_in_clear(addresses, stock):
    contact = await stock.add_contact()
    await stock.tag(contact, "vip", "staff:1", "the mayor's cousin")
    with psycopg.connect(addresses.owner_url) as connection:
        for table in ("tags", "standing_changes"):
            rows = connection.execute(f"SELECT t::text, encode(sealed_reason, 'escape') FROM crm.{table} t").fetchall()
            assert rows
            assert "cousin" not in str(rows)


async def test_the_nightly_run_waits_for_an_event_and_counts_it(engine, stock, keys):
    contact = await stock.add_contact()
    async with engine.begin() as connection:
        await stock.within(connection).put_order(an_order(contact, "A1", amount=700))
        night = asyncio.create_task(assess_everybody(engine, stock.rules))
        await asyncio.sleep(0.3)
        assert not night.done()
    assert await asyncio.wait_for(night, 40) == (1, 0)
    assert (await stock.figures(contact)).amount == 700


async def test_what_belongs_to_nobody_is_gone_after_the_night(engine, stock):
    contact = await stock.add_contact()
    await stock.assess(contact)
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM crm.contacts WHERE id = :id"), {"id": contact})
    await assess_everybody(engine, stock.rules)
    async with engine.connect() as connection:
        for table in (figures, standings):
            assert (await connection.execute(select(table))).all() == []
