"""Every read of customer data is in the access log before the answer leaves (PR4), masked unless asked for (PR10)."""

import asyncio
import getpass
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from aiohttp import web
from sqlalchemy import func, select, text

from bot.__main__ import main
from bot.app import make_app
from bot.staff.roles import CUSTOMER_DATA, ROLES, Permission
from bot.storage.database import make_engine
from bot.web.console.mount import ROUTES
from bot.web.console.seen import SEEN
from bot.web.routes import Route, access_table, register
from crm_adapter.ledger.sequencer import link_all
from crm_adapter.ledger.tables import ledger_links
from crm_adapter.policy import Policy
from crm_adapter.records.customers import Provenance
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.records.value import NewOrder
from crm_adapter.sharing.access import list_accesses
from crm_adapter.sharing.tables import access_log
from crm_adapter.sharing.uses import NewUse, ask_use, decide_use
from crm_adapter.sql_store import SqlStore
from crm_adapter.tables import contacts
from tests.integration.console_client import console_app, serving, store_talk
from tests.integration.sharing_store import Rooms

ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
CARD = "我的卡号是 4111 1111 1111 1111，请退款"
MASKED = "我的卡号是 •••• •••• •••• 1111，请退款"


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


async def accesses(engine, keys, **filters):
    async with engine.begin() as connection:
        return list(await list_accesses(connection, keys, **filters))


async def test_a_read_is_logged_with_who_whom_and_what(engine, keys, console):
    one, two = await store_talk(engine, "怎么退货"), await store_talk(engine, "保修多久")
    mei = await console.staff("mei", "agent")
    browser = console.browser()
    await browser.sign_in("mei")
    await browser.call("GET", f"/api/contacts/{one.contact}")
    await browser.call("GET", "/api/interactions")
    await browser.call("GET", f"/api/conversations/{two.conversation}/messages")
    await browser.call("GET", "/api/contacts?limit=1")
    reads = [
        (read.actor, read.action, read.data_kind, set(read.contact_ids), read.purpose)
        for read in reversed(await accesses(engine, keys))
    ]
    actor = f"staff:{mei.id}"
    assert reads == [
        (actor, "GET /api/contacts/{id}", "contacts.read", {one.contact}, "service"),
        (actor, "GET /api/interactions", "interactions.read", {one.contact, two.contact}, "service"),
        (actor, "GET /api/conversations/{id}/messages", "conversations.read", {two.contact}, "service"),
        (actor, "GET /api/contacts", "contacts.read", {two.contact}, "service"),
    ]


async def test_a_search_without_a_hit_is_a_read_and_a_refused_request_is_none(engine, keys, console):
    agent = await console.signed_in("mei", "agent")
    assert (await agent.call("GET", "/api/contacts?q=13800138000")).body["items"] == []
    assert (await agent.call("GET", "/api/contacts/nobody")).status == 404
    assert (await agent.call("GET", "/api/interactions?limit=0")).status == 422
    (read,) = await accesses(engine, keys)
    assert (read.action, read.contact_ids) == ("GET /api/contacts", ())


async def test_what_cannot_be_logged_is_not_shown(addresses, engine, console):
    talk = await store_talk(engine, "怎么退货")
    agent = await console.signed_in("mei", "agent")
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute("REVOKE INSERT ON crm.access_log FROM yingda_app")
    reply = await agent.call("GET", f"/api/contacts/{talk.contact}")
    assert reply.status == 500
    assert str(talk.identity) not in str(reply.body)


async def test_the_row_is_there_before_the_answer(addresses, engine):
    """A handler that has answered but whose row waits has not answered yet."""
    talk = await store_talk(engine, "怎么退货")

    async def show(request):
        request[SEEN].add(talk.contact)
        return web.json_response({"id": str(talk.contact)})

    app = console_app(engine)
    register(app, [Route("GET", "/api/sample", show, Permission.CONTACTS_READ)])
    async with serving(engine, app=app) as console:
        agent = await console.signed_in("mei", "agent")
        with psycopg.connect(addresses.owner_url) as holding:
            holding.execute("LOCK TABLE crm.access_log IN SHARE MODE")
            asked = asyncio.create_task(agent.call("GET", "/api/sample"))
            done, _ = await asyncio.wait({asked}, timeout=0.5)
            assert not done
        assert (await asked).status == 200
    async with engine.connect() as connection:
        (row,) = (await connection.execute(select(access_log))).all()
    assert (row.action, row.contact_ids) == ("GET /api/sample", [talk.contact])


async def undeclared(engine, keys, app, known) -> list[tuple[str, set[UUID]]]:
    """Routes that show contacts they do not declare: every GET of customer data, with every id we have.

    ``known`` says whose each id is: whoever is shown by a record's id is shown, also when the answer does not say whose
    record it is.
    """
    faults = []
    async with serving(engine, app=app) as console:
        everybody = await console.signed_in("mei", *ROLES)
        async with engine.connect() as connection:
            customers = set((await connection.execute(select(contacts.c.id))).scalars())
        for route, access in access_table(app).items():
            if route.method != "GET" or access not in CUSTOMER_DATA:
                continue
            path = route.resource.canonical
            for one in known if "{" in path else list(known)[:1]:
                before = {read.id for read in await accesses(engine, keys, limit=1000)}
                reply = await everybody.call("GET", re.sub(r"\{\w+\}", str(one), path))
                if reply.status >= 400:
                    continue
                shown = {UUID(found) for found in ID.findall(json.dumps(reply.body))} & customers
                new = [read for read in await accesses(engine, keys, limit=1000) if read.id not in before]
                assert len(new) == 1, path
                if "{" in path and reply.body.get("items") != []:
                    shown.add(known[one])
                if missing := shown - set(new[0].contact_ids):
                    faults.append((path, missing))
    return faults


async def test_every_route_declares_whom_it_shows(engine, keys):
    talk = await store_talk(engine, "怎么退货", "七天内可以退货。", name="王芳")
    other = await store_talk(engine, "保修多久")
    store, now = SqlStore(engine, keys, Policy()), datetime.now(UTC)
    case = await store.open_case("1", NewCase(talk.contact, "complaint", "product", "水壶漏水", now, "customer"))
    task = await store.add_task("1", NewTask(talk.contact, "call_back", "回电", now, "system:test"))
    order = await store.put_order(NewOrder(talk.contact, "shop", "A1", now, 129900))
    asked = await store.open_privacy_request(NewPrivacyRequest(talk.contact, "view", "customer", now))
    for contact_id in (talk.contact, other.contact):
        said = Provenance("web", "customer", now)
        await store.link_identity(contact_id, "phone", "phone", "+8613800138000", "claimed", said)
    assert await store.merge_suggestions()
    known = dict.fromkeys((*talk, case.id, task.id, order.id, asked.id), talk.contact)
    assert await undeclared(engine, keys, console_app(engine), known) == []


async def test_the_walk_finds_a_route_that_forgot(engine, keys):
    talk = await store_talk(engine, "怎么退货")

    async def forgetful(request):
        return web.json_response({"customers": [{"id": request.match_info["id"]}]})

    app = console_app(engine)
    register(app, [Route("GET", "/api/sample/{id}", forgetful, Permission.CONTACTS_READ)])
    known = {talk.contact: talk.contact}
    assert await undeclared(engine, keys, app, known) == [("/api/sample/{id}", {talk.contact})]


def test_a_new_permission_is_customer_data_until_somebody_says_otherwise(settings, addresses):
    assert {Permission.CONTACTS_READ, Permission.INTERACTIONS_READ, Permission.CONVERSATIONS_READ} <= CUSTOMER_DATA
    assert Permission.SESSION_OWN not in CUSTOMER_DATA
    paths = {route.path for route in ROUTES if route.permission in CUSTOMER_DATA}
    app = make_app(settings, addresses)
    assert paths <= {route.resource.canonical for route, access in access_table(app).items() if access in CUSTOMER_DATA}


async def test_sensitive_data_is_masked_until_somebody_says_why(engine, keys, console):
    talk = await store_talk(engine, CARD, "好的")
    agent = await console.signed_in("mei", "agent")
    paths = {
        "/api/interactions": lambda body: body["items"][-1]["content"],
        f"/api/conversations/{talk.conversation}/messages": lambda body: body["items"][0]["body"]["text"],
    }
    for path, content in paths.items():
        assert content((await agent.call("GET", path)).body) == MASKED
        assert content((await agent.call("GET", f"{path}?unmask=0")).body) == MASKED
        for query in ("unmask=1", "unmask=1&reason=", "unmask=1&reason=abc", "unmask=1&reason=%20%20%20%20"):
            refused = await agent.call("GET", f"{path}?{query}")
            assert (refused.status, refused.code) == (422, "invalid")
        opened = await agent.call("GET", path, params={"unmask": "1", "reason": "退款需要核对卡号"})
        assert content(opened.body) == CARD
        read = (await accesses(engine, keys, limit=1))[0]
        assert (read.purpose, read.reason) == ("unmask", "退款需要核对卡号")
        assert set(read.contact_ids) == {talk.contact}
    async with engine.connect() as connection:
        stored = (await connection.execute(text("SELECT row_to_json(t)::text FROM crm.access_log t"))).scalars()
        assert "退款" not in "".join(stored)


async def test_who_may_not_unmask_does_not(engine, keys, console):
    await store_talk(engine, CARD)
    for role in ("account_manager", "crm_manager", "crm_specialist", "auditor"):
        browser = await console.signed_in(role, role)
        reply = await browser.call("GET", "/api/interactions", params={"unmask": "1", "reason": "just curious"})
        assert (reply.status, reply.code) == (403, "forbidden")
        (item,) = (await browser.call("GET", "/api/interactions")).body["items"]
        assert item["content"] == MASKED


async def test_the_log_is_read_by_privacy_officer_and_auditor(engine, console):
    one, two = await store_talk(engine, "怎么退货"), await store_talk(engine, "保修多久")
    mei, agent = await console.staff("mei", "agent"), console.browser()
    await agent.sign_in("mei")
    other = await console.signed_in("lin", "agent")
    for _ in range(3):
        await agent.call("GET", f"/api/contacts/{one.contact}")
    await other.call("GET", f"/api/contacts/{two.contact}")
    auditor = await console.signed_in("wu", "auditor")

    async def found(**query):
        reply = await auditor.call("GET", "/api/access-log", params=query)
        assert reply.status == 200, reply.body
        return reply.body["items"]

    assert [one["contact_ids"] for one in await found(contact_id=str(two.contact))] == [[str(two.contact)]]
    assert len(await found(staff_id=str(mei.id))) == 3
    assert len(await found(actor=f"staff:{mei.id}")) == 3
    newest = (await found())[0]
    assert await found(since=newest["at"], until=newest["at"]) == []
    assert len(await found(since=newest["at"])) == 1
    assert len(await found(until=newest["at"])) == 3
    page = (await auditor.call("GET", "/api/access-log?limit=3")).body
    rest = (await auditor.call("GET", f"/api/access-log?limit=3&cursor={page['next']}")).body
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    for query in ("since=yesterday", "until=2026-01-01T00:00:00", "contact_id=x", "staff_id=1", "cursor=eA"):
        assert (await auditor.call("GET", f"/api/access-log?{query}")).status in (400, 422)
    assert (await agent.call("GET", "/api/access-log")).status == 403


async def test_the_log_is_a_chain(engine, keys, console):
    talk = await store_talk(engine, "怎么退货")
    agent = await console.signed_in("mei", "agent")
    for _ in range(3):
        await agent.call("GET", f"/api/contacts/{talk.contact}")
    await link_all(engine, keys)
    async with engine.connect() as connection:
        linked = select(func.count()).where(ledger_links.c.chain == "access")
        assert (await connection.execute(linked)).scalar_one() == 3


@pytest.fixture
def run(addresses, settings, tmp_path, monkeypatch, capsys):
    """Runs ``yingda ARGUMENTS`` on the test's database: exit code, output."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.setenv("YINGDA_KEYS__RING", settings.keys.ring.get_secret_value())
    monkeypatch.chdir(tmp_path)

    def yingda(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        return code, capsys.readouterr().out

    return yingda


def test_the_command_line_is_logged_with_the_machines_user(run, addresses, settings):
    async def fill():
        engine = make_engine(addresses.application_url, settings)
        talk = await store_talk(engine, CARD)
        await engine.dispose()
        return talk

    talk = asyncio.run(fill())
    code, out = run("contact", "show", "last")
    assert (code, CARD in out, MASKED in out) == (0, False, True)
    code, out = run("contact", "show", str(talk.contact), "--unmask", "refund needs the card")
    assert (code, CARD in out) == (0, True)
    assert run("contact", "list")[0] == 0
    code, out = run("access", "list", "--json")
    reads = [json.loads(line) for line in out.splitlines()]
    assert [(read["action"], read["purpose"], read["reason"]) for read in reads] == [
        ("yingda contact list", "service", None),
        ("yingda contact show", "unmask", "refund needs the card"),
        ("yingda contact show", "service", None),
    ]
    assert {read["actor"] for read in reads} == {f"command_reader:{getpass.getuser()}"}
    assert all(read["contact_ids"] == [str(talk.contact)] for read in reads)
    assert len(run("access", "list", "--contact", str(talk.contact), "--limit", "2")[1].splitlines()) == 2
    assert run("access", "list", "--actor", "staff:nobody")[1] == ""


def test_the_command_line_exports_what_was_approved_and_opens_reviews(run, addresses, settings, keys, tmp_path):
    async def ask(decide: bool):
        engine = make_engine(addresses.application_url, settings)
        mei = await Rooms(engine, keys, Policy()).person(str(decide), name="王芳", gender="女")
        asked = NewUse("export", "survey", "regions", ("gender",), "staff:1", contact_ids=(mei,))
        async with engine.begin() as connection:
            use = await ask_use(connection, keys, asked)
            if decide:
                until = datetime.now(UTC) + timedelta(days=1)
                await decide_use(connection, keys, use.id, "approved", "staff:2", "fine", valid_until=until)
        await engine.dispose()
        return use.id

    approved, asked = asyncio.run(ask(True)), asyncio.run(ask(False))
    file = tmp_path / "rows.csv"
    assert run("access", "export", str(asked), "--to", str(file)) == (1, "")
    assert not file.exists()
    code, out = run("access", "export", str(approved), "--to", str(file))
    assert (code, out) == (0, "1 rows, 0 left out; the smallest group that looks alike: 1\n")
    assert file.read_text(encoding="utf-8-sig").splitlines()[1].endswith(",female")
    assert file.stat().st_mode & 0o077 == 0
    assert run("access", "export", str(approved), "--to", str(file)) == (1, "")  # what is there stays
    assert getpass.getuser() in run("access", "list")[1]
    assert run("staff", "add", "ada", "--role", "administrator")[0] == 0
    assert run("access", "review")[0] == 0
    assert run("access", "review") == (1, "")
