"""Staff accounts through the API, the first administrator, and the same by command line."""

import asyncio
import re

import pytest_asyncio
from sqlalchemy import text

from bot.staff.first import ensure_first_administrator
from tests.integration.console_client import Console, serving


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


def _new(name: str, *roles: str) -> dict:
    return {"name": name, "display_name": name.title(), "roles": list(roles)}


async def test_an_administrator_adds_changes_and_switches_off(console):
    root = await console.signed_in("root", "administrator")
    added = (await root.call("POST", "/api/staff", _new("Mei", "agent", "agent"))).body
    assert (added["name"], added["roles"], added["active"], added["pending"]) == ("mei", ["agent"], True, True)
    assert added["last_sign_in_at"] is None
    assert (await root.call("POST", "/api/staff", _new("MEI", "agent"))).code == "name_taken"

    path = f"/api/staff/{added['id']}"
    changed = (await root.call("PATCH", path, {"roles": ["auditor", "marketing"], "display_name": "小美"})).body
    assert (changed["roles"], changed["display_name"]) == (["auditor", "marketing"], "小美")
    assert (await root.call("PATCH", path, {"roles": ["emperor"]})).body["fields"] == [
        {"field": "roles", "reason": "not_allowed"}
    ]
    listed = (await root.call("GET", "/api/staff")).body
    assert [one["name"] for one in listed["items"]] == ["mei", "root"]
    assert listed["items"][0] == changed
    assert listed["next"] is None
    assert (await root.call("PATCH", path, {"active": False})).body["active"] is False
    assert (await root.call("POST", f"{path}/link")).code == "staff_inactive"
    assert (await root.call("PATCH", "/api/staff/none", {})).code == "unknown_staff"


async def test_everybody_here_knows_what_colleagues_are_called(console):
    root, agent = await console.signed_in("root", "administrator"), await console.signed_in("mei", "agent")
    added = (await root.call("POST", "/api/staff", _new("Wang", "auditor"))).body
    await root.call("PATCH", f"/api/staff/{added['id']}", {"active": False})
    called = (await agent.call("GET", "/api/colleagues")).body["items"]
    assert len(called) == 3
    assert {"id": added["id"], "display_name": "Wang", "active": False} in called
    assert (await agent.call("GET", "/api/staff")).code == "forbidden"


async def test_switching_off_ends_access_at_once(console):
    root = await console.signed_in("root", "administrator")
    mei = await console.signed_in("mei", "agent")
    mei_id = (await mei.call("GET", "/api/session")).body["staff"]["id"]
    link = (await root.call("POST", f"/api/staff/{mei_id}/link")).body["link"]
    await root.call("PATCH", f"/api/staff/{mei_id}", {"active": False})
    assert (await mei.call("GET", "/api/session")).code == "not_signed_in"
    assert (await mei.sign_in("mei")).code == "sign_in_failed"
    await root.call("PATCH", f"/api/staff/{mei_id}", {"active": True})
    assert (await mei.call("GET", "/api/session")).code == "not_signed_in"
    body = {"token": link.partition("token=")[2], "password": "another fine secret"}
    assert (await mei.call("POST", "/api/session/link", body)).code == "link_invalid"


async def test_a_changed_role_counts_from_the_next_request(console):
    root = await console.signed_in("root", "administrator")
    mei = await console.signed_in("mei", "agent")
    mei_id = (await mei.call("GET", "/api/session")).body["staff"]["id"]
    assert (await mei.call("GET", "/api/contacts")).status == 200
    await root.call("PATCH", f"/api/staff/{mei_id}", {"roles": ["marketing"]})
    assert (await mei.call("GET", "/api/contacts")).code == "forbidden"


async def test_somebody_can_always_administer(console):
    root = await console.signed_in("root", "administrator", "crm_manager")
    root_id = (await root.call("GET", "/api/session")).body["staff"]["id"]
    await root.call("POST", "/api/staff", _new("heir", "administrator"))  # has never signed in
    for change in ({"roles": ["agent"]}, {"active": False}, {"roles": ["crm_manager"]}):
        refused = await root.call("PATCH", f"/api/staff/{root_id}", change)
        assert refused.code in ("last_administrator", "own_roles")
    assert (await root.call("PATCH", f"/api/staff/{root_id}", {"active": False})).code == "last_administrator"
    assert (await root.call("PATCH", f"/api/staff/{root_id}", {"roles": ["administrator"]})).status == 200


async def test_two_administrators_cannot_remove_each_other_at_once(console):
    for round_number in range(10):
        ann = await console.signed_in(f"ann{round_number}", "administrator")
        ben = await console.signed_in(f"ben{round_number}", "administrator")
        ids = [(await one.call("GET", "/api/session")).body["staff"]["id"] for one in (ann, ben)]
        await asyncio.gather(
            ann.call("PATCH", f"/api/staff/{ids[1]}", {"active": False}),
            ben.call("PATCH", f"/api/staff/{ids[0]}", {"active": False}),
        )
        async with console.engine.begin() as connection:
            left = await connection.execute(text("SELECT count(*) FROM bot.staff WHERE active"))
            assert left.scalar_one() == 1
            await connection.execute(text("UPDATE bot.staff SET active = false"))


async def test_nobody_gives_themselves_a_role(console):
    root = await console.signed_in("root", "administrator")
    root_id = (await root.call("GET", "/api/session")).body["staff"]["id"]
    grab = {"roles": ["administrator", "crm_manager"]}
    assert (await root.call("PATCH", f"/api/staff/{root_id}", grab)).code == "own_roles"


async def test_pages_of_accounts(console):
    root = await console.signed_in("root", "administrator")
    for n in range(7):
        await root.call("POST", "/api/staff", _new(f"p{n}", "agent"))
    names, cursor, pages = [], "", 0
    while cursor is not None:
        page = (await root.call("GET", f"/api/staff?limit=3&cursor={cursor}")).body
        names += [one["name"] for one in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert names == [*(f"p{n}" for n in range(7)), "root"]
    assert pages == 3


async def test_roles_are_listed_with_what_they_allow(console):
    root = await console.signed_in("root", "administrator")
    roles = {one["id"]: one["permissions"] for one in (await root.call("GET", "/api/roles")).body["items"]}
    assert len(roles) == 11
    assert roles["administrator"] == [
        "articles.read", "reviews.decide", "reviews.read", "session.own", "staff.manage", "system.read",
    ]  # fmt: skip


def _token(link: str) -> str:
    found = re.fullmatch(r"http://127\.0\.0\.1:8080/console/#/welcome\?token=([\w-]{43})", link)
    assert found
    return found[1]


async def test_the_first_administrator_comes_in_by_the_newest_link(console):
    first = await ensure_first_administrator(console.engine, "http://127.0.0.1:8080/")
    second = await ensure_first_administrator(console.engine, "http://127.0.0.1:8080")
    browser = console.browser()
    body = {"token": _token(first), "password": "a kettle sings at seven"}
    assert (await browser.call("POST", "/api/session/link", body)).code == "link_invalid"
    reply = await browser.call("POST", "/api/session/link", {**body, "token": _token(second)})
    assert reply.body["staff"]["name"] == "admin"
    assert reply.body["staff"]["roles"] == ["administrator", "crm_manager"]
    assert {"staff.manage", "contacts.read"} <= set(reply.body["staff"]["permissions"])
    assert await ensure_first_administrator(console.engine, "http://127.0.0.1:8080") is None


async def test_many_starts_at_once_make_one_administrator_and_one_good_link(console):
    links = await asyncio.gather(
        *(ensure_first_administrator(console.engine, "http://127.0.0.1:8080") for _ in range(6))
    )
    replies = [
        await console.browser().call(
            "POST", "/api/session/link", {"token": _token(link), "password": "a kettle sings at seven"}
        )
        for link in links
    ]
    assert sorted(reply.status for reply in replies) == [200] + [401] * 5


async def test_a_first_administrator_is_made_again_while_none_ever_came_in(console: Console):
    await ensure_first_administrator(console.engine, "http://127.0.0.1:8080")
    async with console.engine.begin() as connection:
        await connection.execute(text("UPDATE bot.staff SET active = false, roles = '{}'"))
    link = await ensure_first_administrator(console.engine, "http://127.0.0.1:8080")
    body = {"token": _token(link), "password": "a kettle sings at seven"}
    reply = await console.browser().call("POST", "/api/session/link", body)
    assert reply.body["staff"]["roles"] == ["administrator", "crm_manager"]
