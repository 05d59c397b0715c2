"""The program as its operator sees it: start, health, logs, traces, drain."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import psycopg
import pytest
from aiohttp import web

from bot.storage.database import Addresses
from tests.integration.chat_calls import TRACE_ID, connect, say, token_of
from tests.servers import ROOT, LiveServer, free_port

pytestmark = pytest.mark.heavy

SECRET = "a key that only this test knows, and nobody else"
WORDS = "my telephone number is 13800000000"


async def test_health_and_metrics(live_server: LiveServer) -> None:
    async with aiohttp.ClientSession(live_server.url) as session:
        async with session.get("/healthz") as response:
            assert response.status == 200
        async with session.get("/readyz") as response:
            assert (await response.json()) == {"ready": True, "parts": {"store": "ready", "serving": "ready"}}
        await say(session, live_server, await token_of(session, live_server), "hello")
        async with session.get("/metrics") as response:
            figures = await response.text()
    assert 'yingda_turns_total{result="taken"} 1.0' in figures
    assert 'yingda_request_seconds_count{route="/channels/{account}/messages",status="200"} 1.0' in figures


async def test_neither_secrets_nor_words_of_customers_are_logged(demo_addresses: Addresses, tmp_path: Path) -> None:
    with LiveServer(demo_addresses, tmp_path, YINGDA_LOG_LEVEL="debug") as server:
        async with aiohttp.ClientSession() as session:
            token = await token_of(session, server)
            await say(session, server, token, WORDS)
        server.stop()
    log = server.log.read_text(encoding="utf-8")
    assert SECRET not in log
    assert token not in log
    assert "13800000000" not in log


async def test_logs_are_json_with_the_messages_trace_id(demo_addresses: Addresses, tmp_path: Path) -> None:
    with LiveServer(demo_addresses, tmp_path, YINGDA_LOG_LEVEL="debug") as server:
        async with aiohttp.ClientSession() as session:
            await say(session, server, await token_of(session, server), "hello")
        server.stop()
    events = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    taken = [event for event in events if event.get("trace_id") == TRACE_ID]
    assert [event["event"] for event in taken] == ["turn taken"]
    assert taken[0]["account"] == "shop"


async def test_what_a_message_leaves_in_the_store_has_its_trace_id(live_server: LiveServer) -> None:
    """Whoever takes it from there, the outbox's sender above all, goes on under the same id."""
    async with aiohttp.ClientSession() as session:
        await say(session, live_server, await token_of(session, live_server), "hello")
    with psycopg.connect(live_server.addresses.application_url) as connection:
        # The answer, and the privacy notice of a first contact.
        assert set(connection.execute("SELECT trace_id FROM bot.outbox").fetchall()) == {(TRACE_ID,)}
        recorded = connection.execute("SELECT direction, trace_id FROM crm.interactions").fetchall()
    assert set(recorded) == {("in", TRACE_ID), ("out", TRACE_ID)}


async def test_spans_reach_a_collector_under_the_messages_trace_id(demo_addresses: Addresses, tmp_path: Path) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def collect(request: web.Request) -> web.Response:
        await arrived.put(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", collect)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server = LiveServer(demo_addresses, tmp_path, YINGDA_OTLP_ENDPOINT=f"http://127.0.0.1:{port}/v1/traces")
    await asyncio.to_thread(server.start)
    async with aiohttp.ClientSession() as session:
        await say(session, server, await token_of(session, server), "hello")
    await asyncio.to_thread(server.stop)
    body = await asyncio.wait_for(arrived.get(), 30)
    await runner.cleanup()
    assert b"turn" in body
    assert bytes.fromhex(TRACE_ID) in body


async def test_a_drain_sends_sockets_away_and_ends(live_server: LiveServer) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await connect(session, live_server, await token_of(session, live_server))
        os.kill(live_server.pid, signal.SIGTERM)
        message = await socket.receive(timeout=30)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert message.data == 1001
    assert await asyncio.to_thread(live_server.stop) == 0


def test_a_taken_address_is_explained(live_server: LiveServer, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    second = LiveServer(live_server.addresses, folder, port=live_server.port)
    second.start(wait=False)
    assert second.wait(30) == 1
    assert "YINGDA_HTTP__PORT" in second.log.read_text(encoding="utf-8")


def test_wrong_settings_stop_the_start_with_a_line_each(tmp_path: Path) -> None:
    environment = {**os.environ, "YINGDA_HTTP__PORT": "seventy", "YINGDA_SECRET_KEY": "short-secret"}
    result = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 2
    assert re.search(r"^  http\.port: ", result.stderr, re.MULTILINE)
    assert re.search(r"^  secret_key: ", result.stderr, re.MULTILINE)
    assert "short-secret" not in result.stderr
