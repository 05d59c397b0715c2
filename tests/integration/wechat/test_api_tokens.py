"""One access token for all processes: fetched once, renewed once, replaced once when it is refused."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels.wechat.api import TokenFault, WechatFault, open_client
from bot.rehearsal.keys import RING
from bot.storage.database import make_engine
from tests.integration.wechat.emulator import SECRET, Emulator, emulated
from tests.servers import ROOT

STABLE = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/custom/send"


class Sender:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            return (await self._process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def send(self, number: int) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n".encode())
        return json.loads(await self.line())


@asynccontextmanager
async def sender(wechat: Emulator, openid: str, database: str, folder: Path, **account: Any) -> AsyncIterator[Sender]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.wechat.sending_process",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        shown = wechat.account(**account).model_dump() | {"secret": SECRET, "token": "pushes4care"}
        given = {"account": shown, "database": database, "folder": str(folder), "ring": RING.document()}
        assert process.stdin is not None
        process.stdin.write(json.dumps(given | {"openid": openid}).encode() + b"\n")
        running = Sender(process)
        assert await running.line() == "ready"
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
async def senders(wechat, addresses, tmp_path) -> AsyncIterator[list[Sender]]:
    openid = await wechat.user()
    await wechat.fault("latency", STABLE, seconds=0.5)  # both want a token before either has one
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(sender(wechat, openid, addresses.application_url, tmp_path, timeout_s=20))
            for _ in range(2)
        ]


async def both(senders: list[Sender], number: int) -> dict[str, int]:
    ends = await asyncio.gather(*(one.send(number) for one in senders))
    return {end: sum(found.get(end, 0) for found in ends) for end in {end for found in ends for end in found}}


async def test_at_its_end_two_processes_with_200_calls_refresh_it_once(wechat, senders):
    assert await both(senders, 100) == {"sent": 200}
    assert await wechat.calls(STABLE) == [0]
    await wechat.control("POST", "/clock/advance", {"seconds": 7201})  # 42001 is what the next calls are told
    await wechat.control("POST", "/users/li/pay", {})
    assert await both(senders, 100) == {"sent": 200}
    assert await wechat.calls(STABLE) == [0, 0]
    assert len(await wechat.shown()) == 400


async def test_a_token_that_was_revoked_is_replaced_once_for_all(wechat, senders):
    assert await both(senders, 5) == {"sent": 10}
    await wechat.control("POST", "/accounts/care/revoke-tokens", {})
    assert await both(senders, 100) == {"sent": 200}
    assert await wechat.calls(STABLE) == [0, 0]


async def test_a_process_that_is_killed_with_the_lock_lets_go_of_it(wechat, addresses, tmp_path):
    openid = await wechat.user()
    await wechat.fault("latency", STABLE, seconds=120, count=1)
    processes = [sender(wechat, openid, addresses.application_url, tmp_path, timeout_s=25) for _ in range(2)]
    async with processes[0] as first, processes[1] as second:
        waiting = asyncio.create_task(first.send(1))
        await wechat.struck()
        after = asyncio.create_task(second.send(1))
        await asyncio.wait([after], timeout=0.5)
        assert not after.done()  # one at a time
        await first.kill()
        assert await after == {"sent": 1}
        with pytest.raises(json.JSONDecodeError):
            await waiting


async def test_the_kept_token_serves_the_next_process_and_is_sealed(wechat, engine, keys):
    for _ in range(2):
        async with open_client(wechat.account(), engine, keys) as client:
            await client.check()
    assert await wechat.calls(STABLE) == [0]
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM bot.wechat_tokens"))).mappings().one()
    assert row["appid"] == "wx00000000000000a1"
    assert row["expires_at"] - row["taken_at"] == timedelta(seconds=7200)
    assert len(row["sealed_token"]) > 136


async def test_a_token_that_was_sealed_with_another_key_is_fetched_anew(wechat, engine, keys):
    async with open_client(wechat.account(), engine, keys) as client:
        await client.check()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.wechat_tokens SET sealed_token = '\\x01'"))
    async with open_client(wechat.account(), engine, keys) as client:
        await client.check()
    assert await wechat.calls(STABLE) == [0, 0]


async def test_a_lasting_refusal_is_tried_once_more_with_a_new_token_and_then_told_loudly(wechat, engine, keys):
    openid = await wechat.user()
    await wechat.fault("errcode", SEND, errcode=40001)
    async with open_client(wechat.account(), engine, keys) as client:
        with pytest.raises(TokenFault) as caught:
            await client.send({"touser": openid, "msgtype": "text", "text": {"content": "x"}})
        assert (caught.value.errcode, caught.value.decision) == (40001, "fix_settings")
        assert caught.value.rid
        assert await wechat.calls(SEND) == [40001, 40001]
        # got; not another one without force; with force
        assert await wechat.calls(STABLE) == [0, 0, 0]
        # Within 30 s no other is demanded, and within 5 s nobody asks at all.
        for _ in range(3):
            with pytest.raises(TokenFault):
                await client.send({"touser": openid, "msgtype": "text", "text": {"content": "x"}})
        assert await wechat.calls(STABLE) == [0, 0, 0, 0]
        assert await wechat.shown() == []


async def test_twenty_demands_a_day_are_the_most(wechat, engine, keys):
    await wechat.fault("errcode", "/cgi-bin/get_current_selfmenu_info", errcode=40014)
    used = (
        "INSERT INTO bot.wechat_tokens (appid, id, forced_on, forced) VALUES"
        " ('wx00000000000000a1', gen_random_uuid(), (now() AT TIME ZONE 'Asia/Shanghai')::date - {}, 20)"
        " ON CONFLICT (appid) DO UPDATE SET forced_on = excluded.forced_on, forced = 20, forced_at = NULL"
    )
    for day, calls in ((0, [0, 0]), (1, [0, 0, 0, 0])):
        async with engine.begin() as connection:
            await connection.execute(text(used.format(day)))
        async with open_client(wechat.account(), engine, keys) as client:
            with pytest.raises(TokenFault):
                await client.check()
        assert await wechat.calls(STABLE) == calls
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT forced FROM bot.wechat_tokens")) == 1


async def test_a_wrong_secret_is_told_as_what_it_is(wechat, engine, keys):
    async with open_client(wechat.account(secret="another-secret"), engine, keys) as client:
        with pytest.raises(WechatFault) as caught:
            await client.check()
    assert (caught.value.errcode, caught.value.decision) == (40125, "fix_settings")
    assert "another-secret" not in f"{caught.value!r} {caught.value}"


async def test_a_token_is_renewed_ahead_of_its_end_beside_the_calls(tmp_path, engine, keys):
    tokens = {"lifetime_s": 4, "renewed_before_s": 3}
    async with emulated(tmp_path, tokens=tokens) as wechat, open_client(wechat.account(), engine, keys) as client:
        await client.check()
        async with asyncio.timeout(60):
            while len(await wechat.calls(STABLE)) < 2:
                await client.check()
                await asyncio.sleep(0.1)
        assert set(await wechat.calls("/cgi-bin/get_current_selfmenu_info")) == {0}


async def test_without_the_database_no_token_is_had_and_that_is_told(wechat, settings, keys):
    away = make_engine("postgresql://nobody@127.0.0.1:9/none", settings)
    async with open_client(wechat.account(retry_s=0), away, keys) as client:
        with pytest.raises(WechatFault) as caught:
            await client.check()
    await away.dispose()
    assert (caught.value.reason, caught.value.decision) == ("store_away", "retry")


async def test_a_process_that_hangs_with_the_lock_holds_up_nobody_for_ever(wechat, engine, keys):
    async with engine.connect() as other:
        await other.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('wechat token wx00000000000000a1', 0))")
        )
        async with open_client(wechat.account(timeout_s=0.2, retry_s=0), engine, keys) as client:
            with pytest.raises(WechatFault) as caught:
                await client.check()
    assert caught.value.reason == "store_away"
