"""Parked flows: offered on the next visit on any channel, to one conversation, and gone with the person."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from bot.domain.decision import ActionCall, Decision, Situation
from bot.domain.message import Inbound
from bot.handlers.parking import FindParked, ParkFlow, TakeParked
from bot.jobs.retention import enforce_retention
from bot.rehearsal.keys import KEYS
from bot.storage.pool import Pool
from bot.turns.take import Turns
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.integration.dialogs import DONE, rows, say, turns_of

FORM = {"frames": [{"flow": "open_complaint", "slots": {"phone": "13912345678"}}]}


class Wishes:
    """Turns whose dialog runs one action and keeps its slots in ``got``."""

    def __init__(self, pool: Pool, engine: Any, settings: Any) -> None:
        self.turns: Turns = turns_of(pool, engine, self._turn, ParkFlow(), FindParked(settings), TakeParked())
        self.got: list[dict[str, Any]] = []

    def _turn(self, inbound: Inbound, situation: Situation) -> Any:
        result = yield ActionCall(inbound.body["text"], inbound.body["slots"], {}, "en", "f", "s")
        self.got.append(dict(result.slots) if result.failed is None else {"failed": result.failed})
        return Decision((), DONE)

    async def do(self, action: str, identity: str = "visitor:1", **slots: Any) -> dict[str, Any]:
        inbound = say(action, identity)
        inbound.body["slots"] = slots
        await self.turns.take(inbound)
        return self.got[-1]

    async def park(self, flow: str = "open_complaint", identity: str = "visitor:1") -> dict[str, Any]:
        return await self.do("action_park_flow", identity, parked_flow=flow, parked_document=FORM)


@pytest.fixture
def wishes(pool: Pool, engine: Any, settings: Any) -> Wishes:
    return Wishes(pool, engine, settings)


async def merge(pool: Pool, engine: Any, *identities: str) -> None:
    found = await rows(pool, "SELECT contact_id FROM crm.identities ORDER BY id")
    (one,), (other,) = found
    await SqlStore(engine, KEYS, Policy()).merge(other, one, by="system:test", reason="test")


async def test_what_was_parked_is_found_once_and_taken_by_one(wishes: Wishes, pool: Pool) -> None:
    assert await wishes.do("action_find_parked") == {}
    await wishes.park("book_visit")
    await wishes.park()
    found = await wishes.do("action_find_parked")
    assert found["parked_flow"] == "open_complaint"
    assert await wishes.do("action_find_parked", "visitor:2") == {}
    assert await wishes.do("action_take_parked", "visitor:2", parked_id=found["parked_id"]) == {"parked_document": None}

    assert await wishes.do("action_take_parked", parked_id=found["parked_id"]) == {"parked_document": FORM}
    assert await wishes.do("action_take_parked", parked_id=found["parked_id"]) == {"parked_document": None}
    assert (await wishes.do("action_find_parked"))["parked_flow"] == "book_visit"
    assert await wishes.do("action_take_parked", parked_id="nonsense") == {"parked_document": None}


async def test_the_same_flow_is_parked_once(wishes: Wishes, pool: Pool) -> None:
    await wishes.park()
    await wishes.park()
    assert await rows(pool, "SELECT count(*) FROM bot.parked_flows") == [(1,)]
    ((sealed,),) = await rows(pool, "SELECT sealed_document FROM bot.parked_flows")
    assert b"13912345678" not in bytes(sealed)  # type: ignore[call-overload]


async def test_whoever_was_merged_finds_it_on_the_other_channel_and_one_gets_it(
    wishes: Wishes, pool: Pool, engine: Any
) -> None:
    await wishes.park()
    await wishes.do("action_find_parked", "visitor:2")
    await merge(pool, engine, "visitor:1", "visitor:2")
    parked_id = (await wishes.do("action_find_parked", "visitor:2"))["parked_id"]
    wishes.got.clear()
    both = (wishes.do("action_take_parked", f"visitor:{number}", parked_id=parked_id) for number in (1, 2))
    await asyncio.gather(*both)
    assert sorted(wishes.got, key=str) == [{"parked_document": None}, {"parked_document": FORM}]


async def test_parked_flows_end_with_their_time(wishes: Wishes, pool: Pool, engine: Any, settings: Any) -> None:
    await wishes.park()
    days = settings.flows.keep_parked_days
    await rows(pool, f"UPDATE bot.parked_flows SET parked_at = now() - interval '{days + 1} days' RETURNING 1")
    assert await wishes.do("action_find_parked") == {}
    assert (await enforce_retention(settings, engine, datetime.now(UTC), dry=True))["parked_flows"] == 1
    assert (await enforce_retention(settings, engine, datetime.now(UTC), dry=False))["parked_flows"] == 1
    assert await rows(pool, "SELECT count(*) FROM bot.parked_flows") == [(0,)]


async def test_parked_flows_go_with_the_person(wishes: Wishes, pool: Pool, addresses: Any) -> None:
    await wishes.park()
    await wishes.park(identity="visitor:2")
    ((contact_id, identity_id), _) = await rows(pool, "SELECT contact_id, id FROM crm.identities ORDER BY id")
    with psycopg.connect(addresses.owner_url) as connection:
        row = connection.execute("SELECT bot.erase_talk(%s, %s)", ([identity_id], [contact_id])).fetchone()
    assert row is not None
    assert row[0]["erased"]["parked_flows"] == 1
    left = await rows(pool, "SELECT contact_id FROM bot.parked_flows")
    assert len(left) == 1
    assert left != [(contact_id,)]
