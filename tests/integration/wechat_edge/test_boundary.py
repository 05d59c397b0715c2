"""Whatever comes to a webhook over the wire, it is 400 or 403 soon, or a push; never 500, never a wait without end."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.integration.wechat_edge.phones import ACCOUNT, Wechat
from tests.servers import LiveServer
from tests.unit.channels.wechat.pushing import query

pytestmark = pytest.mark.heavy

TRY_S = 2.0
PLAIN = f'{{"mode": "plain", "push_try_s": {TRY_S}}}'
PATH = "/channels/care/webhook"


def push(number: int) -> bytes:
    created = int(time.time())
    return (
        f"<xml><ToUserName>gh_0000000000b1</ToUserName><FromUserName>o-li</FromUserName><CreateTime>{created}</CreateTime>"
        f"<MsgType>text</MsgType><Content>你们几点营业？</Content><MsgId>{number}</MsgId></xml>"
    ).encode()


def signed(*, ago_s: float = 0, token: str = ACCOUNT["token"]) -> dict[str, str]:
    return query(datetime.now(UTC) - timedelta(seconds=ago_s), token)


def target(asked: dict[str, str]) -> str:
    return f"{PATH}?" + "&".join(f"{name}={value}" for name, value in asked.items())


@asynccontextmanager
async def wire(server: LiveServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(server: LiveServer, head: str, body: bytes) -> tuple[int, float]:
    """The status that a request as it stands gets, and after how many seconds; nothing more is sent meanwhile."""
    began = time.monotonic()
    async with wire(server) as (reader, writer), asyncio.timeout(15):
        writer.write(f"{head}\r\nHost: x\r\n\r\n".encode() + body)
        line = await reader.readline()
    return int(line.split()[1]), time.monotonic() - began


async def test_bodies_that_stall_lie_or_have_no_end_are_refused_soon(phones: Wechat) -> None:
    with phones.server(account=PLAIN) as server:
        right, wrong = target(signed()), target(signed(token="another"))

        async def posted(where: str, *headers: str, body: bytes = b"") -> tuple[int, float]:
            return await said(server, "\r\n".join((f"POST {where} HTTP/1.1", *headers)), body)

        status, seconds = await posted(right, "Content-Length: 500", body=b"<xml>")
        assert status == 400
        assert seconds < 12
        status, seconds = await posted(right, "Transfer-Encoding: chunked", body=b"5\r\n<xml>\r\n")
        assert status == 400
        assert seconds < 12
        status, seconds = await posted(wrong, "Content-Length: 500", body=b"<xml>")
        assert status == 403, "whoever is not WeChat is not waited for"
        assert seconds < TRY_S
        assert (await posted(right, "Content-Length: 99999999", body=b"<xml>"))[0] == 400
        endless = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        assert (await posted(right, "Transfer-Encoding: chunked", body=endless * 3))[0] == 400
        assert (await posted(right, "Transfer-Encoding: chunked", body=b"zz\r\n\r\n"))[0] == 400
        assert (await posted(right, "Content-Length: 3", "Content-Encoding: gzip", body=b"abc"))[0] == 400
        bomb = gzip.compress(b"x" * 50_000_000)
        assert (await posted(right, f"Content-Length: {len(bomb)}", "Content-Encoding: gzip", body=bomb))[0] == 400
        assert server.ready()
        assert "request.failed" not in server.log.read_text(encoding="utf-8")
    assert phones.rows("SELECT count(*) FROM bot.inbox") == [(0,)]


async def test_a_push_is_one_whatever_its_headers_say(phones: Wechat) -> None:
    async def pieces(whole: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(whole), 50):
            yield whole[at : at + 50]

    kinds = ["image/png", "multipart/form-data", "application/json; charset=utf-7", "nonsense", "text/xml"]
    with phones.server(account='{"mode": "plain"}') as server:
        async with aiohttp.ClientSession() as session:
            for number, kind in enumerate(kinds):
                data = pieces(push(number)) if number % 2 else push(number)
                headers = {"Content-Type": kind}
                async with session.post(server.url + PATH, params=signed(), data=data, headers=headers) as response:
                    assert response.status == 200, kind
                    assert "<Content>" in await response.text()
    assert phones.rows("SELECT count(*) FROM bot.inbox") == [(len(kinds),)]


async def test_old_requests_and_other_people_s_are_refused_get_and_post(phones: Wechat) -> None:
    with phones.server(account=PLAIN) as server:
        async with aiohttp.ClientSession() as session:

            async def asked(method: str, params: dict[str, str], data: bytes | None = None) -> tuple[int, str]:
                async with session.request(method, server.url + PATH, params=params, data=data) as response:
                    return response.status, await response.text()

            assert await asked("GET", {**signed(), "echostr": "42"}) == (200, "42")
            for old in (-400, 400, 86_400):
                assert (await asked("GET", {**signed(ago_s=old), "echostr": "42"}))[0] == 403
                assert (await asked("POST", signed(ago_s=old), push(1)))[0] == 403
            assert (await asked("GET", {**signed(token="another"), "echostr": "42"}))[0] == 403
            assert (await asked("GET", signed()))[0] == 400
            assert (await asked("GET", {"echostr": "42"}))[0] == 403
            assert (await asked("PUT", signed(), push(1)))[0] == 405
    assert phones.rows("SELECT count(*) FROM bot.inbox") == [(0,)]
