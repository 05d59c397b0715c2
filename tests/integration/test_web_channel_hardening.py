"""The web channel against clients that flood, lie, stall and come back with old words."""

import asyncio
import gzip
import os
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import jwt
import psycopg
import pytest
from aiohttp import ClientWebSocketResponse, FormData, WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from procrastinate import JobContext
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.app import drain, make_app
from bot.channels.web.tokens import SessionTokens, Visitor
from bot.domain.network import network_of
from bot.jobs.housekeeping import forget_unnamed_files
from bot.rehearsal.keys import KEYS, RING
from bot.settings import Http, Limits, Settings, WebChannel
from bot.storage.blobs import BlobStore
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from bot.turns.thread import Thread
from bot.web import bodies
from bot.web.chat.edge import EDGE, ChatEdge
from bot.web.chat.origins import is_allowed
from crm_adapter.identify import Sender

SHOP = "the secret of this shop, long enough for HS256"
KEY = "a key that only this test knows, and nobody else"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Shop:
    """The whole program in this process, and a client of it."""

    def __init__(self, client: TestClient[Any, Any], edge: ChatEdge) -> None:
        self.client = client
        self.edge = edge

    async def open(self, **body: Any) -> str:
        async with self.client.post("/channels/shop/session", json={"locale": "en", **body}) as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["token"])

    async def ask(self, method: str, path: str, token: str = "", **arguments: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}", **arguments.pop("headers", {})}
        async with self.client.request(method, f"/channels/shop/{path}", headers=headers, **arguments) as response:
            if response.content_type.endswith("json"):
                return response.status, await response.json()
            return response.status, await response.read()

    @asynccontextmanager
    async def socket(self, token: str) -> AsyncIterator[ClientWebSocketResponse]:
        async with self.client.ws_connect("/channels/shop/socket", protocols=("yingda.v1",)) as socket:
            await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
            yield socket

    async def upload(self, token: str, content: bytes = PNG) -> tuple[int, Any]:
        form = FormData()
        form.add_field("file", content, filename="a.png", content_type="image/png")
        return await self.ask("POST", "blobs", token, data=form)

    async def raw(self, head: str, body: bytes, token: str) -> int:
        """The status that answers a request written by hand and then left open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.client.port)
        head = f"{head}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        await asyncio.sleep(0.05)  # its handler waits for the body by now
        writer.write(body)
        try:
            async with asyncio.timeout(20):
                return int((await reader.readline()).split()[1])
        finally:
            writer.close()


Open = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def open_shop(addresses: Addresses, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the shop with these limits and settings of its channel."""
    clients: list[TestClient[Any, Any]] = []

    async def opening(channel: dict[str, Any] | None = None, http: Http | None = None, **limits: Any) -> Shop:
        settings = Settings(
            var_dir=tmp_path,
            secret_key=KEY,
            keys={"ring": RING.document()},
            worker=False,
            limits=Limits(**limits),
            http=http or Http(),
            channels=[WebChannel(name="shop", identity_secret=SHOP, **(channel or {}))],
        )
        app = make_app(settings, addresses)
        clients.append(client := TestClient(TestServer(app)))
        await client.start_server()
        return Shop(client, app[EDGE])

    yield opening
    for client in clients:
        await client.close()


def refused(code: str) -> float:
    return REGISTRY.get_sample_value("yingda_refusals_total", {"channel": "web", "code": code}) or 0.0


def vouch(**changes: Any) -> str:
    claims = {"aud": "yingda:shop", "sub": "7", "jti": uuid4().hex, "exp": datetime.now(UTC) + timedelta(minutes=5)}
    return jwt.encode({**claims, **changes}, SHOP, "HS256")


def subject_of(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


async def frames(socket: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    async with asyncio.timeout(40):
        while (frame := await socket.receive_json())["type"] != kind:
            pass
    return dict(frame)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def closed(socket: ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(40):
        while (await socket.receive()).type is WSMsgType.TEXT:
            pass
    return socket.close_code


@pytest.mark.parametrize("path", ["messages", "receipts", "typing", "session"])
async def test_a_long_body_is_not_read(open_shop: Open, path: str) -> None:
    shop = await open_shop()
    body = b'{"on": "' + b"x" * (16 * 8192) + b'"}'
    status, problem = await shop.ask("POST", path, await shop.open(), data=body)
    assert (status, problem["code"]) == (413, "too_large")


async def test_the_limit_comes_before_the_body(open_shop: Open) -> None:
    shop = await open_shop(messages_per_visitor=1, signals_per_visitor=1)
    token = await shop.open()
    for path in ("messages", "typing"):
        assert (await shop.ask("POST", path, token, data=b"not json"))[0] == 400
        assert (await shop.ask("POST", path, token, data=b"not json"))[0] == 429


async def test_frames_of_every_kind_are_limited(open_shop: Open) -> None:
    shop = await open_shop(signals_per_visitor=5)
    token = await shop.open()
    async with shop.socket(token) as socket:
        await frames(socket, "welcome")
        for _ in range(6):
            await socket.send_json({"type": "ping"})
        error = await frames(socket, "error")
        assert error["code"] == "rate_limited"
        assert isinstance(error["retry_after"], int)
    for method, path, body in (("POST", "receipts", {"read": 1}), ("POST", "typing", {}), ("GET", "messages", None)):
        assert (await shop.ask(method, path, token, json=body))[0] == 429


async def test_retry_after_is_whole_seconds(open_shop: Open) -> None:
    shop = await open_shop(sessions_per_address=1, sessions_window_s=7.3)
    await shop.open()
    async with shop.client.post("/channels/shop/session", json={}) as response:
        assert response.status == 429
        assert response.headers["Retry-After"].isdigit()
        assert int(response.headers["Retry-After"]) == (await response.json())["retry_after"] >= 1


async def test_what_is_known_is_not_acknowledged_again(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    acknowledge = Thread.acknowledge

    async def noted(self: Thread, received: int, read: int) -> None:
        calls.append((received, read))
        await acknowledge(self, received, read)

    monkeypatch.setattr(Thread, "acknowledge", noted)
    shop = await open_shop()
    async with shop.socket(token := await shop.open()) as socket:
        await socket.send_json({"type": "send", "client_msg_id": "a", "text": "hello"})
        while (await frames(socket, "message"))["seq"] < 2:
            pass
        for seq in (1, 1, 2, 1, 2):
            await socket.send_json({"type": "received", "seq": seq})
        for _ in range(3):
            await socket.send_json({"type": "read", "seq": 2})
        await socket.send_json({"type": "ping"})
        await frames(socket, "pong")
    assert calls == [(1, 0), (2, 0), (2, 2)]
    _, page = await shop.ask("GET", "messages", token)
    assert (page["received_seq"], page["read_seq"]) == (2, 2)


async def test_sockets_and_polls_share_their_places(open_shop: Open) -> None:
    shop = await open_shop(sockets_per_address=1)
    token = await shop.open()
    async with shop.socket(token) as socket:
        await frames(socket, "welcome")
        status, problem = await shop.ask("GET", "messages?wait=1", token)
        assert (status, problem["code"]) == (429, "rate_limited")
    await until(lambda: not shop.edge.open_by_network)
    assert (await shop.ask("GET", "messages", token))[0] == 200


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("messages", "Content-Encoding: gzip\r\nContent-Length: 9", b"not gzip!"),
        ("messages", "Content-Encoding: gzip\r\nContent-Length: 10", gzip.compress(b"{}" * 50, mtime=0)[:10]),
        (
            "blobs",
            f"{MULTIPART}\r\nContent-Length: 25",
            b"--b\r\nno header line\r\n\r\n--",
        ),
        (
            "blobs",
            f"{MULTIPART}\r\nContent-Length: 20013",
            b"--b\r\nX: " + b"x" * 20000 + b"\r\n\r\n",
        ),
        (
            "blobs",
            f"{MULTIPART}\r\nContent-Length: 70",
            b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"u" * 40,
        ),
        (
            "blobs",
            f"{MULTIPART}\r\nContent-Length: 60",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n" + b"-" * 9,
        ),
    ],
)
async def test_a_broken_body_is_the_clients_fault(open_shop: Open, path: str, headers: str, body: bytes) -> None:
    shop = await open_shop()
    head = f"POST /channels/shop/{path} HTTP/1.1\r\n{headers}"
    assert await shop.raw(head, body, await shop.open()) == 400


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("messages", "Content-Length: 100", b'{"text":'),
        ("messages", "Transfer-Encoding: chunked", b"zz\r\nnothing\r\n"),
        ("session", "Transfer-Encoding: chunked", b"5\r\n{"),
        ("blobs", f"{MULTIPART}\r\nContent-Length: 100", b"--b\r\n"),
    ],
)
async def test_a_body_that_does_not_come_is_not_waited_for(
    open_shop: Open, monkeypatch: pytest.MonkeyPatch, path: str, headers: str, body: bytes
) -> None:
    monkeypatch.setattr(bodies, "BODY_WITHIN_S", 0.3)
    shop = await open_shop()
    before = refused("request_timeout") + refused("bad_request")
    status = await shop.raw(f"POST /channels/shop/{path} HTTP/1.1\r\n{headers}", body, await shop.open())
    assert status in ((400, 408) if b"zz" in body else (408,))
    assert refused("request_timeout") + refused("bad_request") == before + 1


async def test_the_shops_word_is_good_for_a_day(open_shop: Open) -> None:
    shop = await open_shop()
    token = await shop.open(identity=vouch())
    assert subject_of(token) == subject_of(await shop.open(token=token)) == "user:7"
    tokens = SessionTokens(KEY, timedelta(hours=12))
    old = datetime.now(UTC) - timedelta(hours=25)
    for word_of in (old, None):
        stale, _ = tokens.issue(Visitor("shop", "user:7", "verified", "en", word_of))
        assert (await shop.ask("GET", "messages", stale))[0] == 200  # it has not ended
        assert subject_of(await shop.open(token=stale)).startswith("visitor:")
        assert subject_of(await shop.open(token=stale, identity=vouch())) == "user:7"
    young, _ = tokens.issue(Visitor("shop", "user:7", "verified", "en", old + timedelta(hours=2)))
    again = await shop.open(token=young)
    assert subject_of(again) == "user:7"
    # Renewing does not make the word younger.
    assert tokens.read(again, "shop").vouched_at == tokens.read(young, "shop").vouched_at


async def test_a_token_in_the_address_opens_files_only(open_shop: Open) -> None:
    shop = await open_shop()
    token = await shop.open()
    _, blob = await shop.upload(token)
    async with shop.client.get(f"/channels/shop/blobs/{blob['id']}?token={token}") as response:
        assert await response.read() == PNG
    for method, path in (("GET", "messages"), ("POST", "messages"), ("POST", "blobs"), ("POST", "typing")):
        async with shop.client.request(method, f"/channels/shop/{path}?token={token}") as response:
            assert response.status == 401


async def test_a_socket_ends_with_its_token(open_shop: Open) -> None:
    shop = await open_shop(channel={"session_hours": 2.5 / 3600})
    token = await shop.open()
    async with shop.socket(token) as socket:
        await frames(socket, "welcome")
        assert (await frames(socket, "error"))["code"] == "unauthorised"
        assert await closed(socket) == 4401
    assert subject_of(await shop.open(token=token)) == subject_of(token)


async def test_every_refusal_is_counted(open_shop: Open) -> None:
    shop = await open_shop(sessions_per_address=1)
    token = await shop.open()
    codes = ("unauthorised", "origin_refused", "unknown_account", "rate_limited", "bad_frame", "blob_unknown")
    before = {code: refused(code) for code in codes}
    await shop.ask("GET", "messages", "nonsense")
    await shop.ask("GET", "messages", token, headers={"Origin": "https://elsewhere.example.com"})
    await shop.ask("POST", "session", json={})
    await shop.ask("GET", f"blobs/{uuid4()}", token)
    async with shop.client.post("/channels/nowhere/session", json={}) as response:
        assert response.status == 404
    async with shop.socket("nonsense") as socket:
        assert await closed(socket) == 4401
    async with shop.client.ws_connect("/channels/shop/socket") as socket:
        await socket.send_str("not json")
        assert (await frames(socket, "error"))["code"] == "bad_frame"
        assert await closed(socket) == 4400
    counted = {code: refused(code) - before[code] for code in codes}
    assert counted == {**dict.fromkeys(codes, 1), "unauthorised": 2}


async def test_one_network_has_one_limit(open_shop: Open) -> None:
    shop = await open_shop(http=Http(trusted_proxies=["127.0.0.1"]), sessions_per_address=1)
    statuses = [
        (await shop.ask("POST", "session", json={}, headers={"X-Forwarded-For": address}))[0]
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1")
    ]
    assert statuses == [200, 429, 200, 200, 429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_file_named_twice_is_one(open_shop: Open) -> None:
    shop = await open_shop()
    token = await shop.open()
    _, blob = await shop.upload(token)
    message = {"client_msg_id": "a", "attachments": [blob["id"], blob["id"].upper()]}
    assert (await shop.ask("POST", "messages", token, json=message))[0] == 200
    _, page = await shop.ask("GET", "messages", token)
    assert page["messages"][0]["body"]["attachments"] == [blob]


async def test_an_address_has_so_many_bytes(open_shop: Open) -> None:
    shop = await open_shop(upload_bytes_per_address=4096)
    assert (await shop.upload(await shop.open(), PNG + bytes(3000)))[0] == 201
    assert (await shop.upload(await shop.open(), PNG + bytes(3000)))[0] == 429
    assert (await shop.upload(await shop.open()))[0] == 201


async def test_a_file_without_its_row_does_not_stay(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.blobs._INSERT", "INSERT INTO bot.none VALUES (%s, %s, %s, %s, %s, %s)")
    sender = Sender("web", "shop", "visitor:1", "anonymous", "en")
    with pytest.raises(psycopg.Error):
        await BlobStore(tmp_path / "blobs", pool, KEYS).put(sender, "a.png", PNG)
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


@pytest.mark.alone
async def test_a_slow_disk_holds_nobody_up(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = await open_shop()
    token = await shop.open()
    synced: list[bool] = []

    def slowly(number: int) -> None:
        time.sleep(1.5)
        synced.append(stat.S_ISDIR(os.fstat(number).st_mode))

    monkeypatch.setattr(os, "fsync", slowly)
    upload = asyncio.create_task(shop.upload(token))
    longest, last = 0.0, time.monotonic()
    while not upload.done():
        await asyncio.wait([upload], timeout=0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert (await upload)[0] == 201
    assert synced == [False, True, True]  # the bytes, and then the names of the file and of its folder
    assert longest < 1.4


async def test_files_that_no_message_names_go(open_shop: Open) -> None:
    shop = await open_shop()
    token = await shop.open()
    named, unnamed, young = [(await shop.upload(token))[1]["id"] for _ in range(3)]
    await shop.ask("POST", "messages", token, json={"client_msg_id": "a", "attachments": [named]})
    async with shop.edge.pool.connection() as connection:
        await connection.execute(
            "UPDATE bot.blobs SET created_at = now() - interval '25 hours' WHERE id = ANY(%s::uuid[])",
            ([named, unnamed],),
        )
    parts = SimpleNamespace(additional_context={"settings": shop.edge.settings, "pool": shop.edge.pool})
    await forget_unnamed_files(cast("JobContext", parts), 0)
    assert [(await shop.ask("GET", f"blobs/{one}", token))[0] for one in (named, unnamed, young)] == [200, 404, 200]
    assert len([path for path in (shop.edge.settings.var_dir / "blobs").rglob("*") if path.is_file()]) == 2


async def test_a_fault_of_ours_is_told_without_words(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Thread) -> None:
        raise psycopg.IntegrityError("Key (name)=(what a customer wrote)")

    monkeypatch.setattr(Thread, "position", fail)
    shop = await open_shop()
    with capture_logs() as logs:
        async with shop.socket(await shop.open()) as socket:
            assert await closed(socket) == 1011
    (told,) = [entry for entry in logs if entry["event"] == "socket.failed"]
    assert "IntegrityError" in told["fault"]
    assert "customer wrote" not in str(logs)


async def test_a_drain_may_come_twice_and_late(open_shop: Open) -> None:
    shop = await open_shop()
    states: list[bool] = []
    try:
        async with asyncio.timeout(0.01) as wait:
            with shop.edge.waiting(wait):
                try:
                    await asyncio.sleep(5)
                finally:
                    states.append(wait.expired())  # it is ending by itself
                    shop.edge.end_polls()
    except TimeoutError:
        states.append(wait.expired())
    assert states == [True, True]
    token = await shop.open()
    poll = asyncio.create_task(shop.ask("GET", "messages?wait=20", token))
    await until(lambda: bool(shop.edge.polls))
    async with asyncio.timeout(20):
        await drain(shop.client.app)
        await drain(shop.client.app)
        assert (await poll)[0] == 200


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://shop.example.com", True),
        ("https://SHOP.example.com:443", True),
        ("http://shop.example.com", False),
        ("https://shop.example.com:8443", False),
        ("https://outlet.example.com", True),
        ("https://chat.example.com", True),
        ("http://CHAT.example.com:80", True),
        ("https://chat.example.com:8443", False),
        ("https://shop.example.com@evil.example.com", False),
        ("https://shop.example.com:port", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_has_many_spellings(origin: str, may: bool) -> None:
    allowed = ("https://shop.example.com", "https://Outlet.Example.com:443")
    assert is_allowed(origin, "chat.example.com", allowed) is may
