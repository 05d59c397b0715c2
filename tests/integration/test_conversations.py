"""Every conversation of ``tests/conversations`` goes as it is written; each file is a test of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.commands.test import CONVERSATIONS
from bot.rehearsal.conversations.playing import Player
from bot.rehearsal.conversations.reading import read_cases
from bot.rehearsal.conversations.stage import open_stage
from bot.settings import Settings
from bot.storage.database import Addresses

FOLDER = Path(__file__).parents[2] / CONVERSATIONS
FILES = sorted(FOLDER.rglob("*.yml"))


@pytest_asyncio.fixture
async def player(demo_addresses: Addresses, settings: Settings) -> AsyncIterator[Player]:
    """The demo company, furnished as ``yingda test`` does it."""
    async with open_stage(settings.model_copy(update={"demo": True}), demo_addresses) as stage:
        yield Player(stage)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(FOLDER)) for file in FILES])
async def test_every_conversation_goes_as_written(file: Path, player: Player) -> None:
    cases = read_cases([file])
    assert cases
    departures = [departure for case in cases for departure in await player.play(case)]
    assert not departures, "\n".join(map(str, departures))
