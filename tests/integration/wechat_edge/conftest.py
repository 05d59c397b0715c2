"""The emulator of one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.pushed import pushed as pushed


@pytest.fixture
async def phones(demo_addresses: Addresses, tmp_path: Path) -> AsyncIterator[Wechat]:
    """A verified service account, with WeChat's own times."""
    async with wechat(demo_addresses, tmp_path, {}) as running:
        yield running
