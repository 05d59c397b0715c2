"""Random bodies and frames: whatever is sent, the server answers by its rules and goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import WSMsgType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rehearsal.audit import audit
from bot.rehearsal.keeper import kept_server
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.integration.shop_front import CHANNELS, ShopFront

T = TypeVar("T")
BODIES, CONVERSATIONS = 600, 120
CLOSES = {4400, 4401, aiohttp.WSCloseCode.MESSAGE_TOO_BIG, aiohttp.WSCloseCode.INVALID_TEXT}
ERRORS = {"bad_frame", "bad_message", "too_large", "unknown_type", "blob_unknown"}

NAMES = st.sampled_from(
    ["type", "client_msg_id", "text", "choice", "attachments", "token", "last_seq", "seq", "on", "locale", "identity"]
)
WORDS = st.sampled_from(["hello", "send", "received", "read", "typing", "ping", "m1", "person", "article:x", "zh-Hans"])
# Halves of surrogate pairs, NULs and all: JSON can carry what no text should have.
TEXTS = st.text(st.characters(codec=None), max_size=40) | WORDS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=12,
)
# Almost a message: each part is as it should be, or anything, or left out.
ALMOST = st.fixed_dictionaries(
    {"type": st.just("send")},
    optional={
        "client_msg_id": st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True) | VALUES,
        "text": TEXTS | VALUES,
        "choice": st.sampled_from(["person", "bot", "article:x"]) | VALUES,
        "attachments": st.lists(st.uuids().map(str), max_size=2) | VALUES,
    },
)
OBJECTS = ALMOST | st.dictionaries(NAMES | TEXTS, VALUES, max_size=6) | VALUES
RAW = OBJECTS.map(json.dumps).map(str.encode) | st.binary(max_size=200)


async def for_all(examples: int, strategy: st.SearchStrategy[T], check: Callable[[T], Awaitable[None]]) -> None:
    """Lets hypothesis, which knows no event loop, look in a thread for what ``check`` fails on in this one."""
    loop = asyncio.get_running_loop()

    async def checked(example: T) -> None:
        await check(example)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def search(example: T) -> None:
        asyncio.run_coroutine_threadsafe(checked(example), loop).result(30)

    await asyncio.to_thread(search)


@pytest.fixture
async def shop(nursery: Path, addresses: Addresses, tmp_path: Path, pool: Pool) -> AsyncIterator[ShopFront]:
    settings = {"YINGDA_CHANNELS": CHANNELS}
    async with kept_server(nursery, addresses, tmp_path, **settings) as server, aiohttp.ClientSession() as http:
        yield ShopFront(http, server)
        assert await server.ready()
        assert server.starts == 1
        assert '"level": "error"' not in server.log.read_text(encoding="utf-8")
    assert await audit(pool, answered_once=False) == []


async def test_random_bodies(shop: ShopFront) -> None:
    token = await shop.open()

    async def check(example: tuple[str, bytes]) -> None:
        path, body = example
        answer = await shop.ask("POST", path, token, data=body, headers={"Content-Type": "application/json"})
        assert answer.status in (200, 204, 400, 401, 413), (answer.status, answer.body)
        if answer.status >= 400:
            assert answer.refused(answer.status, answer.json["code"])

    await for_all(BODIES, st.tuples(st.sampled_from(["session", "messages", "receipts", "typing"]), RAW), check)


async def test_random_headers_and_queries(shop: ShopFront) -> None:
    header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)

    async def check(example: tuple[str, str, str, str]) -> None:
        authorization, origin, after, wait = example
        headers = {"Authorization": authorization, "Accept-Language": origin, "Traceparent": authorization}
        answer = await shop.ask("GET", "messages", headers=headers, params={"after": after, "wait": wait})
        assert answer.status in (400, 401), answer.body
        answer = await shop.ask("POST", "session", headers={"Origin": origin}, json={})
        assert answer.status in (200, 400, 403), answer.body

    await for_all(BODIES // 3, st.tuples(header, header, TEXTS.map(_sendable), TEXTS.map(_sendable)), check)


def _sendable(text: str) -> str:
    return text.encode(errors="replace").decode()


async def test_random_frames(shop: ShopFront) -> None:
    token = await shop.open()

    async def check(frames: list[bytes | str]) -> None:
        async with shop.socket() as socket:
            await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
            for frame in frames:
                await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
            await socket.send_json({"type": "typing", "on": True})
            await socket.send_json({"type": "send", "client_msg_id": "last", "text": "the last"})
            while True:
                message = await socket.receive(timeout=30)
                if message.type is not WSMsgType.TEXT:
                    assert socket.close_code in CLOSES, socket.close_code
                    return
                received: Any = message.json()
                assert received["type"] != "error" or received["code"] in ERRORS, received
                if received["type"] == "ack" and received["client_msg_id"] == "last":
                    return

    frames = st.lists(RAW.map(lambda raw: raw.decode(errors="replace")) | st.binary(max_size=50), max_size=25)
    await for_all(CONVERSATIONS, frames, check)
