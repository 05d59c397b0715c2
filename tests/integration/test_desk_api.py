"""The desk as the console asks for it: who waits, one takes, answers, lets go; refusals in words."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.rehearsal.keys import KEYS
from bot.web.keys import DESK_NEWS
from crm_adapter.encryption import seal_json
from tests.integration.console_client import Browser, Talk, serving
from tests.integration.desk_customers import rows, store_waiting

CARD = "6222021234567894"


async def queue_of(browser: Browser) -> list[dict[str, Any]]:
    reply = await browser.call("GET", "/api/queue")
    assert reply.status == 200
    return list(reply.body["items"])


async def take(browser: Browser, talk: Talk) -> dict[str, Any]:
    reply = await browser.call("POST", f"/api/queue/{talk.conversation}/take", {"step": str(uuid4())})
    assert reply.status == 200
    return dict(reply.body)


async def test_the_urgent_stand_first_and_then_those_who_wait_longest(engine: AsyncEngine) -> None:
    late = await store_waiting(engine, "第一", "好", "卡号 " + CARD, minutes=1)
    early = await store_waiting(engine, minutes=30)
    urgent = await store_waiting(engine, urgent=True)
    async with serving(engine) as console:
        mei, li = await console.signed_in("mei", "agent"), await console.signed_in("li", "agent")
        assert await queue_of(mei) != []
        items = await queue_of(mei)
        assert [one["id"] for one in items] == [str(talk.conversation) for talk in (urgent, early, late)]
        assert [(one["urgent"], one["unanswered"]) for one in items] == [(True, False), (False, False), (False, True)]
        # What is shown of it is hidden as elsewhere, and whose it is stands in the access log.
        assert CARD not in str(items)
        assert items[2]["preview"]["text"].startswith("卡号 ")
        shown = "SELECT contact_ids FROM crm.access_log WHERE action = 'GET /api/queue' ORDER BY id DESC LIMIT 1"
        ((contacts,),) = await rows(engine, shown)
        assert set(contacts) == {talk.contact for talk in (late, early, urgent)}
        # With its reason on record the rest is shown.
        full = await mei.call("GET", "/api/queue?unmask=1&reason=refund")
        assert CARD in str(full.body)

        assert (await take(mei, early))["mine"] is True
        after = await queue_of(li)
        assert [(one["id"], one["owner"], one["agent"], one["mine"]) for one in after] == [
            (str(urgent.conversation), "queue", None, False),
            (str(late.conversation), "queue", None, False),
            (str(early.conversation), "agent", "Mei", False),
        ]


async def test_a_talk_from_taking_to_resolving(engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    place = f"/api/queue/{talk.conversation}"
    async with serving(engine) as console:
        mei, li = await console.signed_in("mei", "agent"), await console.signed_in("li", "agent")
        fence = (await take(mei, talk))["fence"]
        refused = await li.call("POST", f"{place}/take", {"step": str(uuid4())})
        assert (refused.status, refused.code, refused.body["agent"]) == (409, "taken_by_another", "Mei")
        said = {"step": str(uuid4()), "fence": fence, "text": "  您好，请讲。\n订单号是多少？ "}
        for _ in range(2):  # a double click
            answered = await mei.call("POST", f"{place}/answer", said)
            assert (answered.status, answered.body["seq"]) == (201, 3)
        thread = (await mei.call("GET", f"/api/conversations/{talk.conversation}/messages")).body["items"]
        assert [(one["author"], one["body"]["text"]) for one in thread[2:]] == [
            ("agent", "您好，请讲。\n订单号是多少？")
        ]
        for stranger in (li, mei):
            stale = {"step": str(uuid4()), "fence": fence - 1, "text": "?"}
            assert (await stranger.call("POST", f"{place}/answer", stale)).status == 409
        assert (await mei.call("POST", f"{place}/typing", {"on": True})).status == 204
        gone = {"step": str(uuid4()), "fence": fence, "kind": "resolve"}
        done = await mei.call("POST", f"{place}/leave", gone)
        assert (done.status, done.body["owner"]) == (200, "bot")
        assert done.body["closed_at"] is not None
        late = await mei.call("POST", f"{place}/answer", {**said, "step": str(uuid4())})
        assert (late.status, late.code) == (409, "conversation_closed")
        assert await queue_of(mei) == []


async def test_what_the_bot_did_not_say_any_more_is_shown_as_cancelled(engine: AsyncEngine) -> None:
    talk = await store_waiting(engine, "一", "甲", "二", "乙", "三", "丙")
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        path = f"/api/conversations/{talk.conversation}/messages"
        assert (await mei.call("GET", path)).body["items"][5]["state"] == "queued"
        await take(mei, talk)
        assert (await mei.call("GET", path)).body["items"][5]["state"] == "cancelled"


async def test_what_is_no_answer_is_refused(engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    place = f"/api/queue/{talk.conversation}"
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        fence = (await take(mei, talk))["fence"]
        good = {"step": str(uuid4()), "fence": fence, "text": "好"}
        for change in ({"text": " \n "}, {"text": "x" * 4001}, {"text": "a\x00b"}, {"step": "1"}, {"fence": "2"}):
            reply = await mei.call("POST", f"{place}/answer", {**good, **change})
            assert (reply.status, reply.code) == (422, "invalid"), change
        reply = await mei.call("POST", f"{place}/leave", {"step": str(uuid4()), "fence": fence, "kind": "vanish"})
        assert reply.status == 422
        for path in (f"/api/queue/{uuid4()}", "/api/queue/nobody"):
            assert (await mei.call("GET", path)).code == "unknown_conversation"
            assert (await mei.call("POST", f"{path}/take", {"step": str(uuid4())})).code == "unknown_conversation"


async def test_the_note_of_a_hand_over_is_shown_while_it_is_one(engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    note = {"reason": f"退款到 {CARD}", "asked": ["怎么退货"], "tried": ["退货要几天？"]}
    async with engine.begin() as connection:
        held = (await connection.execute(text("SELECT * FROM crm.hold_identity(:id)"), {"id": talk.identity})).one()
        key = KEYS.unwrap(held.key_id, held.kek, held.wrapped)
        sealed = seal_json(key, "conversations.note", talk.conversation, note)
        await connection.execute(text("UPDATE bot.conversations SET sealed_note = :note"), {"note": sealed})
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        shown = (await mei.call("GET", f"/api/queue/{talk.conversation}")).body["note"]
        assert (shown["asked"], shown["tried"]) == (["怎么退货"], ["退货要几天？"])
        assert shown["reason"].startswith("退款到 ")
        assert CARD not in shown["reason"]
        taken = await take(mei, talk)
        assert taken["note"] is not None
        gone = {"step": str(uuid4()), "fence": taken["fence"], "kind": "to_bot"}
        assert (await mei.call("POST", f"/api/queue/{talk.conversation}/leave", gone)).body["note"] is None
    assert await rows(engine, "SELECT sealed_note FROM bot.conversations") == [(None,)]


async def test_news_come_when_something_happens_and_not_before(engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        first = (await mei.call("GET", "/api/queue/news")).body
        assert first["waiting"] == 1
        waiting = asyncio.create_task(mei.call("GET", f"/api/queue/news?cursor={first['cursor']}&wait=20"))
        done, _ = await asyncio.wait((waiting,), timeout=0.6)
        assert not done
        await take(mei, talk)
        news = (await asyncio.wait_for(waiting, 15)).body
        assert news["waiting"] == 0
        assert news["cursor"] != first["cursor"]
        # It shows nothing of customers, so it leaves no line in the access log.
        assert await rows(engine, "SELECT count(*) FROM crm.access_log WHERE action LIKE '%/news'") == [(0,)]


async def test_a_server_that_goes_down_lets_nobody_wait(engine: AsyncEngine) -> None:
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        first = (await mei.call("GET", "/api/queue/news")).body
        path = f"/api/queue/news?cursor={first['cursor']}&wait=20"
        waiting = asyncio.create_task(mei.call("GET", path))
        await asyncio.sleep(0.3)
        console.app[DESK_NEWS].end()
        assert (await asyncio.wait_for(waiting, 15)).status == 200
        assert (await asyncio.wait_for(mei.call("GET", path), 3)).status == 200


@pytest.mark.parametrize("role", ["auditor", "crm_manager", "administrator"])
async def test_only_who_serves_customers_is_at_the_desk(engine: AsyncEngine, role: str) -> None:
    async with serving(engine) as console:
        other = await console.signed_in("mei", role)
        for method, path in (("GET", ""), ("GET", "/news"), ("POST", f"/{UUID(int=1)}/take")):
            assert (await other.call(method, f"/api/queue{path}", {} if method == "POST" else None)).status == 403
