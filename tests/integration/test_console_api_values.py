"""Value, tags, organisations, segments and orders through the console's API."""

import pytest
from uuid_utils.compat import uuid7

from tests.integration.console_client import serving
from tests.integration.value_store import ago, an_order, stock_of


@pytest.fixture
async def console(engine):
    async with serving(engine) as console:
        yield console


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


async def test_what_a_customer_is_worth_and_why(console, stock):
    browser = await console.signed_in("mei", "crm_manager")
    contact = await stock.add_contact(days=40)
    path = f"/api/contacts/{contact}/value"
    fresh = (await browser.call("GET", path)).body
    assert (fresh["value_class"], fresh["figures"], fresh["orders"]) == (None, None, [])
    await stock.put_order(an_order(contact, "A1", amount=300_000))
    shown = (await browser.call("GET", path)).body
    assert shown["value_class"]["is"] == "potential"
    assert shown["value_class"]["reason"] == "近一年消费达到 2,000 元，还有提升空间。"
    assert (shown["stage"]["is"], shown["figures"]["amount_year"]) == ("acquisition", 300_000)
    assert [order["reference"] for order in shown["orders"]] == ["A1"]
    assert [(tag["name"], tag["by"]) for tag in shown["tags"]] == [("active", "system:rules")]
    assert {change["what"] for change in shown["changes"]} == {"value_class", "stage", "tag"}
    again = await browser.call("POST", path)
    assert again.body["stage"]["is"] == "acquisition"
    for method in ("GET", "POST"):
        assert (await browser.call(method, f"/api/contacts/{uuid7()}/value")).status == 404
    assert (await browser.call("GET", "/api/contacts/none/value")).status == 404


async def test_tags_are_given_and_taken(console, stock):
    browser = await console.signed_in("mei", "agent")
    contact = await stock.add_contact()
    await stock.assess(contact)
    path = f"/api/contacts/{contact}/tags"
    given = await browser.call("POST", path, {"name": "VIP", "reason": "asked for it"})
    assert [(tag["name"], tag["reason"]) for tag in given.body["items"]] == [
        ("new", "30 天内第一次联系。"),
        ("vip", "asked for it"),
    ]
    assert (await browser.call("DELETE", path, {"name": "new"})).code == "tag_of_rules"
    assert [tag["name"] for tag in (await browser.call("DELETE", path, {"name": "vip"})).body["items"]] == ["new"]
    refused = await browser.call("POST", path, {"name": "13800138000"})
    assert refused.body["fields"] == [{"field": "tag", "reason": "personal"}]


async def test_organisations_and_members(console, stock):
    browser = await console.signed_in("mei", "account_manager")
    company, person = await stock.add_contact(kind="organisation"), await stock.add_contact()
    path = f"/api/contacts/{company}"
    wanted = {"industry": "酒店", "size": "large", "region": "华东"}
    assert (await browser.call("PUT", f"{path}/organisation", wanted)).body == {
        **wanted,
        "members": [],
        "member_of": [],
    }
    joined = await browser.call("POST", f"{path}/members", {"person_id": str(person), "role": "采购"})
    assert [(one["person_id"], one["role"]) for one in joined.body["members"]] == [(str(person), "采购")]
    assert joined.body["members"][0]["name"] == f"访客 {str(person)[-4:]}"
    theirs = (await browser.call("GET", f"/api/contacts/{person}/organisation")).body
    assert [one["organisation_id"] for one in theirs["member_of"]] == [str(company)]
    refused = await browser.call("PUT", f"/api/contacts/{person}/organisation", wanted)
    assert (refused.status, refused.code) == (409, "not_an_organisation")
    assert (await browser.call("PUT", f"{path}/organisation", {"size": "huge"})).status == 422
    gone = await browser.call("DELETE", f"{path}/members/{person}")
    assert gone.body["members"] == []
    assert (await browser.call("DELETE", f"{path}/members/none")).status == 404


async def test_segments_are_previewed_saved_and_removed(console, stock):
    browser = await console.signed_in("mei", "marketing")
    await stock.put_order(an_order(await stock.add_contact(), "A1", amount=300_000))
    condition = {"field": "value_class", "is": "potential"}
    assert (await browser.call("POST", "/api/segments/preview", {"condition": condition})).body == {"count": 1}
    saved = await browser.call("PUT", "/api/segments", {"name": "潜力客户", "condition": condition})
    assert (saved.body["name"], saved.body["condition"]) == ("潜力客户", condition)
    assert [one["id"] for one in (await browser.call("GET", "/api/segments")).body["items"]] == [saved.body["id"]]
    bad = {"any": [condition, {"field": "phone", "is": "1"}]}
    for method, path, body in (
        ("POST", "/api/segments/preview", {"condition": bad}),
        ("PUT", "/api/segments", {"name": "x", "condition": bad}),
    ):
        refused = await browser.call(method, path, body)
        assert (refused.status, refused.code, refused.body["place"]) == (422, "bad_segment", "any[1].field")
        assert refused.body["reason"] == "unknown_field"
    assert (await browser.call("DELETE", f"/api/segments/{saved.body['id']}")).status == 204
    assert (await browser.call("DELETE", f"/api/segments/{saved.body['id']}")).status == 404
    assert (await browser.call("DELETE", "/api/segments/none")).status == 404


async def test_what_a_condition_can_ask_about(console):
    browser = await console.signed_in("mei", "marketing")
    told = (await browser.call("GET", "/api/segments/fields")).body
    fields = {one["id"]: one for one in told["items"]}
    assert fields["stage"]["words"]
    assert fields["amount"]["operators"] == ["at_least", "at_most", "is"]
    assert (fields["consent"]["needed"], fields["consent"]["operators"]) == (["purpose"], ["is"])
    assert told["currency"] == "CNY"
    assert told["tags"]
    agent = await console.signed_in("lei", "agent")
    assert (await agent.call("GET", "/api/segments/fields")).code == "forbidden"


async def test_orders_are_taken_each_by_itself(console, stock):
    browser = await console.signed_in("mei", "crm_specialist")
    contact = await stock.add_contact()
    good = {"contact_id": str(contact), "reference": "A1", "placed_at": ago(3).isoformat(), "amount": 12_900}
    line = {"sku": "KT-1", "name": "水壶", "quantity": 2, "amount": 12_900}
    sent = [{**good, "lines": [line]}, {**good, "reference": "A2", "amount": -1}, {**good, "contact_id": str(uuid7())}]
    reply = await browser.call("POST", "/api/orders", {"source": "erp", "orders": sent})
    assert reply.body["rejected"] == 2
    first, *others = reply.body["items"]
    assert (first["number"], first["state"]) == (0, "created")
    assert others == [
        {"number": 1, "state": "rejected", "field": "amount", "reason": "out_of_bounds"},
        {"number": 2, "state": "rejected", "field": "contact_id", "reason": "unknown_contact"},
    ]
    (order,) = await stock.orders(contact)
    assert (str(order.id), order.source, order.lines[0].sku) == (first["id"], "erp", "KT-1")
    for wrong in ({"source": "erp", "orders": []}, {"orders": [good]}, {"source": "erp", "orders": [{**good, "x": 1}]}):
        assert (await browser.call("POST", "/api/orders", wrong)).status == 422
