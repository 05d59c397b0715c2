"""Servers that hardly speak HTTP: the emulator tries again and tells the user, and nothing of its own breaks."""

import asyncio
import gzip

import pytest

from emulators.wechat.push.delivery import OUT_OF_ORDER
from tests.integration.emulators.wechat_lab import lab

OK = b"HTTP/1.1 200 OK\r\n"
LARGE = gzip.compress(b"x" * 5_000_000)


@pytest.mark.parametrize(
    ("answer", "outcome", "tries"),
    [
        (b"", "unreachable", 3),
        (b"garbage\r\n\r\n", "unreachable", 3),
        (OK + b"Content-Length: 100\r\n\r\nhalf", "unreachable", 3),
        (OK + b"Content-Length: nonsense\r\n\r\n", "unreachable", 3),
        (OK + b"Content-Length: 7\r\n\r\nsuccess", "silent", 1),
        (OK + b"\r\nsuccess", "silent", 1),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nsuc\r\n4\r\ncess\r\n0\r\n\r\n", "silent", 1),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "http_error", 3),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "http_error", 3),
        (OK + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000, "malformed", 1),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(LARGE) + LARGE, "malformed", 1),
    ],
    ids=range(11),
)
async def test_whatever_comes_back_is_an_outcome(answer: bytes, outcome: str, tries: int) -> None:
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"</xml>")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, lab() as wechat:
        port = server.sockets[0].getsockname()[1]
        await wechat.control("PATCH", "/accounts/shop", {"push_url": f"http://127.0.0.1:{port}/"})
        await wechat.user()
        push = await wechat.do("li", "text", content="hi")
        assert (push["outcome"], len(push["attempts"]), asked) == (outcome, tries, tries)
        expected = [] if outcome == "silent" else [("error", "text", OUT_OF_ORDER)]
        assert await wechat.shown("li") == expected


@pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1/", "http://[", "http://127.0.0.1:99999/", "http://\x00/"])
async def test_an_address_that_is_none_is_a_server_that_is_away(url: str) -> None:
    async with lab() as wechat:
        await wechat.control("PATCH", "/accounts/shop", {"push_url": url})
        await wechat.user()
        assert (await wechat.do("li", "text", content="hi"))["outcome"] == "unreachable"
        assert (await wechat.control("POST", "/accounts/shop/verify"))["verified"] is False
