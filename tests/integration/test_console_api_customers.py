"""Interactions, contacts, conversations, articles and status, as the console reads them."""

import psycopg
import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from tests.integration.console_client import serving, store_talk


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


@pytest_asyncio.fixture
async def agent(console):
    return await console.signed_in("mei", "agent")


async def test_interactions_are_listed_newest_first_with_their_outcome(console, agent):
    old = await store_talk(console.engine, "怎么退货", "七天内可以退货。")
    new = await store_talk(console.engine, "保修多久", name="李雷", account="store-2")
    assert (await agent.call("GET", "/api/interactions")).body["next"] is None
    items = (await agent.call("GET", "/api/interactions")).body["items"]
    assert [one["content"] for one in items] == ["保修多久", "七天内可以退货。", "怎么退货"]
    newest, _, oldest = items
    assert newest["contact"] == {"id": str(new.contact), "name": "李雷"}
    assert newest["account"] == "store-2"
    assert oldest["contact"]["name"] == f"访客 {str(old.contact)[-4:]}"
    assert oldest["outcome"] == {"kind": "article", "ref": "returns", "label": "returns (zh-Hans)"}
    assert items[1]["outcome"] == {"kind": None, "ref": None, "label": None}
    assert (oldest["channel"], oldest["direction"], oldest["latency_ms"]) == ("web", "in", 12.5)
    assert oldest["conversation_id"] == str(old.conversation)
    assert len(oldest["trace_id"]) == 32
    assert oldest["at"].endswith("+00:00")


async def test_interactions_are_filtered_and_searched(console, agent):
    talk = await store_talk(console.engine, "折扣100%吗", "会员_九折", "折扣1000吗")
    named = await store_talk(console.engine, "你好", name="Li Lei")

    async def found(**query: str) -> list[str]:
        reply = await agent.call("GET", "/api/interactions", params=query)
        assert reply.status == 200, reply.body
        return [one["content"] for one in reply.body["items"]]

    assert await found(q="100%") == ["折扣100%吗"]
    assert await found(q="_") == ["会员_九折"]
    assert await found(q="\\") == []
    assert await found(q="LI LEI") == ["你好"]
    assert await found(q="折扣", direction="in") == ["折扣1000吗", "折扣100%吗"]
    assert await found(direction="out") == ["会员_九折"]
    assert await found(outcome="article", contact_id=str(named.contact)) == ["你好"]
    assert await found(outcome="hand_over") == []
    assert await found(channel="wechat") == []
    assert await found(contact_id=str(uuid7())) == []
    visitor = f"访客 {str(talk.contact)[-4:]}"
    assert set(await found(q=visitor)) == {"折扣100%吗", "会员_九折", "折扣1000吗"}


async def test_pages_have_no_gap_and_no_double_while_more_comes_in(console, agent):
    for n in range(5):
        await store_talk(console.engine, f"问题{n}", f"回答{n}")
    seen, cursor = [], ""
    while cursor is not None:
        page = (await agent.call("GET", f"/api/interactions?limit=3&cursor={cursor}")).body
        seen += [one["content"] for one in page["items"]]
        cursor = page["next"]
        await store_talk(console.engine, "新来的")
    assert seen == [f"{kind}{n}" for n in (4, 3, 2, 1, 0) for kind in ("回答", "问题")]


async def test_contacts(console, agent):
    first = await store_talk(console.engine, "你好", name="王芳")
    second = await store_talk(console.engine, "在吗", "在的")
    page = (await agent.call("GET", "/api/contacts?limit=1")).body
    assert [one["id"] for one in page["items"]] == [str(second.contact)]
    rest = (await agent.call("GET", f"/api/contacts?limit=1&cursor={page['next']}")).body
    assert rest["next"] is None
    (contact,) = rest["items"]
    assert (contact["name"], contact["locale"], contact["channels"]) == ("王芳", "zh-Hans", ["web"])
    assert contact["last_interaction_at"] >= contact["created_at"]
    for query, expected in (
        ("王", first),
        (f"visitor-{second.identity}", second),
        (f"Visitor {str(second.contact)[-4:]}", second),
    ):
        items = (await agent.call("GET", "/api/contacts", params={"q": query})).body["items"]
        assert [one["id"] for one in items] == [str(expected.contact)], query


async def test_one_contact_with_identities_and_conversations(console, agent):
    talk = await store_talk(console.engine, "怎么退货", "七天内可以退货。")
    contact = (await agent.call("GET", f"/api/contacts/{talk.contact}", headers={"Accept-Language": "en"})).body
    assert contact["name"] == f"Visitor {str(talk.contact)[-4:]}"
    (identity,) = contact["identities"]
    assert identity["external_id"] == f"visitor-{talk.identity}"
    assert (identity["channel"], identity["account"], identity["assurance"]) == ("web", "shop", "anonymous")
    (conversation,) = contact["conversations"]
    assert (conversation["id"], conversation["owner"], conversation["last_seq"]) == (
        str(talk.conversation),
        "bot",
        2,
    )
    assert conversation["closed_at"] is None
    for unknown in (uuid7(), "nobody"):
        assert (await agent.call("GET", f"/api/contacts/{unknown}")).code == "unknown_contact"


async def test_a_contact_without_any_interaction_is_listed(console, agent):
    talk = await store_talk(console.engine)
    (contact,) = (await agent.call("GET", "/api/contacts")).body["items"]
    assert contact["id"] == str(talk.contact)
    assert contact["last_interaction_at"] is None


async def test_messages_with_how_far_they_got(console, agent):
    talk = await store_talk(console.engine, "一", "二", "三", "四", "五", "六")
    path = f"/api/conversations/{talk.conversation}/messages"
    items = (await agent.call("GET", path)).body["items"]
    assert [one["seq"] for one in items] == [1, 2, 3, 4, 5, 6]
    assert [one["state"] for one in items] == ["received", "read", "received", "received", "received", "queued"]
    assert items[1]["author"] == "bot"
    assert items[1]["body"] == {"text": "二"}
    page = (await agent.call("GET", f"{path}?after=2&limit=3")).body
    assert ([one["seq"] for one in page["items"]], page["next"]) == ([3, 4, 5], "5")
    page = (await agent.call("GET", f"{path}?after=5&limit=3")).body
    assert ([one["seq"] for one in page["items"]], page["next"]) == ([6], None)
    for unknown in (uuid7(), "none"):
        reply = await agent.call("GET", f"/api/conversations/{unknown}/messages")
        assert reply.code == "unknown_conversation"


async def test_articles_and_status(console, agent):
    page = (await agent.call("GET", "/api/articles?limit=1")).body
    assert [one["id"] for one in page["items"]] == ["returns"]
    rest = (await agent.call("GET", f"/api/articles?limit=1&cursor={page['next']}")).body
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (["repair"], None)
    assert (await agent.call("GET", "/api/articles", params={"q": "报修"})).body["items"][0]["id"] == "repair"
    assert (await agent.call("GET", "/api/articles/returns")).body["answers"] == {"zh-Hans": "七天内可以退货。"}
    for unknown in ("none", "%00", "%ED%A0%80"):
        assert (await agent.call("GET", f"/api/articles/{unknown}")).code == "unknown_article"
    auditor = await console.signed_in("lin", "auditor")
    assert (await auditor.call("GET", "/api/status")).body["parts"][0]["state"] == "ok"


@pytest.mark.parametrize(
    ("path", "code", "field"),
    [
        ("/api/interactions?limit=0", "invalid", "limit"),
        ("/api/interactions?limit=201", "invalid", "limit"),
        ("/api/interactions?limit=٣", "invalid", "limit"),
        ("/api/interactions?limit=99999999999999999999", "invalid", "limit"),
        ("/api/interactions?direction=sideways", "invalid", "direction"),
        ("/api/interactions?outcome=magic", "invalid", "outcome"),
        ("/api/interactions?contact_id=me", "invalid", "contact_id"),
        ("/api/interactions?q=%00", "invalid", "q"),
        ("/api/interactions?cursor=*", "bad_cursor", None),
        ("/api/contacts?cursor=AAAA", "bad_cursor", None),
        ("/api/staff?cursor=AA", "bad_cursor", None),
        ("/api/articles?cursor=LTE", "bad_cursor", None),
        ("/api/conversations/x/messages?after=-1", "invalid", "after"),
    ],
)
async def test_a_bad_query_names_its_fault(console, path, code, field):
    everything = await console.signed_in("all", "administrator", "crm_manager")
    reply = await everything.call("GET", path)
    assert reply.status in (400, 422)
    assert reply.code == code
    assert field is None or reply.body["fields"] == [{"field": field, "reason": "not_allowed"}]


async def test_a_search_that_takes_too_long_says_so(console, agent, addresses, monkeypatch):
    await store_talk(console.engine, "你好")
    async with await psycopg.AsyncConnection.connect(addresses.owner_url) as holder:
        monkeypatch.setattr("bot.web.console.customers._SEARCH_WITHIN_MS", 200)
        # A table that cannot be read in time, whatever the reason.
        await holder.execute("LOCK TABLE crm.interactions IN ACCESS EXCLUSIVE MODE")
        reply = await agent.call("GET", "/api/interactions", params={"q": "你好"})
        assert (reply.status, reply.code) == (503, "search_too_slow")
        monkeypatch.undo()
    assert (await agent.call("GET", "/api/interactions", params={"q": "你好"})).status == 200
