"""The shop's word for its customers, everybody's limits, and files: what is refused is refused by name."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest

from bot.rehearsal.keeper import kept_server
from bot.storage.database import Addresses
from tests.integration.shop_front import CHANNELS, SECRET, Answer, ShopFront

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(100)
BLOB_BYTES = 4096
LIMITS = {
    "YINGDA_LIMITS__MESSAGES_PER_VISITOR": "3",
    "YINGDA_LIMITS__SIGNALS_PER_VISITOR": "5",
    "YINGDA_LIMITS__SESSIONS_PER_ADDRESS": "8",
    "YINGDA_LIMITS__SOCKETS_PER_ADDRESS": "2",
}


@pytest.fixture
async def shop(
    request: pytest.FixtureRequest, nursery: Path, addresses: Addresses, tmp_path: Path
) -> AsyncIterator[ShopFront]:
    settings = {
        "YINGDA_CHANNELS": CHANNELS,
        "YINGDA_LIMITS__BLOB_BYTES": str(BLOB_BYTES),
        **getattr(request, "param", {}),
    }
    async with kept_server(nursery, addresses, tmp_path, **settings) as server, aiohttp.ClientSession() as http:
        yield ShopFront(http, server)
        assert server.starts == 1
        assert '"level": "error"' not in server.log.read_text(encoding="utf-8")


def vouch(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """The shop's token for its customer 42; a claim of ``None`` is left out."""
    claims = {"aud": "yingda:shop", "sub": "42", "jti": uuid4().hex, "exp": time.time() + 300, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, secret if algorithm != "none" else None, algorithm)


def subject(answer: Answer) -> Any:
    return jwt.decode(answer.json["token"], options={"verify_signature": False})["sub"]


async def test_the_shops_word_opens_one_session_which_renews_itself(shop: ShopFront) -> None:
    word = vouch()
    first = await shop.ask("POST", "session", json={"identity": word})
    assert (first.status, subject(first)) == (200, "user:42")
    assert (await shop.ask("POST", "session", json={"identity": word})).refused(401, "identity_replayed")

    renewed = await shop.ask("POST", "session", json={"identity": word, "token": first.json["token"]})
    assert (renewed.status, subject(renewed)) == (200, "user:42")
    stranger = await shop.open()
    assert (await shop.ask("POST", "session", json={"identity": word, "token": stranger})).refused(
        401, "identity_replayed"
    )
    again = await shop.ask("POST", "session", json={"identity": vouch(), "token": stranger})
    assert subject(again) == "user:42"
    assert await shop.refusals("identity_replayed") == 2


async def test_any_other_word_is_refused(shop: ShopFront) -> None:
    expired = vouch(exp=time.time() - 60)
    assert (await shop.ask("POST", "session", json={"identity": expired})).refused(401, "identity_expired")
    bad: list[Any] = [
        "",
        "x",
        "a.b.c",
        5,
        {"sub": "42"},
        "\ud800",
        vouch(secret="a secret of somebody else, just as long as it"),
        vouch(algorithm="none"),
        vouch(aud="yingda:other"),
        vouch(aud=None),
        vouch(sub=None),
        vouch(jti=None),
        vouch(exp=None),
        vouch(exp=time.time() + 3600),
        vouch(exp=10**18),
        vouch(exp=1e308),
        vouch(exp=float("inf")),
        vouch(exp=float("nan")),
        vouch(exp="soon"),
        vouch(exp=str(int(time.time()) + 300)),
        vouch(exp=[]),
        vouch(nbf=time.time() + 300),
        vouch(iat="x"),
        vouch(sub=""),
        vouch(sub=42),
        vouch(sub="x" * 129),
        vouch(sub="a\x00b"),
        vouch(sub="half \ud800"),
        vouch(jti=""),
        vouch(jti="x" * 129),
        vouch(jti="a\x00b"),
        vouch(jti="half \ud800"),
        vouch(jti=["x"]),
    ]
    for identity in bad:
        answer = await shop.ask("POST", "session", json={"identity": identity})
        assert answer.refused(401, "identity_invalid"), identity
    assert await shop.refusals("identity_invalid") == len(bad)

    other = ShopFront(shop.http, shop.server, "other")
    answer = await other.ask("POST", "session", json={"identity": vouch(aud="yingda:other")})
    assert answer.refused(401, "identity_invalid"), "an account without a secret takes nobody's word"


@pytest.mark.parametrize("shop", [LIMITS], indirect=True)
async def test_each_limit_says_how_long_to_wait(shop: ShopFront) -> None:
    def limited(answer: Answer) -> bool:
        assert answer.refused(429, "rate_limited")
        assert answer.headers["Retry-After"].isdigit()
        assert int(answer.headers["Retry-After"]) >= 1
        return True

    token, other = await shop.open(), await shop.open()
    for number in range(3):
        assert (await shop.say(token, client_msg_id=f"m{number}", text="hi")).status == 200
    assert limited(await shop.say(token, client_msg_id="m3", text="hi"))
    assert (await shop.say(other, client_msg_id="m0", text="hi")).status == 200, "others are not concerned"

    async with shop.socket(token) as one, shop.socket(other):
        assert limited(await shop.ask("GET", "socket"))
        for _ in range(7):  # three messages, their answers, and the notice of the first contact
            await one.receive_json(timeout=20)
        await one.send_json({"type": "send", "client_msg_id": "m3", "text": "hi"})
        error = await one.receive_json(timeout=20)
        assert (error["code"], error["client_msg_id"]) == ("rate_limited", "m3")
        assert isinstance(error["retry_after"], int)
        for _ in range(5):
            await one.send_json({"type": "ping"})
            assert (await one.receive_json(timeout=20))["type"] == "pong"
        await one.send_json({"type": "ping"})
        assert (await one.receive_json(timeout=20))["code"] == "rate_limited"
    assert limited(await shop.ask("GET", "messages", token))
    async with shop.socket(other):
        pass

    for _ in range(6):
        await shop.open()
    assert limited(await shop.ask("POST", "session", json={}))
    assert await shop.refusals("rate_limited") == 6


def form(content: bytes, name: str = "picture.png", content_type: str = "image/png") -> Any:
    data = aiohttp.FormData(quote_fields=False)
    data.add_field("file", content, filename=name, content_type=content_type)
    return data


async def test_files_are_what_their_bytes_say_and_belong_to_their_sender(shop: ShopFront) -> None:
    token, other = await shop.open(), await shop.open()
    for content, name in (
        (b"", "empty.png"),
        (b"just text", "text.png"),
        (b"<html><script>alert(1)</script>", "page.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing.svg"),
        (b"MZ" + bytes(200), "program.png"),
        (b"PK\x03\x04" + bytes(200), "archive.pdf"),
    ):
        assert (await shop.ask("POST", "blobs", token, data=form(content, name))).refused(415, "type_refused"), name
    assert (await shop.ask("POST", "blobs", token, data=form(PNG + bytes(BLOB_BYTES)))).refused(413, "too_large")
    assert (await shop.ask("POST", "blobs", token, data=form(bytes(1_000_000)))).refused(413, "too_large")

    stored = await shop.ask("POST", "blobs", token, data=form(PNG, "../../evil\u202e.html", content_type="text/html"))
    assert stored.status == 201
    blob = stored.json
    assert blob == {"id": blob["id"], "name": "evil.png", "type": "image/png", "size": len(PNG)}
    shown = await shop.ask("GET", f"blobs/{blob['id']}?token={token}")
    assert (shown.status, shown.body) == (200, PNG)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"

    for stranger in (other, await ShopFront(shop.http, shop.server, "other").open()):
        answer = await shop.ask("GET", f"blobs/{blob['id']}", stranger)
        assert answer.status in (401, 404)
        assert PNG not in answer.body
    assert (await shop.ask("GET", f"blobs/{blob['id']}")).refused(401, "unauthorised")
    assert (await shop.ask("GET", "blobs/x", token)).refused(404, "blob_unknown")
    assert (await shop.ask("GET", f"blobs/{uuid4()}", token)).refused(404, "blob_unknown")
    assert (await shop.say(other, client_msg_id="m", attachments=[blob["id"]])).refused(400, "blob_unknown")
    both = [blob["id"], str(uuid4())]
    assert (await shop.say(token, client_msg_id="m", attachments=both)).refused(400, "blob_unknown")
    sent = await shop.say(token, client_msg_id="m", attachments=[blob["id"]])
    assert sent.status == 200
    thread = (await shop.ask("GET", "messages?after=0", token)).json["messages"]
    assert thread[0]["body"] == {"attachments": [blob]}


async def test_a_body_that_is_no_form_with_a_file_is_refused(shop: ShopFront) -> None:
    token = await shop.open()
    multipart = "multipart/form-data; boundary=b"
    for content_type, body in (
        ("application/json", b"{}"),
        ("multipart/form-data", b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=" + "b" * 100, b"x"),
        (multipart, b""),
        (multipart, b"no form at all"),
        (multipart, b"--b--\r\n"),
        (multipart, b"--b\r\n"),
        (multipart, b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\nno end"),
        (multipart, b"--b\r\nContent-Disposition: form-data; name=other\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nContent-Disposition: \xff\xfe; name=\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"),
        (multipart, b"--b\r\nno header line\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nContent-Length: x\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nContent-Length: -1\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nContent-Encoding: gzip\r\nContent-Disposition: form-data; name=o\r\n\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\nx\r\n--b--\r\n"),
        (multipart, b"--b\r\nX: " + b"y" * 3900 + b"\r\n\r\nx\r\n--b--\r\n"),
    ):
        answer = await shop.ask("POST", "blobs", token, data=body, headers={"Content-Type": content_type})
        assert answer.status in (400, 415), (answer.status, content_type, body)
        assert answer.json["code"] in ("bad_message", "bad_request", "type_refused"), body


async def test_a_visitor_uploads_twenty_files_a_minute(shop: ShopFront) -> None:
    token = await shop.open()
    for _ in range(20):
        assert (await shop.ask("POST", "blobs", token, data=form(PNG))).status == 201
    assert (await shop.ask("POST", "blobs", token, data=form(PNG))).refused(429, "rate_limited")
