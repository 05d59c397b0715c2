"""An emulated WeChat with two official accounts of one Open Platform."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from bot.settings import WechatAccount
from tests.integration.wechat.emulator import CARE, SECRET, Emulator, emulated_by_itself

NEWS = {"name": "news", "appid": "wx00000000000000a2", "secret": SECRET, "token": "pushes4news"}
ORIGINAL = {"care": "gh_0000000000a1", "news": "gh_0000000000a2"}


@asynccontextmanager
async def platform(folder: Path) -> AsyncIterator[Emulator]:
    """``care`` and ``news``, both verified service accounts in plain mode."""
    accounts = [
        {**account, "original_id": ORIGINAL[account["name"]], "open_platform": "group"} for account in (CARE, NEWS)
    ]
    config = folder / "platform.yml"
    config.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
    async with emulated_by_itself("--config", str(config)) as running:
        yield running


async def openids(emulator: Emulator, user: str) -> dict[str, str]:
    """Somebody who follows both; their openids by account."""
    made = await emulator.control("POST", "/users", {"user": user, "follow": ["care", "news"]})
    return dict(made["users"][0]["openids"])


def news_of(emulator: Emulator) -> WechatAccount:
    """Our side of the second account."""
    return emulator.account(**NEWS)
