"""The whole way of a notice: a closed window, a notice, the customer comes back, and the line is there."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from tests.integration.console_client import Browser, make_staff
from tests.integration.test_console_api_cases import NEW
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.test_service import SENDING, TO_QUEUE
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

TEMPLATES = [
    {"id": "T1", "title": "客服回复", "content": "{{thing1.DATA}}"},
    {"id": "T2", "title": "进度", "content": "{{character_string1.DATA}} {{thing2.DATA}}"},
    {"id": "S1", "title": "客服回复", "content": "{{thing1.DATA}}", "kind": "subscription"},
]
WORDS = "您有新的回复，说句话就能看到"
TOLD = {"name": "answer_waiting", "kind": "template", "template_id": "T1", "fields": {"thing1": WORDS}}
ASKED = {**TOLD, "kind": "subscription", "template_id": "S1"}
CHANGED = {
    "name": "case_changed",
    "kind": "template",
    "template_id": "T2",
    "fields": {"character_string1": "{case_number}", "thing2": "{case_kind}：{case_state}"},
}
CLOSE = "UPDATE bot.send_windows SET at = at - interval '49 hours' RETURNING 1"
WAITS = "SELECT 1 FROM bot.outbox WHERE state = 'queued' AND reason = 'notice'"
TELLING = "/cgi-bin/message/template/send"
NOTICES = "SELECT state, reason FROM bot.wechat_notices"


@pytest.fixture
async def told(demo_addresses: Addresses, tmp_path: Path) -> AsyncIterator[Wechat]:
    """An account that has templates."""
    async with wechat(demo_addresses, tmp_path, {"templates": TEMPLATES}) as running:
        yield running


def settings(*notices: object, **more: object) -> str:
    """Of the account, for :meth:`Wechat.server`."""
    return json.dumps({"notices": list(notices), **more})


async def test_a_closed_window_a_notice_and_the_line_when_the_customer_is_back(
    told: Wechat, demo_addresses: Addresses
) -> None:
    await told.user()
    with told.server(account=settings(TOLD)) as server:
        await told.push_to(server)
        await told.do("li", "text", content="你们几点营业？")
        told.rows(TO_QUEUE)
        told.rows(CLOSE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await told.until(WAITS)
            await person.answer("二")
            await told.until("SELECT 1 FROM bot.wechat_notices WHERE told = 'arrived'")
            assert [line for line in await told.shown() if line[0] == "template"] == [("template", WORDS)]
            assert await told.emulator.calls(SENDING) == []
            await told.do("li", "text", content="在吗")
            await told.until("SELECT 1 FROM bot.outbox HAVING bool_and(state = 'sent')")
            shown = await told.shown()
    after = "\n".join(words for _, words in shown[2:])
    assert after.index("一") < after.index("二")
    assert told.rows("SELECT count(*) FROM bot.wechat_notices") == [(1,)]


async def test_one_yes_is_asked_for_and_used_up(told: Wechat, demo_addresses: Addresses) -> None:
    await told.user()
    with told.server(account=settings(ASKED)) as server:
        await told.push_to(server)
        await told.do("li", "text", content="你们几点营业？")
        told.rows(TO_QUEUE)
        told.rows(CLOSE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("没有人允许")
            await told.until("SELECT 1 FROM bot.outbox WHERE state = 'failed' AND reason = 'window'")
            await told.do("li", "consent", templates={"S1": "accept"})
            await person.answer("允许一次")
            await told.until("SELECT 1 FROM bot.wechat_notices WHERE told = 'arrived'")
            assert ("subscription", WORDS) in await told.shown()
            await told.do("li", "text", content="在吗")
            await told.until("SELECT 1 FROM bot.outbox WHERE state = 'sent' AND reason IS NULL AND seq > 4")
            told.rows(CLOSE)
            await person.answer("用完了")
            await told.until("SELECT 1 FROM bot.outbox HAVING count(*) FILTER (WHERE reason = 'window') = 2")
    assert told.rows("SELECT count(*) FROM bot.wechat_notices") == [(1,)]


async def test_an_account_that_may_only_answer_tells_that_an_answer_waits(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    account = {"kind": "subscription", "templates": TEMPLATES}
    only_answers = json.dumps({"kind": "subscription", "notices": [ASKED]})
    async with wechat(demo_addresses, tmp_path, account) as phones:
        await phones.user()
        with phones.server(account=only_answers) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            await phones.do("li", "consent", templates={"S1": "accept"})
            phones.rows(TO_QUEUE)
            async with at_desk(demo_addresses, server) as person:
                await person.answer("您好，我是小美。")
                await phones.until("SELECT 1 FROM bot.wechat_notices WHERE told = 'arrived'")
                assert ("subscription", WORDS) in await phones.shown()
                assert phones.rows("SELECT reason FROM bot.outbox WHERE state = 'queued'") == [("only_passive",)]
                await phones.do("li", "text", content="在吗")
                await phones.until("SELECT 1 FROM bot.outbox HAVING bool_and(state = 'sent')")
                assert (await phones.shown())[-1] == ("passive", "您好，我是小美。")
                await person.answer("没有人再允许")
                await phones.until("SELECT 1 FROM bot.outbox WHERE due_at = 'infinity' AND reason = 'only_passive'")
        assert await phones.emulator.calls(SENDING) == []
    assert phones.rows("SELECT count(*) FROM bot.wechat_notices") == [(1,)]


async def test_who_blocks_template_messages_is_not_told_and_the_line_says_so(
    told: Wechat, demo_addresses: Addresses
) -> None:
    await told.user()
    with told.server(account=settings(TOLD)) as server:
        await told.push_to(server)
        await told.do("li", "text", content="你们几点营业？")
        await told.emulator.control("POST", "/users/li/refuse-templates", {})
        await told.emulator.control("POST", "/faults", {"on": "push", "fault": "duplicate", "count": 5})
        told.rows(TO_QUEUE)
        told.rows(CLOSE)
        async with at_desk(demo_addresses, server) as person:
            await person.answer("一")
            await told.until("SELECT 1 FROM bot.outbox WHERE state = 'failed' AND reason = 'notice_refused'", 40)
    assert told.rows("SELECT state, reason, told FROM bot.wechat_notices") == [("failed", "refused", "refused")]


@asynccontextmanager
async def clerk(addresses: Addresses, server: LiveServer) -> AsyncIterator[Browser]:
    """A person at the console who talks to nobody."""
    engine = make_engine(addresses.application_url, Settings())
    await make_staff(engine, "mei", "agent")
    await engine.dispose()
    browser = Browser(server.url)
    try:
        assert (await browser.sign_in("mei")).status == 200
        yield browser
    finally:
        await browser.http.close()


async def move(browser: Browser, case: dict[str, Any], to: str, version: int) -> None:
    """A step of the case."""
    body = {"to": to, "note": "", "told": "", "version": version}
    moved = await browser.call("POST", f"/api/cases/{case['id']}/transition", body)
    assert moved.status == 200, moved


async def test_news_of_a_case_are_told_where_nothing_can_be_said(told: Wechat, demo_addresses: Addresses) -> None:
    await told.user()
    with told.server(account=settings(TOLD, CHANGED)) as server:
        await told.push_to(server)
        await told.do("li", "text", content="你们几点营业？")
        [(contact_id,)] = told.rows("SELECT contact_id FROM crm.identities")
        async with clerk(demo_addresses, server) as browser:
            opened = await browser.call("POST", f"/api/contacts/{contact_id}/cases", NEW)
            assert opened.status == 201, opened
            await move(browser, opened.body, "investigating", 1)
            await told.until("SELECT 1 FROM bot.wechat_notices WHERE state = 'unneeded'")
            told.rows(CLOSE)
            await move(browser, opened.body, "planned", 2)
            await told.until("SELECT 1 FROM bot.wechat_notices WHERE told = 'arrived'")
            await told.until(WAITS)
    notices = [words for how, words in await told.shown() if how == "template"]
    assert notices == [f"{opened.body['number']} 投诉：已有处理方案"]
    assert told.rows("SELECT name, state FROM bot.wechat_notices ORDER BY queued_at") == [
        ("case_changed", "unneeded"),
        ("case_changed", "sent"),
    ]


async def test_a_server_that_is_killed_while_it_tells_tells_once(told: Wechat, demo_addresses: Addresses) -> None:
    await told.user()
    await told.emulator.fault("latency", TELLING, seconds=5, count=1)
    one = told.server(account=settings(TOLD, timeout_s=10)).start()
    await told.push_to(one)
    await told.do("li", "text", content="你们几点营业？")
    told.rows(TO_QUEUE)
    told.rows(CLOSE)
    async with at_desk(demo_addresses, one) as person:
        await person.answer("一")
        await told.emulator.struck()
        one.kill()
    assert told.rows(NOTICES) == [("begun", None)]
    told.rows("UPDATE bot.wechat_notices SET lease_until = now() - interval '1 s' RETURNING 1")
    with told.server("two", account=settings(TOLD)) as two:
        await told.until("SELECT 1 FROM bot.wechat_notices WHERE state = 'unknown'")
        assert told.rows(NOTICES) == [("unknown", "interrupted")]
        await told.push_to(two)
        await told.do("li", "text", content="在吗")
        await told.until("SELECT 1 FROM bot.outbox HAVING bool_and(state = 'sent')")
    assert len(await told.emulator.calls(TELLING)) <= 1
