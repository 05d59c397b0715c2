"""What doctor and the status page say of an official account: its token, its pushes, the lines that it is to send."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import TokenFault, WechatFault, open_client
from bot.checkup.alerts import raise_alerts
from bot.checkup.part import Part
from bot.checkup.wechat import check_wechat
from bot.outgoing import Outgoing
from bot.settings import LOCALES, Settings, WechatAccount
from bot.spool.file import HeldFile
from bot.web.problems import Problem
from bot.web.wechat.pulse import Pulse
from crm_adapter.encryption import Keys
from tests.integration.wechat.emulator import CARE, Emulator
from tests.integration.wechat_talks import change, store_wechat_waiting

SEND = "/cgi-bin/message/custom/send"
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


def with_account(settings: Settings, **changes: object) -> Settings:
    account = WechatAccount.model_validate({**CARE, "mode": "plain", **changes})
    return settings.model_copy(update={"wechat": (account,)})


async def part_of(settings: Settings, engine: AsyncEngine) -> Part:
    [part] = await check_wechat(with_account(settings), engine)
    assert part.name == "wechat:care"
    assert len({part.words(locale) for locale in LOCALES}) == len(LOCALES)
    return part


async def told(engine: AsyncEngine, statement: str, **values: object) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def test_without_an_account_nothing_is_asked(settings: Settings, engine: AsyncEngine) -> None:
    assert await check_wechat(settings, engine) == []


async def test_an_account_that_was_never_used_is_well(settings: Settings, engine: AsyncEngine) -> None:
    part = await part_of(settings, engine)
    assert (part.state, part.code) == ("ok", "wechat_ok")
    assert part.words("en")[0].startswith("token of —, good until —; last push —; 0 to be sent")


async def test_lines_are_counted_and_the_last_fault_is_told(settings: Settings, engine: AsyncEngine) -> None:
    talk = await store_wechat_waiting(engine, "一", "甲", "二", "乙", "三", "丙", "四", "丁")
    lines = "UPDATE bot.outbox SET {} WHERE conversation_id = :id AND seq = {}"
    await change(
        engine, lines.format("state = 'failed', reason = 'window', error_code = '45015', rid = 'r-1'", 2), talk
    )
    await change(engine, lines.format("state = 'unknown', settled_at = now() - interval '1 hour'", 4), talk)
    await change(engine, lines.format("state = 'queued', due_at = 'infinity'", 6), talk)
    await change(engine, lines.format("state = 'queued'", 8), talk)
    part = await part_of(settings, engine)
    assert part.state == "ok"
    assert "1 to be sent, 1 wait for their customers, 1 not delivered and 1 in doubt" in part.words("en")[0]
    assert part.words("zh-Hans")[0].endswith("对方再次发来消息后才能回复。 (45015 · rid r-1)")
    await change(engine, lines.format("queued_at = now() - interval '1 hour'", 8), talk)
    part = await part_of(settings, engine)
    assert (part.state, part.code) == ("warning", "wechat_stuck")


async def test_a_token_that_wechat_takes_no_more_is_told_and_mailed_until_it_does(
    wechat: Emulator, settings: Settings, engine: AsyncEngine, keys: Keys
) -> None:
    openid = await wechat.user()
    message = {"touser": openid, "msgtype": "text", "text": {"content": "在"}}
    await wechat.fault("errcode", SEND, errcode=40001, count=2)
    async with open_client(wechat.account(), engine, keys) as client:
        with pytest.raises(TokenFault):
            await client.send(message)
        part = await part_of(settings, engine)
        assert (part.state, part.code) == ("failed", "wechat_token")
        assert "also a fresh one" in part.words("en")[0]
        assert "(40001 · rid " in part.words("en")[0]
        raised = await raise_alerts(with_account(settings), engine, Outgoing(settings, keys))
        assert [one.name for one in raised if one.name.startswith("wechat")] == ["wechat:care"]
        await client.send(message)
    part = await part_of(settings, engine)
    assert (part.state, part.code) == ("ok", "wechat_ok")
    assert "token of 20" in part.words("en")[0]


async def test_a_wrong_secret_is_told_with_wechat_s_own_code(
    wechat: Emulator, settings: Settings, engine: AsyncEngine, keys: Keys
) -> None:
    async with open_client(wechat.account(secret="no-such-secret-here"), engine, keys) as client:
        with pytest.raises(WechatFault):
            await client.check()
    part = await part_of(settings, engine)
    assert part.state == "failed"
    assert "The app secret is wrong" in part.words("en")[0]
    assert "(40125 · rid " in part.words("en")[0]


async def test_pushes_and_refusals_are_noted(settings: Settings, engine: AsyncEngine) -> None:
    refusals = [Problem(403, "bad_signature"), Problem(404, "unknown_account"), Problem(503, "unavailable"), None]

    async def handle(_: web.Request) -> web.StreamResponse:
        if (refusal := refusals.pop(0)) is not None:
            raise refusal
        return web.Response()

    pulse = Pulse(engine)

    @web.middleware
    async def answering(request: web.Request, handler: object) -> web.StreamResponse:
        try:
            return await pulse.watching(handle)(request)
        except Problem as problem:
            return web.Response(status=problem.status)

    app = web.Application(middlewares=[answering])
    app.router.add_post("/channels/{account}/webhook", handle)
    async with TestClient(TestServer(app)) as pusher:
        for expected in (403, 404, 503):
            assert (await pusher.post("/channels/care/webhook")).status == expected
        await pulse.write()
        part = await part_of(settings, engine)
        assert (part.state, part.code) == ("warning", "wechat_refuses")
        assert "(bad_signature)" in part.words("en")[0]
        assert (await pusher.post("/channels/care/webhook")).status == 200
    await pulse.write()
    part = await part_of(settings, engine)
    assert part.code == "wechat_ok"
    assert "last push 20" in part.words("en")[0]
    # Another process has older news.
    await told(engine, "UPDATE bot.wechat_pushes SET pushed_at = :at, refused_at = :at", at=NOW + MINUTE)
    pulse = Pulse(engine)
    pulse._of("care").pushed = NOW
    await pulse.write()
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT pushed_at, refusal FROM bot.wechat_pushes"))).all()
    assert [tuple(row) for row in rows] == [(NOW + MINUTE, "bad_signature")]


async def test_pushes_that_wait_on_disk_are_told(
    settings: Settings, engine: AsyncEngine, keys: Keys, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    assert [part.name for part in await check_wechat(with_account(settings), engine)] == ["wechat:care"]
    file = HeldFile.create(folder, keys)
    file.append(file.sealed(1, b"l" * 16, b"n" * 16, b"x" * 3000), flush=False)
    spool = (await check_wechat(with_account(settings), engine))[-1]
    assert (spool.name, spool.state, spool.code) == ("spool", "warning", "spool_waits")
    assert "4 KB" in spool.words("en")[0]
    (folder / "a.aside").write_bytes(b"")
    (folder / "b.spool").write_bytes(b"cut off")
    spool = (await check_wechat(with_account(settings), engine))[-1]
    assert (spool.name, spool.state, spool.code) == ("spool", "warning", "spool_aside")
    assert "2 files" in spool.words("en")[0]
    assert all("yingda wechat spool list" in spool.words(locale)[1] for locale in LOCALES)
    keyless = settings.model_copy(update={"keys": settings.keys.model_copy(update={"ring": None})})
    spool = (await check_wechat(with_account(keyless), engine))[-1]
    assert spool.code == "spool_waits"
