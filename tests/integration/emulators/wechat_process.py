"""``python -m emulators.wechat`` as a process, and a bot in this one that answers every text."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from tests.integration.emulators.wechat_lab import Received, text_reply
from tests.servers import ROOT, free_port

START_WITHIN_S = 60
STOP_WITHIN_S = 15


class Process:
    """The running emulator: its address, and a client for it."""

    def __init__(self, url: str, client: ClientSession, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self.client = client
        self.process = process

    async def control(self, method: str, path: str, body: object = None) -> dict[str, object]:
        async with self.client.request(method, f"{self.url}/control{path}", json=body) as response:
            assert response.status < 300, await response.text()
            return dict(await response.json())


@asynccontextmanager
async def emulator(*arguments: str) -> AsyncIterator[Process]:
    """A process of its own, stopped by SIGTERM at the end."""
    port = free_port()
    command = [sys.executable, "-m", "emulators.wechat", "--port", str(port), *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(START_WITHIN_S):
            assert process.stdout is not None
            assert b"is emulated at" in await process.stdout.readline()
        async with ClientSession() as client:
            yield Process(f"http://127.0.0.1:{port}", client, process)
        if process.returncode is None:
            process.terminate()
        assert await asyncio.wait_for(process.wait(), STOP_WITHIN_S) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """The address of a bot that repeats every text."""

    async def hear(request: web.Request) -> web.Response:
        received = Received(request.method, dict(request.query), await request.read(), request.content_type)
        return web.Response(body=text_reply(received, received.fields.get("Content", "?")))

    app = web.Application()
    app.router.add_post("/", hear)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("/"))
    finally:
        await server.close()
