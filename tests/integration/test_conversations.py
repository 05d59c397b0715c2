"""Every conversation of ``tests/conversations`` goes as it is written; each file is a test of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.commands.test import CONVERSATIONS
from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.rehearsal.conversations.playing import Player
from bot.rehearsal.conversations.reading import read_cases
from bot.rehearsal.conversations.stage import open_stage
from bot.settings import Settings
from bot.storage.database import Addresses

FOLDER = Path(__file__).parents[2] / CONVERSATIONS
FILES = sorted(FOLDER.rglob("*.yml"))
FEWEST = 150
ELSEWHERE = {"refuse_solution"}
"""A solution to refuse is the deed of a person, whom no written conversation has: see test_cases."""
played: set[Path] = set()
ran: set[str] = set()


@pytest_asyncio.fixture
async def player(demo_addresses: Addresses, settings: Settings) -> AsyncIterator[Player]:
    """The demo company, furnished as ``yingda test`` does it."""
    async with open_stage(settings.model_copy(update={"demo": True}), demo_addresses) as stage:
        yield Player(stage, lambda _line: ran.update(stage.watched.noted.flows))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(FOLDER)) for file in FILES])
async def test_every_conversation_goes_as_written(file: Path, player: Player) -> None:
    cases = read_cases([file])
    assert cases
    departures = [departure for case in cases for departure in await player.play(case)]
    played.add(file)
    assert not departures, "\n".join(map(str, departures))


def test_there_are_conversations_of_every_flow_in_every_language() -> None:
    cases = read_cases([FOLDER])
    assert len(cases) >= FEWEST
    assert {case.locale for case in cases} == {"zh-Hans", "zh-Hant", "en"}
    if played == set(FILES):  # whoever plays some of them only learns nothing of the flows they lead to
        wanted = {flow for flow in read_definitions(OURS).flows if not flow.startswith("pattern_")}
        assert wanted - ran <= ELSEWHERE, " ".join(sorted(wanted - ran))
