"""An emulated WeChat in a process of its own, as somebody who tries the bot without an account would start it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bot.settings import WechatAccount
from tests.servers import ROOT, free_port

SECRET = "the-secret-of-care"
CARE = {"name": "care", "appid": "wx00000000000000a1", "secret": SECRET, "token": "pushes4care"}
TEMPLATES = (
    {"id": "T1", "title": "进度", "content": "{{thing1.DATA}}"},
    {"id": "S1", "title": "到货", "content": "{{thing1.DATA}}", "kind": "subscription"},
)
STARTS_WITHIN_S = 60.0


class Emulator:
    """Its address, and its control API."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API, which must succeed."""
        async with self._session.request(method, f"{self.url}/control{path}", json=body) as response:
            document = await response.json()
            assert response.status < 300, document
            return document

    async def fault(self, kind: str, path: str, **more: Any) -> None:
        """Something goes wrong with the calls of a path from now on."""
        await self.control("POST", "/faults", {"on": "api", "fault": kind, "path": path, **more})

    async def struck(self) -> None:
        """Returns once the first fault that was made has struck."""
        async with asyncio.timeout(60):
            while True:
                if (await self.control("GET", "/faults"))["faults"][0]["fired"]:
                    return
                await asyncio.sleep(0.02)

    async def user(self, name: str = "li") -> str:
        """A follower who may be sent any number of messages; the openid."""
        made = await self.control("POST", "/users", {"user": name, "follow": ["care"]})
        await self.control("POST", f"/users/{name}/pay", {})
        return str(made["users"][0]["openids"]["care"])

    async def calls(self, path: str) -> list[int]:
        """The error codes with which the calls of a path were answered, oldest first."""
        return [call["errcode"] for call in (await self.control("GET", f"/calls?path={path}&limit=1000"))["calls"]]

    async def shown(self, name: str = "li") -> list[Any]:
        """The contents of what the account sent to a user."""
        lines = (await self.control("GET", f"/users/{name}/phone"))["lines"]
        return [line["content"] for line in lines if line["how"] not in ("user", "menu", "error")]

    def account(self, **changes: Any) -> WechatAccount:
        """Our side of the account."""
        return WechatAccount.model_validate(
            {**CARE, "mode": "plain", "api_url": self.url, "timeout_s": 2, "retry_s": 3, **changes}
        )


@asynccontextmanager
async def emulated(folder: Path, **settings: Any) -> AsyncIterator[Emulator]:
    """``python -m emulators.wechat`` with one verified service account, until the block ends."""
    account = {**CARE, "original_id": "gh_0000000000a1", "open_platform": "group", "templates": list(TEMPLATES)}
    config = folder / "emulator.yml"
    config.write_text(yaml.safe_dump({"accounts": [account], **settings}), encoding="utf-8")
    async with emulated_by_itself("--config", str(config)) as running:
        yield running


@asynccontextmanager
async def emulated_by_itself(*arguments: str) -> AsyncIterator[Emulator]:
    """``python -m emulators.wechat`` as it is, until the block ends."""
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while (started := await _started(session, *arguments)) is None:
                continue  # somebody else had taken the port
        process, running = started
        try:
            yield running
        finally:
            process.terminate()
            await process.wait()


async def _started(
    session: aiohttp.ClientSession, *arguments: str
) -> tuple[asyncio.subprocess.Process, Emulator] | None:
    port = free_port()
    words = ("-m", "emulators.wechat", "--port", str(port), *arguments)
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
    running = Emulator(f"http://127.0.0.1:{port}", session)
    try:
        while process.returncode is None:
            if await _answers(running):
                return process, running
            await asyncio.sleep(0.05)
    except BaseException:
        process.terminate()
        await process.wait()
        raise
    return None


async def _answers(emulator: Emulator) -> bool:
    try:
        await emulator.control("GET", "/clock")
    except (aiohttp.ClientError, AssertionError):
        return False
    return True
