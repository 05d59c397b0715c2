"""Bad input on the web channel: a typed error each time, a counter, the connection's rules kept, never a 500."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest

from bot.channels.web.tokens import SessionTokens, new_visitor
from bot.rehearsal.keeper import kept_server
from bot.storage.database import Addresses
from tests.integration.shop_front import CHANNELS, ShopFront, closed_with

KEY = "a key that only this test knows, and nobody else"
MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"client_msg_id": "m", "text": "hi", "n": ' + b"1" * 5000 + b"}",
]
BAD_MESSAGES: list[dict[str, Any]] = [
    {},
    {"text": "no id"},
    {"client_msg_id": 5, "text": "hi"},
    {"client_msg_id": "", "text": "hi"},
    {"client_msg_id": "x" * 65, "text": "hi"},
    {"client_msg_id": "a b", "text": "hi"},
    {"client_msg_id": "a\n", "text": "hi"},
    {"client_msg_id": "a\x00", "text": "hi"},
    {"client_msg_id": "数", "text": "hi"},
    {"client_msg_id": "m"},
    {"client_msg_id": "m", "text": ""},
    {"client_msg_id": "m", "text": " \n\t\u3000"},
    {"client_msg_id": "m", "text": "\x00\x00"},
    {"client_msg_id": "m", "text": 5},
    {"client_msg_id": "m", "text": ["hi"]},
    {"client_msg_id": "m", "text": {"a": {"b": {}}}},
    {"client_msg_id": "m", "text": "half a \ud83d letter"},
    {"client_msg_id": "m", "choice": 5},
    {"client_msg_id": "m", "choice": "Not a choice!"},
    {"client_msg_id": "m", "choice": "article:" + "x" * 121},
    {"client_msg_id": "m", "choice": "article:\x00"},
    {"client_msg_id": "m", "attachments": "x"},
    {"client_msg_id": "m", "attachments": [5]},
    {"client_msg_id": "m", "attachments": ["not an id"]},
    {"client_msg_id": "m", "attachments": [str(number) * 32 for number in range(6)]},
]
TOO_LARGE = ["x" * 8193, "字" * 2731, "🙂" * 2049]
JUST_RIGHT = ["x" * 8192, "字" * 2730, "🙂" * 2048]
UNKNOWN_BLOB = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def shop(nursery: Path, addresses: Addresses, tmp_path: Path) -> AsyncIterator[ShopFront]:
    settings = {"YINGDA_CHANNELS": CHANNELS, "YINGDA_SECRET_KEY": KEY}
    async with kept_server(nursery, addresses, tmp_path, **settings) as server, aiohttp.ClientSession() as http:
        yield ShopFront(http, server)
        assert server.starts == 1
        assert '"level": "error"' not in server.log.read_text(encoding="utf-8")


async def test_a_body_that_is_no_json_object_is_malformed_everywhere(shop: ShopFront) -> None:
    token = await shop.open()
    for path in ("session", "messages", "receipts", "typing"):
        for body in MALFORMED:
            assert (await shop.ask("POST", path, token, data=body)).refused(400, "malformed_json")
    assert await shop.refusals("malformed_json") == 4 * len(MALFORMED)


async def test_a_message_of_the_wrong_shape_is_refused_and_the_next_is_taken(shop: ShopFront) -> None:
    token = await shop.open()
    for message in BAD_MESSAGES:
        assert (await shop.say(token, **message)).refused(400, "bad_message")
    assert await shop.refusals("bad_message") == len(BAD_MESSAGES)
    good = await shop.say(token, client_msg_id="m", text="hi")
    assert (good.status, good.json["ack"]["seq"]) == (200, 1)


async def _verdict(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next word on what was sent; the lines of the thread in between are passed over."""
    while (frame := await socket.receive_json(timeout=20))["type"] not in ("ack", "error"):
        pass
    return dict(frame)


async def test_a_text_may_have_eight_kilobytes_however_they_are_written(shop: ShopFront) -> None:
    token = await shop.open()
    for text in TOO_LARGE:
        assert (await shop.say(token, client_msg_id="m", text=text)).refused(413, "too_large")
    assert (await shop.ask("POST", "messages", token, data=b" " * 200_000)).refused(413, "too_large")
    for number, text in enumerate(JUST_RIGHT):
        assert (await shop.say(token, client_msg_id=f"right{number}", text=text)).status == 200
    escaped = json.dumps({"client_msg_id": "escaped"})[:-1] + ', "text": "' + "\\u0041" * 8192 + '"}'
    assert (await shop.ask("POST", "messages", token, data=escaped.encode())).status == 200

    async with shop.socket(token) as socket:
        for text in TOO_LARGE:
            await socket.send_json({"type": "send", "client_msg_id": "big", "text": text})
            error = await _verdict(socket)
            assert (error["type"], error["code"], error["client_msg_id"]) == ("error", "too_large", "big")
        await socket.send_json({"type": "send", "client_msg_id": "after", "text": "🙂" * 2048})
        assert (await _verdict(socket))["type"] == "ack"
    assert await shop.refusals("too_large") == 2 * len(TOO_LARGE) + 1


async def test_what_no_database_can_hold_is_left_out_or_refused(shop: ShopFront) -> None:
    token = await shop.open()
    answer = await shop.say(token, client_msg_id="nul", text="a\x00b", extra={"deep": [1e300, None]})
    assert answer.json["messages"][0]["body"]["text"] == "You said: ab"
    infinite = b'{"client_msg_id": "inf", "text": "hi", "n": [1e999, -1e999, NaN]}'
    assert (await shop.ask("POST", "messages", token, data=infinite)).status == 200


async def test_cursors_must_be_whole_numbers_in_range(shop: ShopFront) -> None:
    token = await shop.open()
    for after in ("-1", "x", "1.5", "2147483648", "9" * 5000, "", "NaN"):
        assert (await shop.ask("GET", f"messages?after={after}", token)).refused(400, "bad_message")
    for wait in ("x", ""):
        assert (await shop.ask("GET", f"messages?wait={wait}", token)).refused(400, "bad_message")
    for wait in ("nan", "-5", "-inf"):
        assert (await shop.ask("GET", f"messages?wait={wait}", token)).status == 200
    bad: list[Any] = [-1, "1", 2**31, True, 1.5, None, [], 10**300]
    for seq in bad:
        for field in ("received", "read"):
            assert (await shop.ask("POST", "receipts", token, json={field: seq})).refused(400, "bad_message")
    assert (await shop.ask("POST", "receipts", token, json={"received": 2**31 - 1})).status == 204


async def test_who_has_no_good_token_gets_401(shop: ShopFront) -> None:
    visitor = new_visitor("shop", "en")
    good = await shop.open()
    expired, _ = SessionTokens(KEY, timedelta(seconds=-1)).issue(visitor)
    forged, _ = SessionTokens("another key, just as long as the true one", timedelta(hours=1)).issue(visitor)
    unsigned = jwt.encode({"aud": "yingda-session:shop", "sub": "visitor:x", "exp": 2**31}, None, "none")
    of_other = await ShopFront(shop.http, shop.server, "other").open()
    header, _, signature = good.split(".")
    swapped = f"{header}.{expired.split('.')[1]}.{signature}"
    bad = ["", "x", "a.b.c", "." * 3000, "é", good[:-3], expired, forged, unsigned, of_other, swapped]
    for token in bad:
        for method, path in (("POST", "messages"), ("GET", "messages"), ("POST", "receipts"), ("POST", "blobs")):
            assert (await shop.ask(method, path, token)).refused(401, "unauthorised")
    assert (await shop.ask("GET", "messages")).refused(401, "unauthorised")
    assert (await shop.ask("GET", "messages", headers={"Authorization": "Basic eDp5"})).refused(401, "unauthorised")
    assert (await shop.ask("GET", f"messages?token={good}")).refused(401, "unauthorised")
    assert await shop.refusals("unauthorised") == 4 * len(bad) + 3

    for token in bad:
        async with shop.socket() as socket:
            await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
            assert (await socket.receive_json(timeout=20))["code"] == "unauthorised"
            assert await closed_with(socket) == 4401


async def test_an_old_token_goes_on_as_the_same_visitor_and_a_bad_one_as_a_new_one(shop: ShopFront) -> None:
    visitor = new_visitor("shop", "en")
    tokens = {
        "just ended": SessionTokens(KEY, timedelta(seconds=-1)).issue(visitor)[0],
        "too old": SessionTokens(KEY, -timedelta(days=31)).issue(visitor)[0],
    }
    subjects = {
        name: jwt.decode(await shop.open(token=token), options={"verify_signature": False})["sub"]
        for name, token in {**tokens, "garbage": "x", "number": 5, "surrogate": "\ud800"}.items()
    }
    assert subjects["just ended"] == visitor.identity
    assert len(set(subjects.values())) == len(subjects)


async def test_pages_of_other_origins_and_unknown_accounts_are_refused(shop: ShopFront) -> None:
    token = await shop.open()
    for origin in ("https://evil.example", "null", "http://", "http://127.0.0.1.evil.example", "http://["):
        headers = {"Origin": origin}
        for method, path in (("POST", "session"), ("POST", "messages"), ("GET", "messages"), ("GET", "socket")):
            assert (await shop.ask(method, path, token, headers=headers)).refused(403, "origin_refused")
    assert (await shop.ask("POST", "session", headers={"Origin": shop.server.url}, json={})).status == 200

    nobody = ShopFront(shop.http, shop.server, "nobody")
    for method, path in (("POST", "session"), ("POST", "messages"), ("GET", "messages"), ("GET", "socket")):
        assert (await nobody.ask(method, path, token)).refused(404, "unknown_account")
    assert (await shop.ask("DELETE", "messages", token)).refused(405, "method_not_allowed")
    assert (await shop.ask("GET", "nothing", token)).refused(404, "not_found")


async def test_a_session_is_opened_in_a_known_language_only(shop: ShopFront) -> None:
    for locale in ("xx", "", 5, None, ["en"], {"en": 1}):
        assert (await shop.ask("POST", "session", json={"locale": locale})).refused(400, "bad_message")


async def test_bad_frames_are_answered_and_the_twentieth_closes(shop: ShopFront) -> None:
    token = await shop.open()
    frames: list[tuple[bytes | str, str]] = [
        (b"{}", "bad_frame"),
        ("", "bad_frame"),
        ("{", "bad_frame"),
        ("[]", "bad_frame"),
        ("[" * 50_000, "bad_frame"),
        ("{}", "bad_frame"),
        ('{"type": 5}', "bad_frame"),
        ('{"type": ["send"]}', "bad_frame"),
        ('{"type": "nonsense"}', "unknown_type"),
        ('{"type": "hello", "token": "x"}', "unknown_type"),
        ('{"type": "received"}', "bad_message"),
        ('{"type": "received", "seq": -1}', "bad_message"),
        ('{"type": "read", "seq": 1e999}', "bad_message"),
        ('{"type": "read", "seq": true}', "bad_message"),
        ('{"type": "send"}', "bad_message"),
        ('{"type": "send", "client_msg_id": "m", "text": "\\ud800"}', "bad_message"),
        ('{"type": "send", "client_msg_id": ["m"], "text": "hi"}', "bad_message"),
        (f'{{"type": "send", "client_msg_id": "m", "attachments": ["{UNKNOWN_BLOB}"]}}', "blob_unknown"),
        (json.dumps({"type": "send", "client_msg_id": "m", "text": "x" * 9000}), "too_large"),
    ]
    async with shop.socket(token) as socket:
        for frame, code in frames:
            await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
            error = await socket.receive_json(timeout=20)
            assert (error["type"], error["code"]) == ("error", code), frame
            assert error["message"]
            await socket.send_json({"type": "ping"})
            assert await socket.receive_json(timeout=20) == {"type": "pong"}
        await socket.send_json({"type": "send", "client_msg_id": "m", "text": "a good one in between"})
        lines = [(await socket.receive_json(timeout=20))["type"] for _ in range(4)]
        assert lines == ["ack", "message", "message", "message"], "what was sent, its answer, the first notice"
        await socket.send_str("the twentieth")
        assert (await socket.receive_json(timeout=20))["code"] == "bad_frame"
        assert await closed_with(socket) == 4400
    assert await shop.refusals("bad_frame") == 9


async def test_a_socket_begins_with_a_hello(shop: ShopFront) -> None:
    token = await shop.open()
    for first in (
        "x",
        json.dumps({"type": "ping"}),
        json.dumps({"type": "hello", "token": token, "last_seq": -1}),
        json.dumps({"type": "hello", "token": token, "last_seq": "0"}),
    ):
        async with shop.socket() as socket:
            await socket.send_str(first)
            assert (await socket.receive_json(timeout=20))["type"] == "error"
            assert await closed_with(socket) == 4400
    async with shop.socket() as socket:
        await socket.send_bytes(json.dumps({"type": "hello", "token": token}).encode())
        assert await closed_with(socket) == 4400
    for tokens in ({}, {"token": None}, {"token": {"a": 1}}, {"token": token + "x"}):
        async with shop.socket() as socket:
            await socket.send_json({"type": "hello", **tokens})
            assert await closed_with(socket) == 4401
    async with shop.socket(token) as socket:
        await socket.send_str("x" * 200_000)
        assert await closed_with(socket) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.slow
async def test_who_says_nothing_is_closed_after_ten_seconds(shop: ShopFront) -> None:
    async with asyncio.timeout(30), shop.socket() as socket:
        assert await closed_with(socket) == 4400
