"""Cases and tasks as the console opens, moves and closes them."""

from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from crm_adapter.sharing.tables import access_log
from tests.integration.console_client import make_staff, serving, store_talk

NEW = {"key": "1", "kind": "complaint", "category": "product", "matter": "水壶漏水, 11010519491231002X"}


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


@pytest_asyncio.fixture
async def agent(console):
    return await console.signed_in("mei", "agent")


async def open_case(console, agent, **more):
    talk = await store_talk(console.engine, "你好")
    reply = await agent.call("POST", f"/api/contacts/{talk.contact}/cases", {**NEW, **more})
    assert reply.status == 201, reply.body
    return reply.body


async def test_a_complaint_from_its_opening_to_its_end(console, agent):
    case = await open_case(console, agent, remedy="换一个", reach="下午打电话", order_ref="A-1", priority="high")
    path = f"/api/cases/{case['id']}"
    assert (case["state"], case["version"], case["owner_id"], case["order_ref"]) == ("open", 1, None, "A-1")
    assert (case["priority"], case["remedy"], case["reach"]) == ("high", "换一个", "下午打电话")
    assert case["first_due_at"] < case["final_due_at"]
    assert case["next"] == ["answered", "closed", "investigating", "planned"]
    for version, state in enumerate(("investigating", "planned", "executing", "answered"), start=1):
        step = {"to": state, "note": f"第{version}步", "version": version}
        reply = await agent.call("POST", f"{path}/transition", step)
        assert (reply.status, reply.body["state"], reply.body["version"]) == (200, state, version + 1)
    late = await agent.call("POST", f"{path}/transition", {"to": "closed", "version": 2})
    assert (late.status, late.code, late.body["actual"]) == (409, "version_conflict", 5)
    early = await agent.call("POST", f"{path}/transition", {"to": "closed", "version": 5})
    assert (early.status, early.code) == (409, "root_cause_needed")
    wrong = await agent.call("POST", f"{path}/transition", {"to": "litigation", "version": 5})
    assert (wrong.status, wrong.code) == (409, "bad_transition")
    end = await agent.call("POST", f"{path}/transition", {"to": "closed", "version": 5, "root_cause": "product"})
    assert (end.status, end.body["root_cause"]) == (200, "product")
    shown = (await agent.call("GET", path)).body
    assert shown == end.body
    assert [event["note"] for event in shown["events"]] == ["", "第1步", "第2步", "第3步", "第4步", ""]
    assert {event["by"] for event in shown["events"]} == {f"staff:{shown['owner_id']}"}
    assert (await agent.call("GET", f"/api/cases/{case['number'].lower()}")).body == shown


async def test_sent_twice_it_is_one_case_and_one_task(console, agent):
    talk = await store_talk(console.engine, "你好")
    task = {"key": "1", "kind": "call", "subject": "回电", "due_at": "2026-12-01T10:00:00+08:00"}
    for path, body in ((f"/api/contacts/{talk.contact}/cases", NEW), (f"/api/contacts/{talk.contact}/tasks", task)):
        first, again = await agent.call("POST", path, body), await agent.call("POST", path, body)
        assert first.status == again.status == 201
        assert first.body["id"] == again.body["id"]
        listed = (await agent.call("GET", path)).body
        assert [one["id"] for one in listed["items"]] == [first.body["id"]]


async def test_sensitive_data_is_masked_until_asked_for_with_a_reason(console, agent):
    case = await open_case(console, agent)
    assert "水壶漏水" in case["matter"]
    assert "19491231" not in case["matter"]
    path = f"/api/cases/{case['id']}"
    assert "19491231" not in (await agent.call("GET", path)).body["matter"]
    open_ = await agent.call("GET", path, params={"unmask": "1", "reason": "确认身份"})
    assert open_.body["matter"] == NEW["matter"]


async def test_every_look_at_a_case_is_in_the_access_log(console, agent):
    case = await open_case(console, agent)
    await agent.call("GET", f"/api/cases/{case['id']}")
    await agent.call("GET", f"/api/contacts/{case['contact_id']}/cases")
    async with console.engine.connect() as connection:
        rows = (await connection.execute(select(access_log.c.action, access_log.c.contact_ids))).all()
    looked = {row.action: [str(one) for one in row.contact_ids] for row in rows}
    for action in ("GET /api/cases/{id}", "GET /api/contacts/{id}/cases", "POST /api/contacts/{id}/cases"):
        assert looked[action] == [case["contact_id"]]


async def test_a_case_is_given_to_somebody_who_can_take_it(console, agent):
    case, path = await open_case(console, agent), "/api/cases/{}/owner"
    colleague = await make_staff(console.engine, "lin", "agent")
    given = await agent.call(
        "POST", path.format(case["id"]), {"owner_id": str(colleague.id), "note": "懂水壶", "version": 1}
    )
    assert (given.status, given.body["owner_id"], given.body["version"]) == (200, str(colleague.id), 2)
    nobody = await agent.call("POST", path.format(case["id"]), {"owner_id": str(uuid4()), "version": 2})
    assert (nobody.status, nobody.code) == (404, "unknown_staff")


async def test_a_task_is_added_for_oneself_and_closed_once(console, agent):
    case = await open_case(console, agent)
    body = {"key": "1", "kind": "call", "subject": "回电", "due_at": "2026-12-01T10:00:00+08:00", "case_id": case["id"]}
    path = f"/api/contacts/{case['contact_id']}/tasks"
    task = (await agent.call("POST", path, body)).body
    assert (task["state"], task["case_id"], task["subject"]) == ("open", case["id"], "回电")
    assert task["owner_id"] is not None
    done = await agent.call("POST", f"/api/tasks/{task['id']}/close", {"state": "done", "result": "满意"})
    assert (done.status, done.body["state"], done.body["result"]) == (200, "done", "满意")
    again = await agent.call("POST", f"/api/tasks/{task['id']}/close", {"state": "cancelled"})
    assert (again.status, again.code) == (409, "already_closed")
    stranger = await store_talk(console.engine, "在吗")
    foreign = await agent.call("POST", f"/api/contacts/{stranger.contact}/tasks", {**body, "key": "2"})
    assert (foreign.status, foreign.code) == (409, "foreign_case")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "wish"}, "kind"),
        ({"category": "李雷投诉"}, "category"),
        ({"matter": " "}, "matter"),
        ({"matter": "x" * 10_001}, "matter"),
        ({"owner_id": "me"}, "owner_id"),
        ({"key": ""}, "key"),
        ({"more": 1}, "more"),
    ],
)
async def test_a_bad_case_names_its_field(console, agent, more, field):
    talk = await store_talk(console.engine, "你好")
    reply = await agent.call("POST", f"/api/contacts/{talk.contact}/cases", {**NEW, **more})
    assert (reply.status, reply.code) == (422, "invalid")
    assert [one["field"] for one in reply.body["fields"]] == [field]


@pytest.mark.parametrize("due", ["2026-12-01", "2026-12-01T10:00:00", "soon", ""])
async def test_a_task_is_due_at_a_moment(console, agent, due):
    talk = await store_talk(console.engine, "你好")
    body = {"key": "1", "kind": "call", "subject": "回电", "due_at": due}
    reply = await agent.call("POST", f"/api/contacts/{talk.contact}/tasks", body)
    assert (reply.status, reply.body["fields"][0]["field"]) == (422, "due_at")


async def test_what_is_not_there(console, agent):
    step = {"to": "closed", "version": 1}
    for unknown in (uuid7(), "none", "%00"):
        for method, path, body in (
            ("GET", f"/api/contacts/{unknown}/cases", None),
            ("GET", f"/api/contacts/{unknown}/tasks", None),
            ("POST", f"/api/contacts/{unknown}/cases", NEW),
            ("GET", f"/api/cases/{unknown}", None),
            ("POST", f"/api/cases/{unknown}/transition", step),
            ("POST", f"/api/tasks/{unknown}/close", {"state": "done"}),
        ):
            reply = await agent.call(method, path, body)
            assert (reply.status, reply.code) == (404, "unknown_record"), path


async def told_of(console):
    """Which changes of cases are to be told, and to whom."""
    query = text("SELECT args FROM procrastinate_jobs WHERE task_name = 'events:deliver_event' ORDER BY id")
    async with console.engine.connect() as connection:
        return [row.args for row in await connection.execute(query)]


async def test_every_step_is_told_to_the_customer_once_and_notes_stay_with_staff(console, agent):
    case = await open_case(console, agent)
    path = f"/api/cases/{case['id']}"
    assert await told_of(console) == []
    step = {"to": "investigating", "note": "问仓库", "told": "正在核实库存", "version": 1}
    moved = (await agent.call("POST", f"{path}/transition", step)).body
    assert [(event["note"], event["told"]) for event in moved["events"]][-1] == ("问仓库", "正在核实库存")
    (job,) = await told_of(console)
    assert (job["event"], job["key"]) == ("case_changed", f"case:{case['id']}:2")
    assert job["contact_id"] == case["contact_id"]
    assert "核实" not in str(job)
    refused = await agent.call("POST", f"{path}/transition", {"to": "litigation", "version": 2})
    assert refused.status == 409
    noted = await agent.call("POST", f"{path}/notes", {"note": "客户是老师", "version": 2})
    assert noted.body["version"] == 3
    await agent.call("POST", f"{path}/owner", {"owner_id": moved["owner_id"], "version": 3})
    assert len(await told_of(console)) == 1
    await agent.call("POST", f"{path}/notes", {"told": "明天给您回电", "version": 4})
    assert [job["key"] for job in await told_of(console)] == [f"case:{case['id']}:2", f"case:{case['id']}:5"]
    empty = await agent.call("POST", f"{path}/notes", {"version": 5})
    assert (empty.status, empty.code) == (422, "invalid")
