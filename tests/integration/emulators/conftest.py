"""The emulator with one plain account, for tests that need no other."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.emulators.wechat_lab import Lab, lab


@pytest.fixture
async def wechat() -> AsyncIterator[Lab]:
    """One verified service account, five seconds are one."""
    async with lab() as running:
        yield running
