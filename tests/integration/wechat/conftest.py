"""The emulator of one test, and our client for it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.channels.wechat.api import WechatClient, open_client
from tests.integration.wechat.emulator import CARE, SECRET, Emulator, emulated
from tests.servers import ROOT

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def wechat(tmp_path: Path) -> AsyncIterator[Emulator]:
    """An emulated WeChat."""
    async with emulated(tmp_path) as running:
        yield running


@pytest.fixture
async def client(wechat: Emulator) -> AsyncIterator[WechatClient]:
    """Our client for its account, without a store."""
    async with open_client(wechat.account()) as opened:
        yield opened


@pytest.fixture
def run(wechat: Emulator, tmp_path: Path) -> Run:
    """Runs ``yingda wechat ARGUMENTS`` where yingda.toml has the emulator's account: exit code, output, errors."""
    settings = {**CARE, "mode": "plain", "api_url": wechat.url, "timeout_s": "2", "retry_s": "0"}
    lines = [
        f'{name} = "{value}"' if not value.isdecimal() else f"{name} = {value}" for name, value in settings.items()
    ]
    (tmp_path / "yingda.toml").write_text("\n".join(["[[wechat]]", *lines]), encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("YINGDA_", "LC_", "LANG"))}

    async def yingda_wechat(*arguments: str, **environment: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "wechat",
            *arguments,
            cwd=tmp_path,
            env={**clean, "PYTHONPATH": str(ROOT), **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert SECRET not in (told := out.decode() + err.decode())
        assert "Traceback" not in told
        return process.returncode, out.decode(), err.decode()

    return yingda_wechat
