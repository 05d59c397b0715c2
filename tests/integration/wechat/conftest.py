"""The emulator of one test, and our client for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.wechat.api import WechatClient, open_client
from tests.integration.wechat.emulator import Emulator, emulated


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
