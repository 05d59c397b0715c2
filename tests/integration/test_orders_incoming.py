"""Orders for customers known by an outside key, a phone number or an e-mail address."""

import pytest

from crm_adapter.customers.store import SqlCustomers
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.value.incoming import NOBODY, Incoming, Whose
from tests.integration.value_store import ago, an_order, stock_of


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


@pytest.fixture
async def mei(engine, keys):
    customers = SqlCustomers(engine, keys, Policy())
    fields = {"name": "梅", "phone": "13800138000", "email": "mei@example.com"}
    made = await customers.upsert_contact(ExternalKey("erp", "C-7"), fields, Provenance("erp", "system:test", ago(1)))
    return made.contact_id


async def test_each_way_to_name_a_customer(stock, mei):
    ways = [
        Whose(contact_id=mei),
        Whose(external_key=ExternalKey("erp", "C-7")),
        Whose(phone="+86 138 0013 8000"),
        Whose(email="mei@example.com"),
    ]
    incoming = [Incoming(whose, an_order(NOBODY, f"A{number}")) for number, whose in enumerate(ways)]
    outcomes = await stock.take_orders(incoming)
    assert [one.state for one in outcomes] == ["created"] * 4
    assert {order.reference for order in await stock.orders(mei)} == {"A0", "A1", "A2", "A3"}
    assert (await stock.figures(mei)).orders == 4
    assert [one.state for one in await stock.take_orders(incoming)] == ["unchanged"] * 4


async def test_who_is_not_known_or_not_one_is_rejected(engine, keys, stock, mei):
    customers = SqlCustomers(engine, keys, Policy())
    twin = await stock.add_contact()
    await customers.set_fields(twin, {"phone": "13800138000"}, Provenance("staff", "system:test", ago(1)))
    ways = [
        Whose(external_key=ExternalKey("erp", "C-8")),
        Whose(phone="13800138000"),
        Whose(phone="one two"),
        Whose(email="nobody@example.com"),
        Whose(),
    ]
    outcomes = await stock.take_orders(
        [Incoming(whose, an_order(NOBODY, f"A{number}")) for number, whose in enumerate(ways)]
    )
    told = [(one.field, one.code) for one in outcomes]
    assert told[:2] == [("key", "unknown_contact"), ("phone", "several_contacts")]
    assert told[2][0] == "phone"
    assert told[3:] == [("email", "unknown_contact"), ("contact_id", "missing")]
    assert await stock.orders(mei) == []


async def test_a_dry_run_stores_nothing(stock, mei):
    incoming = [Incoming(Whose(contact_id=mei), an_order(NOBODY, "A1"))]
    assert [one.state for one in await stock.take_orders(incoming, dry_run=True)] == ["created"]
    assert (await stock.orders(mei), await stock.figures(mei)) == ([], None)
