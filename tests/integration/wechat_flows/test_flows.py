"""Every flow of the dialog layer through WeChat: real server, emulated platform, signed and encrypted pushes."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.customers import open_crm
from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.rehearsal.conversations.reading import read_cases
from bot.rehearsal.conversations.script import Case
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from tests.integration.wechat_edge.phones import wechat
from tests.integration.wechat_flows.customers import Company, Customer, can_be_played
from tests.servers import ROOT

pytestmark = pytest.mark.heavy

AT_ONCE = 3
CAME_TO = "SELECT DISTINCT outcome_ref FROM crm.interactions WHERE channel = 'wechat' AND outcome_kind = 'flow'"
DEFINITIONS = read_definitions(OURS)
SHIPPED = {name for name, flow in DEFINITIONS.flows.items() if flow.offered and not name.startswith("pattern_")}
# Who withdraws is heard before any flow, so the pattern is what it came to.
SHIPPED = SHIPPED - {"withdraw_consent"} | {"pattern_withdraw"}


async def test_every_flow_goes_through_wechat_as_it_is_written(
    demo_addresses: Addresses, settings: Settings, tmp_path: Path
) -> None:
    """What is written for all channels, in three languages; whoever speaks another one asks for it first."""
    cases = [case for case in read_cases([ROOT / "tests" / "conversations"]) if can_be_played(case, DEFINITIONS)]
    engine = make_engine(demo_addresses.application_url, settings)
    departures: list[str] = []
    async with wechat(demo_addresses, tmp_path, {}) as phones:
        company = Company(phones, open_crm(settings, engine, KEYS), engine, DEFINITIONS.responses)
        numbers = count()

        async def play(waiting: Iterator[Case]) -> None:
            for case in waiting:
                departures.extend(await played(company, f"user{next(numbers)}", case))

        with phones.server() as server:
            await phones.push_to(server)
            # The code that was sent last is one's own only when nobody else asks for one, and orders have a number.
            alone = [case for case in cases if case.about.get("orders") or any("{code}" in m.text for m in case.moves)]
            together = iter([case for case in cases if case not in alone])
            await asyncio.gather(*(play(together) for _ in range(AT_ONCE)))
            await play(iter(alone))
            came_to = {ref for (ref,) in phones.rows(CAME_TO)}
    await engine.dispose()
    assert not departures, "\n".join(departures)
    assert SHIPPED - came_to == set()


async def played(company: Company, name: str, case: Case) -> list[str]:
    """Where the phone showed something else than written; the rest is not played then."""
    customer = await Customer.who_follows(company, name, case)
    for move in case.moves:
        if faults := await customer.act(move):
            return [f"{Path(case.file).name} {case.name}: {fault}" for fault in faults]
    return []
