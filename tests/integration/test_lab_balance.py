"""Where pushes go when two servers share an account."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.lab.balance import Balance
from tests.servers import free_port

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PATH = "/channels/care/webhook?signature=a%2Bb&nonce=%E4%BD%A0"


async def first(request: web.Request) -> web.Response:
    assert await request.text() == "<xml>你好</xml>"
    assert request.query["signature"] == "a+b"
    return web.Response(text=f"first {request.method} {request.content_type}", content_type="application/xml")


async def second(request: web.Request) -> web.Response:
    return web.Response(status=503, text="second", headers={"Retry-After": "1"})


async def cutting(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def balance(*answers: Answer | None) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A balance before servers that answer so; ``None``: one that is down."""
    async with AsyncExitStack() as opened:
        session = await opened.enter_async_context(aiohttp.ClientSession())
        urls = []
        for answer in answers:
            if answer is None:
                urls.append(f"http://127.0.0.1:{free_port()}")
                continue
            app = web.Application()
            app.router.add_route("*", "/channels/care/webhook", answer)
            server = await opened.enter_async_context(TestServer(app))
            urls.append(str(server.make_url("")).rstrip("/"))
        front = await opened.enter_async_context(TestServer(Balance(session, urls).app()))
        yield session, str(front.make_url("/")).rstrip("/")


async def push(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    headers = {"Content-Type": "text/xml"}
    async with session.post(url + PATH, data="<xml>你好</xml>".encode(), headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_servers_are_asked_in_turn_with_all_that_came() -> None:
    async with balance(first, second) as (session, url):
        assert [await push(session, url) for _ in range(3)] == [
            (200, "first POST text/xml"),
            (503, "second"),
            (200, "first POST text/xml"),
        ]


async def test_one_that_is_down_is_left_out() -> None:
    async with balance(None, first) as (session, url):
        assert {await push(session, url) for _ in range(3)} == {(200, "first POST text/xml")}
    async with balance(None, None) as (session, url):
        assert (await push(session, url))[0] == 502


async def test_an_answer_that_never_comes_never_comes() -> None:
    """Asked again, the other server would take the push beside the first."""
    async with balance(cutting, first) as (session, url):
        with pytest.raises(aiohttp.ClientError):
            await push(session, url)
        assert (await push(session, url))[0] == 200
