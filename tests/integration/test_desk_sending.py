"""WeChat at the desk: how much may be sent, what became of each line and why, and what a person can say of a line
that nobody knows the end of."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import FormData
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.rehearsal.keys import KEYS
from bot.settings import WechatAccount
from bot.storage.blobs import BlobStore
from bot.storage.pool import Pool
from bot.web.wechat.downloads import DOWNLOADS, Downloads
from crm_adapter.identify import Sender
from tests.integration.console_client import Browser, Talk, console_app, serving, store_talk
from tests.integration.desk_customers import rows
from tests.integration.test_desk_api import take
from tests.integration.wechat_talks import act, change, store_wechat_waiting

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
LINE = "UPDATE bot.outbox SET {} WHERE conversation_id = :id AND seq = (SELECT max(seq) FROM bot.outbox)"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def account(**changes: Any) -> WechatAccount:
    """The official account of these talks as the settings have it."""
    secrets = {"secret": "the-secret-of-care", "token": "pushes4care"}
    known = {"name": "care", "appid": "wx00000000000000b1", "mode": "plain", **secrets}
    return WechatAccount.model_validate({**known, **changes})


async def line(engine: AsyncEngine, talk: Talk, values: str) -> None:
    """What the outbox has of the talk's last line."""
    await change(engine, LINE.format(values), talk)


async def reach_of(browser: Browser, talk: Talk) -> Any:
    reply = await browser.call("GET", f"/api/queue/{talk.conversation}")
    assert reply.status == 200
    return reply.body["reach"]


async def history(browser: Browser, talk: Talk) -> list[dict[str, Any]]:
    reply = await browser.call("GET", f"/api/conversations/{talk.conversation}/messages")
    assert reply.status == 200
    return list(reply.body["items"])


async def test_how_much_may_still_be_sent_is_told(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    elsewhere = await store_talk(engine, "你好", "您好")
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        closed = await reach_of(mei, talk)
        assert (closed["kind"], closed["left"], closed["until"], closed["text_bytes"]) == ("closed", 0, None, 2048)
        await act(engine, talk, "message", NOW - HOUR, sent=2)
        open_ = await reach_of(mei, talk)
        assert (open_["kind"], open_["left"], open_["waiting"]) == ("open", 3, 0)
        until = datetime.fromisoformat(open_["until"])
        assert abs(until - (NOW - HOUR + timedelta(hours=48))) < timedelta(seconds=5)
        await line(engine, talk, "state = 'begun'")
        assert (await reach_of(mei, talk))["waiting"] == 1
        await act(engine, talk, "message", NOW - HOUR, sent=5)
        assert (await reach_of(mei, talk))["kind"] == "used_up"
        await act(engine, talk, "payment", NOW - HOUR)
        assert (await reach_of(mei, talk))["left"] is None
        # WeChat has said that this account may not send by itself.
        await line(engine, talk, "state = 'queued', due_at = 'infinity', reason = 'only_passive'")
        assert (await reach_of(mei, talk))["kind"] == "passive"
        await line(engine, talk, "reason = 'notice'")
        told = await reach_of(mei, talk)
        assert (told["kind"], told["waiting"]) == ("told", 0)
        assert (await history(mei, talk))[1]["delivery"]["why"].startswith("客户已收到（或即将收到）有新回复的通知")
        assert await reach_of(mei, elsewhere) is None
        await change(engine, "UPDATE bot.conversations SET closed_at = now(), owner = 'bot' WHERE id = :id", talk)
        assert await reach_of(mei, talk) is None


async def test_windows_combine_as_the_account_s_settings_say(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await act(engine, talk, "message", NOW - HOUR)
    await act(engine, talk, "tap", datetime.now(UTC))
    for windows, left in (("largest", 5), ("latest", 3)):
        async with serving(engine, WECHAT_ACCOUNTS={"care": account(windows=windows)}) as console:
            mei = await console.signed_in(f"mei-{windows}", "agent")
            assert (await reach_of(mei, talk))["left"] == left


async def test_who_does_not_follow_is_shown_so_until_they_act_again(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await act(engine, talk, "message", NOW - HOUR)
    gone = (
        "INSERT INTO bot.unreachable SELECT identity_id, 'unfollowed', NULL, :at FROM bot.conversations WHERE id = :id"
    )
    await change(engine, gone, talk, at=NOW - HOUR / 2)
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        assert (await reach_of(mei, talk))["kind"] == "unreachable"
        await act(engine, talk, "follow", NOW)
        assert (await reach_of(mei, talk))["kind"] == "open"


async def test_a_subscription_account_answers_only(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await act(engine, talk, "message", NOW)
    async with serving(engine, WECHAT_ACCOUNTS={"care": account(kind="subscription")}) as console:
        mei = await console.signed_in("mei", "agent")
        assert (await reach_of(mei, talk))["kind"] == "passive"


@pytest.mark.parametrize(
    ("values", "state", "shown"),
    [
        ("state = 'sent', route = 'passive'", "sent", {"route": "passive", "why": None}),
        ("state = 'sent', route = 'service', parts = 1", "sent", {"route": "service", "parts": 1}),
        ("state = 'queued', due_at = 'infinity', reason = 'only_passive'", "held", {"reason": "only_passive"}),
        (
            "state = 'failed', reason = 'window', error_code = '45015', rid = '6606-1a2b'",
            "failed",
            {"code": "45015", "rid": "6606-1a2b", "why": "发送窗口已关闭"},
        ),
        (
            "state = 'failed', reason = 'give_up', error_code = '98765', rid = '6606-9'",
            "failed",
            {"why": "微信返回了未知的错误（98765）。", "rid": "6606-9"},
        ),
        ("state = 'unknown', reason = 'unreadable'", "unknown", {"why": "微信的回应无法识别"}),
        ("state = 'failed', reason = 'unreadable'", "failed", {"why": "内容或收件人已无法读取"}),
        ("state = 'unknown', reason = 'interrupted'", "unknown", {"why": "服务器在发送途中停止"}),
        ("state = 'failed', reason = 'of tomorrow'", "failed", {"why": "微信没有接收这条消息。"}),
    ],
)
async def test_the_history_says_what_became_of_a_line(
    engine: AsyncEngine, values: str, state: str, shown: dict[str, Any]
) -> None:
    talk = await store_wechat_waiting(engine)
    await line(engine, talk, values)
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        theirs, ours = await history(mei, talk)
    assert theirs["delivery"] is None
    assert ours["state"] == state
    for name, value in shown.items():
        told = ours["delivery"][name]
        assert told.startswith(value) if name == "why" and value else told == value, name


async def test_reasons_are_told_in_the_console_s_language(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await line(engine, talk, "state = 'failed', reason = 'window', error_code = '45047'")
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        told = []
        for locale in ("zh-Hans", "zh-Hant", "en"):
            assert (await mei.call("PATCH", "/api/session", {"locale": locale})).status == 200
            told.append((await history(mei, talk))[1]["delivery"]["why"])
    assert "已用完" in told[0]
    assert "則數" in told[1]
    assert told[2].startswith("No more messages may be sent")


async def test_a_long_text_is_told_as_several_messages(engine: AsyncEngine) -> None:
    long = "长" * 1000  # 3,000 bytes
    talk = await store_wechat_waiting(engine, "在吗？", long)
    web = await store_talk(engine, "你好", "您好")
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        assert (await history(mei, talk))[1]["delivery"]["messages"] == 2
        path = f"/api/queue/{talk.conversation}/preview"
        parts = (await mei.call("POST", path, {"text": long})).body["messages"]
        assert "".join(parts) == long
        assert [len(part.encode()) <= 2048 for part in parts] == [True, True]
        assert (await mei.call("POST", path, {"text": "好"})).body["messages"] == ["好"]
        elsewhere = await mei.call("POST", f"/api/queue/{web.conversation}/preview", {"text": long})
        assert elsewhere.body["messages"] == [long]
        assert (await mei.call("POST", f"/api/queue/{uuid4()}/preview", {"text": "好"})).code == "unknown_conversation"
        assert (await mei.call("POST", path, {"text": " "})).code == "invalid"


async def test_files_are_told_as_messages(engine: AsyncEngine, pool: Pool, tmp_path: Any) -> None:
    talk, web = await store_wechat_waiting(engine, "在吗？"), await store_talk(engine, "你好", "您好")
    accounts = {"care": account()}
    blobs = BlobStore(tmp_path, pool, KEYS)
    app = console_app(engine, BLOBS=blobs, WECHAT_ACCOUNTS=accounts)
    app[DOWNLOADS] = downloads = Downloads("https://care.example.com", "a key of the program's", blobs)

    def linked(message: str) -> list[tuple[str, str]]:
        """The files that its last lines link to: their names and ids."""
        found = re.findall(r"^附件：(\S+) https://care\.example\.com/channels/care/files/(\S+)$", message, re.MULTILINE)
        return [(name, str(downloads.blob_of("care", token, NOW))) for name, token in found]

    async with serving(engine, app=app) as console:
        mei = await console.signed_in("mei", "agent")
        await take(mei, talk)
        path = f"/api/queue/{talk.conversation}"
        ids = []
        for name, content in (("安装.gif", GIF), ("发票.pdf", PDF)):
            form = FormData(quote_fields=False)
            form.add_field("file", content, filename=name)
            kept = await mei.call("POST", f"{path}/files", data=form)
            assert kept.status == 201, kept
            ids.append(kept.body["id"])
        both = await mei.call("POST", f"{path}/preview", {"text": "请看", "files": ids})
        words, picture = both.body["messages"]
        assert words.startswith("请看\n\n附件：发票.pdf https://")
        assert (linked(words), picture) == ([("发票.pdf", ids[1])], "安装.gif")
        assert (await mei.call("POST", f"{path}/preview", {"files": ids[:1]})).body["messages"] == ["安装.gif"]
        assert (await mei.call("POST", f"{path}/preview", {"files": []})).code == "invalid"
        assert (await mei.call("POST", f"{path}/preview", {"files": [str(uuid4())]})).code == "blob_unknown"
        elsewhere = f"/api/queue/{web.conversation}/preview"
        assert (await mei.call("POST", elsewhere, {"text": "好", "files": ids})).status in (404, 409)
        # An account that may not upload sends links.
        accounts["care"] = account(kind="subscription")
        links = await mei.call("POST", f"{path}/preview", {"text": "请看", "files": ids})
        [words] = links.body["messages"]
        assert linked(words) == [("安装.gif", ids[0]), ("发票.pdf", ids[1])]


async def settle(browser: Browser, talk: Talk, message: str, kind: str, fence: int, step: str = "") -> Any:
    path = f"/api/queue/{talk.conversation}/messages/{message}/settle"
    return await browser.call("POST", path, {"step": step or str(uuid4()), "fence": fence, "kind": kind})


async def test_a_person_says_that_a_line_has_arrived(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await line(engine, talk, "state = 'unknown', reason = 'no_answer', lease_until = now()")
    async with serving(engine) as console:
        mei, li = await console.signed_in("mei", "agent"), await console.signed_in("li", "agent")
        message = (await history(mei, talk))[1]["id"]
        step = str(uuid4())
        for _ in range(2):  # a double click
            assert (await settle(mei, talk, message, "arrived", 1, step)).status == 204
        ours = (await history(li, talk))[1]
        told = ours["delivery"]
        assert (ours["state"], told["settled_as"], told["settled_by"], told["why"]) == ("sent", "arrived", "Mei", None)
        again = await settle(li, talk, message, "arrived", 1)
        assert (again.status, again.code) == (409, "line_already_known")
        other = await settle(mei, talk, str(uuid4()), "arrived", 1, step)
        assert (other.status, other.code) == (409, "step_reused")
        assert (await settle(mei, talk, "nothing", "arrived", 1)).code == "unknown_message"
    steps = "SELECT kind, message_id::text FROM bot.desk_steps"
    assert await rows(engine, steps) == [("arrived", message)]
    # Whoever had begun to send it reports too late.
    assert await rows(engine, "SELECT lease_until, parts FROM bot.outbox") == [(None, 1)]
    seen = "SELECT contact_ids FROM crm.access_log WHERE action LIKE 'POST %/settle' ORDER BY id LIMIT 1"
    assert await rows(engine, seen) == [([talk.contact],)]


async def test_only_who_has_the_customer_sends_a_line_again(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await line(engine, talk, "state = 'unknown', reason = 'interrupted', error_code = '-1', rid = 'r', attempts = 3")
    async with serving(engine) as console:
        mei, li = await console.signed_in("mei", "agent"), await console.signed_in("li", "agent")
        message = (await history(mei, talk))[1]["id"]
        early = await settle(mei, talk, message, "again", 1)
        assert (early.status, early.code) == (409, "speaker_changed")
        fence = (await take(mei, talk))["fence"]
        theirs = await settle(li, talk, message, "again", fence)
        assert (theirs.status, theirs.code) == (409, "taken_by_another")
        assert (await settle(mei, talk, message, "again", fence - 1)).status == 409
        before = (await mei.call("GET", "/api/queue/news")).body["cursor"]
        assert (await settle(mei, talk, message, "again", fence)).status == 204
        assert (await mei.call("GET", "/api/queue/news")).body["cursor"] != before
        assert (await history(mei, talk))[1]["state"] == "queued"
    left = "SELECT state, reason, error_code, rid, lease_until, due_at <= now() FROM bot.outbox"
    assert await rows(engine, left) == [("queued", None, None, None, None, True)]
    assert await rows(engine, "SELECT kind FROM bot.desk_steps ORDER BY at") == [("take",), ("again",)]


async def test_who_does_not_serve_customers_settles_nothing(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    await line(engine, talk, "state = 'unknown'")
    async with serving(engine) as console:
        officer = await console.signed_in("officer", "privacy_officer")
        message = (await history(officer, talk))[1]["id"]
        assert (await settle(officer, talk, message, "arrived", 1)).status == 403
        assert (await officer.call("POST", f"/api/queue/{talk.conversation}/preview", {"text": "好"})).status == 403
    assert await rows(engine, "SELECT state FROM bot.outbox") == [("unknown",)]


async def test_what_becomes_of_lines_is_news(engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine)
    async with serving(engine) as console:
        mei = await console.signed_in("mei", "agent")
        cursors = []
        for deed in (
            lambda: line(engine, talk, "state = 'queued'"),
            lambda: line(engine, talk, "state = 'begun', attempts = 1"),
            lambda: line(engine, talk, "state = 'sent', settled_at = now()"),
            lambda: act(engine, talk, "message", NOW, sent=1),
            lambda: act(engine, talk, "message", NOW, sent=2),
            lambda: act(engine, talk, "tap", NOW),
        ):
            await deed()
            cursors.append((await mei.call("GET", "/api/queue/news")).body["cursor"])
        assert len(set(cursors)) == len(cursors)


async def test_a_customer_s_file_is_opened_and_that_is_on_record(
    engine: AsyncEngine, pool: Pool, tmp_path: Any
) -> None:
    talk = await store_wechat_waiting(engine)
    stranger = await store_talk(engine, "你好")
    blobs = BlobStore(tmp_path, pool, KEYS)
    async with serving(engine, BLOBS=blobs) as console:
        sender = Sender("web", "shop", f"visitor-{talk.identity}", "anonymous", "zh-Hans")
        blob = await blobs.put(sender, "photo.gif", GIF, ("image/gif",))
        mei = await console.signed_in("mei", "agent")
        path = f"/api/conversations/{talk.conversation}/files/{blob.id}"
        async with mei.http.get(mei.origin + path) as response:
            assert (response.status, response.content_type, await response.read()) == (200, "image/gif", GIF)
            assert "inline" in response.headers["Content-Disposition"]
            assert response.headers["Cache-Control"] == "no-store"
        for other in (f"/api/conversations/{stranger.conversation}/files/{blob.id}", f"{path[:-4]}0000"):
            assert (await mei.call("GET", other)).code == "blob_unknown"
    seen = "SELECT contact_ids FROM crm.access_log WHERE action LIKE '%/files/{file}'"
    assert await rows(engine, seen) == [([talk.contact],)]
