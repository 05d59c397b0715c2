"""Events: the same path as a message, exactly once, and only for whom and for what they were meant."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.domain.decision import ActionCall, Decision, Outcome, Situation
from bot.domain.message import Inbound
from bot.handlers.action import LocalAction, within
from bot.handlers.executing import Actions
from bot.jobs import make_jobs
from bot.realtime import open_realtime
from bot.realtime.topics import thread_topic
from bot.rehearsal.keys import KEYS
from bot.storage.pool import Pool
from bot.turns.acting import Actor
from bot.turns.decide import Decider
from bot.turns.events import Teller, defer_event, event_jobs
from bot.turns.outside import Outside, outside_jobs
from bot.turns.take import Turns
from bot.turns.thread import Thread
from bot.turns.waking import Waker
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.integration.dialogs import DONE, rows, say, sorry, texts

SOON = timedelta(milliseconds=1)


class AskOutside(LocalAction):
    """Fails as often as its slot says, counting its tries outside of any transaction."""

    where = "after_commit"
    tries: list[str]

    def __init__(self) -> None:
        self.tries = []

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        self.tries.append(within().key())
        if tracker.get_slot("hangs"):
            await asyncio.sleep(60)
        if len(self.tries) <= (tracker.get_slot("fails") or 0):
            raise ConnectionError("away")
        dispatcher.utter_message(text=f"outside says {tracker.get_slot('secret')}")
        return [{"event": "slot", "name": "answer", "value": 42}]


def listening(inbound: Inbound, situation: Situation) -> Decision:
    """Says what it was told; ``later`` wakes, ``outside`` calls outside, ``bye`` closes."""
    word = inbound.body.get("text", "")
    if inbound.event == "action_result":
        return Decision(({"text": f"result {inbound.body['failed'] or inbound.body['slots']}"},), DONE, situation.state)
    if inbound.event is not None:
        return Decision(({"text": f"{inbound.event} {sorted(inbound.body.items())}"},), DONE, situation.state)
    if word == "later":
        return Decision((), DONE, {"kept": 1}, wake_at=datetime.now(UTC) + SOON)
    if word.startswith("outside"):
        slots = {"secret": "13912345678", "fails": int(word[7:] or 0), "hangs": word.endswith("99")}
        call = ActionCall("action_ask_outside", slots, inbound.body, "en", "f", "s")
        return Decision(({"text": "a moment"},), DONE, {}, after_commit=((uuid4().hex, call),))
    if word == "bye":
        return Decision(({"text": "bye"},), DONE, {"slots": 7}, close=True, locale="zh-Hant")
    if word == "person":
        return Decision((), Outcome("hand_over"), {}, owner="queue", urgent=True)
    return Decision(({"text": f"first={situation.first} {situation.locale} {situation.state}"},), DONE, situation.state)


class House:
    """One server's parts around the listening dialog."""

    def __init__(self, pool: Pool, engine: Any, jobs: Any) -> None:
        self.pool, self.jobs, self.ask = pool, jobs, AskOutside()
        self.realtime = open_realtime(None)
        actions, store = Actions([self.ask]), SqlStore(engine, KEYS, Policy())
        decider = Decider(listening, sorry, 2.0, crashes_allowed=2)
        self.turns = Turns(pool, decider, KEYS, Actor(actions, store, KEYS, 2.0))
        self.teller = Teller(self.turns, pool, KEYS, self.realtime)
        self.outside = Outside(actions, store, KEYS, self.teller, within_s=1.0, tries=2)
        self.waker = Waker(pool, self.teller)

    async def work(self) -> None:
        """Until nothing is left to do."""
        context = {"teller": self.teller, "outside": self.outside}
        while await rows(self.pool, "SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"):
            await rows(self.pool, "UPDATE procrastinate_jobs SET scheduled_at = NULL RETURNING 1")
            await self.jobs.run_worker_async(wait=False, additional_context=context, install_signal_handlers=False)

    async def said(self, identity: str = "visitor:1") -> list[str]:
        """What the bot said so far."""
        lines = await Thread(self.pool, KEYS, "shop", identity).after(0)
        return [line.body["text"] for line in lines if line.author == "bot"]


@pytest.fixture
async def house(pool: Pool, engine: Any, addresses: Any, settings: Any) -> AsyncIterator[House]:
    jobs = make_jobs(addresses.application_url, settings, {"events": event_jobs, "outside": outside_jobs})
    async with jobs.open_async():
        house = House(pool, engine, jobs)
        yield house
        await house.realtime.close()


async def identity_of(pool: Pool) -> UUID:
    ((identity_id,),) = await rows(pool, "SELECT id FROM crm.identities")
    assert isinstance(identity_id, UUID)
    return identity_id


async def test_an_event_is_told_once_and_takes_no_line_of_its_own(house: House, pool: Pool) -> None:
    await house.turns.take(say("hello"))
    identity_id = await identity_of(pool)
    async with house.realtime.subscribe([thread_topic("shop", "visitor:1")]) as hints:
        tells = (house.teller.tell(identity_id, "case_changed", {"number": "C-1"}, "case:1") for _ in range(10))
        takens = await asyncio.gather(*tells)
        async with asyncio.timeout(10):
            hint = await anext(hints)
    assert hint.body == {"kind": "message", "seq": 3}
    assert all(texts(taken) == ["case_changed [('number', 'C-1')]"] for taken in takens)
    assert await rows(pool, "SELECT seq, direction, author FROM bot.messages ORDER BY seq") == [
        (1, "in", "customer"),
        (2, "out", "bot"),
        (3, "out", "bot"),
    ]
    assert await rows(pool, "SELECT count(*) FROM bot.outbox") == [(2,)]
    assert await rows(pool, "SELECT count(*) FROM crm.interactions") == [(3,)]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_nobody_is_made_by_an_event_for_somebody_who_is_gone(house: House, pool: Pool) -> None:
    assert await house.teller.tell(uuid4(), "case_changed", {}, "x") is None
    assert await rows(pool, "SELECT count(*) FROM crm.contacts") == [(0,)]


async def test_an_event_reopens_the_talk_unless_it_is_about_the_one_that_is_over(house: House, pool: Pool) -> None:
    taken = await house.turns.take(say("bye"))
    identity_id = await identity_of(pool)
    over = {"conversation_id": taken.conversation_id}
    assert await house.teller.tell(identity_id, "silence", {}, "one", **over) is None
    assert await rows(pool, "SELECT count(*) FROM bot.conversations") == [(1,)]
    assert await house.teller.tell(identity_id, "case_changed", {}, "two") is not None
    assert await rows(pool, "SELECT count(*) FROM bot.conversations") == [(2,)]


async def test_an_event_is_deferred_with_the_callers_transaction_or_not_at_all(
    house: House, pool: Pool, engine: Any
) -> None:
    await house.turns.take(say("hello"))
    ((contact_id,),) = await rows(pool, "SELECT id FROM crm.contacts")
    async with engine.connect() as connection:
        await defer_event(connection, KEYS, "case_changed", {"word": "13912345678"}, "a", contact_id=contact_id)
    assert await rows(pool, "SELECT FROM procrastinate_jobs") == []
    async with engine.begin() as connection:
        for _ in range(2):
            await defer_event(connection, KEYS, "case_changed", {"word": "13912345678"}, "a", contact_id=contact_id)
    assert "13912345678" not in str(await rows(pool, "SELECT args::text FROM procrastinate_jobs"))
    await house.work()
    assert (await house.said())[1:] == ["case_changed [('word', '13912345678')]"]


@pytest.mark.parametrize(
    ("word", "tries", "result"),
    [
        ("outside", 1, "{'answer': 42}"),
        ("outside1", 2, "{'answer': 42}"),
        ("outside9", 2, "internal"),
        ("outside99", 2, "timeout"),
    ],
)
async def test_an_outside_action_runs_after_the_commit_and_its_result_comes_back(
    house: House, pool: Pool, word: str, tries: int, result: str
) -> None:
    await house.turns.take(say(word))
    assert house.ask.tries == []
    assert "13912345678" not in str(await rows(pool, "SELECT args::text FROM procrastinate_jobs"))
    await house.work()
    assert await house.said() == ["a moment", f"result {result}"]
    assert len(house.ask.tries) == tries
    assert len(set(house.ask.tries)) == 1


@pytest.mark.parametrize("meanwhile", ["person", "bye"])
async def test_a_result_is_refused_once_another_one_speaks(house: House, pool: Pool, meanwhile: str) -> None:
    await house.turns.take(say("outside"))
    await house.turns.take(say(meanwhile))
    await house.work()
    assert not any(line.startswith("result") for line in await house.said())


async def test_a_turn_that_is_not_committed_calls_nobody(house: House, pool: Pool) -> None:
    def unstorable(inbound: Inbound, situation: Situation) -> Decision:
        call = ActionCall("action_ask_outside", {}, inbound.body, "en", "f", "s")
        return Decision((), Outcome("flow", "a\x00b"), {}, after_commit=(("token", call),))

    house.turns._decider = Decider(unstorable, sorry, 2.0, crashes_allowed=2)
    assert texts(await house.turns.take(say("hi"))) == ["sorry"]
    assert await rows(pool, "SELECT FROM procrastinate_jobs") == []


async def test_silence_is_told_once_by_whichever_server(house: House, pool: Pool, engine: Any) -> None:
    await house.turns.take(say("later"))
    await asyncio.sleep(0.02)
    other = House(pool, engine, house.jobs)
    await asyncio.gather(*(waker.wake_due() for waker in (house.waker, other.waker) for _ in range(5)))
    assert await house.said() == ["silence []"]
    assert await rows(pool, "SELECT wake_at FROM bot.conversations") == [(None,)]
    assert await house.waker.wake_due() == 0


async def test_who_speaks_in_time_is_not_told_to_be_silent(house: House, pool: Pool) -> None:
    await house.turns.take(say("later"))
    ((conversation_id, identity_id, wake_at),) = await rows(
        pool, "SELECT id, identity_id, wake_at FROM bot.conversations"
    )
    await house.turns.take(say("I am here"))
    await house.waker._wake(conversation_id, identity_id, wake_at)
    assert not any("silence" in line for line in await house.said())


async def test_silence_that_cannot_be_told_comes_up_no_more(house: House, pool: Pool) -> None:
    await house.turns.take(say("later"))

    def raising(inbound: Inbound, situation: Situation) -> Decision:
        raise RuntimeError

    house.turns._decider = Decider(raising, raising, 2.0, crashes_allowed=2)
    await asyncio.sleep(0.02)
    assert await house.waker.wake_due() == 1
    assert await house.waker.wake_due() == 0


async def test_the_next_conversation_remembers_the_language_and_the_state_of_the_last(house: House, pool: Pool) -> None:
    assert texts(await house.turns.take(say("hello"))) == ["first=True en {}"]
    await house.turns.take(say("bye"))
    assert await rows(pool, "SELECT closed_at IS NOT NULL, close_reason FROM bot.conversations") == [(True, "dialog")]
    assert texts(await house.turns.take(say("back"))) == ["first=True zh-Hant {'slots': 7}"]
    assert texts(await house.turns.take(say("again"))) == ["first=False zh-Hant {'slots': 7}"]


async def test_who_waits_for_a_person_has_a_place_in_the_queue(house: House, pool: Pool) -> None:
    await house.turns.take(say("person"))
    ((owner, urgent, since),) = await rows(pool, "SELECT owner, urgent, queued_at FROM bot.conversations")
    assert (owner, urgent) == ("queue", True)
    await house.turns.take(say("person"))
    assert await rows(pool, "SELECT owner, urgent, queued_at FROM bot.conversations") == [("queue", True, since)]
