"""One message, one transaction: duplicates, races, faults, against real PostgreSQL."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Inbound, Taken
from bot.rehearsal.keys import KEYS
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from bot.turns.decide import Decider
from bot.turns.receive import message_blind
from bot.turns.take import Turns, TurnUnavailable
from bot.turns.thread import Thread

MakeTurns = Callable[..., Turns]


def say(text: str, identity: str = "visitor:1", external_id: str | None = None) -> Inbound:
    return Inbound(
        channel="web",
        account="shop",
        external_id=external_id or uuid4().hex,
        identity=identity,
        assurance="anonymous",
        locale="en",
        body={"text": text},
        received_at=datetime.now(UTC),
        trace_id=uuid4().hex,
    )


def echo(inbound: Inbound, situation: Situation) -> Decision:
    count = situation.state.get("count", 0) + 1
    return Decision(({"text": f"{count}: {inbound.body['text']}"},), Outcome("article", "echo"), {"count": count})


def sorry(inbound: Inbound, situation: Situation) -> Decision:
    return Decision(({"text": "sorry"},), Outcome("failed"), {}, owner="queue")


def turns_with(pool: Pool, step: Callable[[Inbound, Situation], Decision] = echo, budget_s: float = 1.0) -> Turns:
    return Turns(pool, Decider(step, sorry, budget_s, crashes_allowed=2), KEYS)


async def rows(pool: Pool, query: str) -> list[tuple[object, ...]]:
    async with pool.connection() as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def test_a_message_is_answered_and_stands_in_the_store(pool: Pool) -> None:
    taken = await turns_with(pool).take(say("hello"))

    assert [answer.body["text"] for answer in taken.answers] == ["1: hello"]
    assert (taken.message.seq, taken.answers[0].seq) == (1, 2)
    interactions = await rows(
        pool, "SELECT direction, outcome_kind, outcome_ref, latency_ms > 0 FROM crm.interactions ORDER BY id"
    )
    assert interactions == [
        ("in", "article", "echo", True),
        ("out", "article", "echo", None),
    ]
    assert await rows(pool, "SELECT count(*) FROM bot.outbox WHERE state = 'queued'") == [(1,)]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


@pytest.mark.parametrize("deliveries", [2, 50])
async def test_the_same_message_at_once_is_one_row_and_one_answer(pool: Pool, deliveries: int) -> None:
    turns = turns_with(pool)
    inbound = say("once", external_id="same")
    takens = await asyncio.gather(*(turns.take(inbound) for _ in range(deliveries)))
    later = await turns.take(inbound)

    assert all(taken.answers == takens[0].answers for taken in [*takens, later])
    assert len(later.answers) == 1
    assert sum(not taken.duplicate for taken in takens) == 1
    assert later.duplicate
    assert await rows(pool, "SELECT count(*) FROM bot.messages") == [(2,)]
    assert await rows(pool, "SELECT count(*) FROM crm.interactions") == [(2,)]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_ten_first_messages_at_once_make_one_contact_and_one_conversation(pool: Pool) -> None:
    turns = turns_with(pool)
    await asyncio.gather(*(turns.take(say(f"m{number}")) for number in range(10)))

    assert await rows(pool, "SELECT count(*) FROM crm.contacts") == [(1,)]
    assert await rows(pool, "SELECT count(*), max(last_seq) FROM bot.conversations") == [(1, 20)]
    messages = await Thread(pool, KEYS, "shop", "visitor:1").after(0)
    assert [message.seq for message in messages] == list(range(1, 21))
    assert [message.direction for message in messages] == ["in", "out"] * 10
    # The state each decision saw is the one its predecessor left: the lock was held from reading to writing.
    assert [answer.body["text"].split(":")[0] for answer in messages[1::2]] == [str(n) for n in range(1, 11)]


async def test_two_deliveries_at_the_same_instant_a_thousand_times(pool: Pool) -> None:
    turns = turns_with(pool)

    async def twice(number: int) -> tuple[Taken, Taken]:
        inbound = say("hi", identity=f"visitor:{number % 20}", external_id=f"m{number}")
        first, second = await asyncio.gather(turns.take(inbound), turns.take(inbound))
        return first, second

    for start in range(0, 1000, 50):
        for first, second in await asyncio.gather(*(twice(number) for number in range(start, start + 50))):
            assert first.answers == second.answers
            assert len(first.answers) == 1
            assert first.duplicate != second.duplicate
    assert await rows(pool, "SELECT count(*) FROM bot.messages") == [(2000,)]


async def test_a_step_that_raises_becomes_an_apology_and_a_hand_over(pool: Pool) -> None:
    def broken(inbound: Inbound, situation: Situation) -> Decision:
        raise RuntimeError("broken article")

    taken = await turns_with(pool, broken).take(say("boom"))
    assert [answer.body["text"] for answer in taken.answers] == ["sorry"]
    assert await rows(pool, "SELECT owner, fence FROM bot.conversations") == [("queue", 1)]

    after = await turns_with(pool).take(say("still there?"))
    assert after.answers[0].body["text"] == "1: still there?"


@pytest.mark.parametrize("hang", ["sleep", "loop"])
async def test_a_step_that_hangs_is_interrupted_within_its_budget(pool: Pool, hang: str) -> None:
    def hanging(inbound: Inbound, situation: Situation) -> Decision:
        try:
            if hang == "sleep":
                time.sleep(60)
            while True:
                pass
        except Exception:  # a broad handler does not swallow the interruption
            return echo(inbound, situation)

    started = time.monotonic()
    taken = await turns_with(pool, hanging).take(say("hang"))
    assert time.monotonic() - started < 30
    assert [answer.body["text"] for answer in taken.answers] == ["sorry"]


async def test_marks_of_dead_processes_send_the_third_attempt_to_a_person(pool: Pool) -> None:
    turns = turns_with(pool)
    dead = 2_147_483_000  # no backend has this process id
    killer = say("kills", external_id="killer")
    async with pool.connection() as connection:
        for _ in range(2):
            await connection.execute(
                "INSERT INTO bot.attempts (account, blind, backend) VALUES ('shop', %s, %s)",
                (message_blind(KEYS, killer), dead),
            )
    taken = await turns.take(killer)
    assert [answer.body["text"] for answer in taken.answers] == ["sorry"]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_a_closed_conversation_is_followed_by_one_that_goes_on_counting(pool: Pool) -> None:
    turns = turns_with(pool)
    await turns.take(say("before"))
    async with pool.connection() as connection:
        await connection.execute("UPDATE bot.conversations SET closed_at = now()")
    taken = await turns.take(say("after"))

    assert taken.message.seq == 3
    thread = Thread(pool, KEYS, "shop", "visitor:1")
    assert [message.seq for message in await thread.after(1)] == [2, 3, 4]
    assert await rows(pool, "SELECT count(*) FROM bot.conversations") == [(2,)]


async def test_receipts_settle_the_outbox_and_never_go_back(pool: Pool) -> None:
    await turns_with(pool).take(say("hello"))
    thread = Thread(pool, KEYS, "shop", "visitor:1")
    await thread.acknowledge(2, 0)
    await thread.acknowledge(1, 1)
    await thread.acknowledge(99, 0)

    position = await thread.position()
    assert (position.seq, position.received_seq, position.read_seq) == (2, 2, 1)
    assert await rows(pool, "SELECT state FROM bot.outbox") == [("sent",)]


async def test_a_stale_fence_is_refused_and_nothing_of_the_turn_remains(pool: Pool) -> None:
    turns = turns_with(pool)
    await turns.take(say("hello"))
    async with pool.connection() as connection:
        with pytest.raises(Exception, match="another speaker"):
            await connection.execute(
                "SELECT bot.record_turn(id, fence + 1, identity_id, channel, account, 'x', 't', NULL, owner, "
                "sealed_state, NULL, false, false, true, id, NULL, now(), now(), last_seq, "
                "'{}', '{}', '{}', '{}', '{}', 'none', NULL, 0, NULL, NULL) FROM bot.conversations"
            )
    assert await rows(pool, "SELECT last_seq FROM bot.conversations") == [(2,)]


UNSTORABLE = {
    "refused": Decision(({"text": "fine"},), Outcome("article", "a\x00b")),
    "no json": Decision(({"text": object()},), Outcome("none")),
}


@pytest.mark.parametrize("decision", UNSTORABLE.values(), ids=UNSTORABLE.keys())
async def test_a_decision_that_cannot_be_recorded_becomes_an_apology(pool: Pool, decision: Decision) -> None:
    def unstorable(inbound: Inbound, situation: Situation) -> Decision:
        return decision

    taken = await turns_with(pool, unstorable).take(say("boom"))
    assert [answer.body["text"] for answer in taken.answers] == ["sorry"]
    assert await rows(pool, "SELECT count(*) FROM bot.messages") == [(2,)]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_the_bot_takes_over_from_an_agent_whom_the_customer_leaves(pool: Pool) -> None:
    def back(inbound: Inbound, situation: Situation) -> Decision:
        return Decision(({"text": "back"},), Outcome("none"), {}, owner="bot")

    await turns_with(pool).take(say("hello"))
    async with pool.connection() as connection:
        await connection.execute("UPDATE bot.conversations SET owner = 'agent', agent_id = id")
    await turns_with(pool, back).take(say("back to the assistant"))
    assert await rows(pool, "SELECT owner, agent_id, fence FROM bot.conversations") == [("bot", None, 1)]


async def test_lost_database_sessions_are_not_crashes_of_the_process(pool: Pool, addresses: Addresses) -> None:
    turns = turns_with(pool)
    await turns.take(say("first"))
    async with await psycopg.AsyncConnection.connect(addresses.owner_url) as holder:
        await holder.execute("SELECT FROM bot.conversations FOR UPDATE")
        innocent = say("innocent", external_id="innocent")
        waiting = [asyncio.ensure_future(turns.take(innocent)) for _ in range(3)]
        await asyncio.sleep(0.3)
        await holder.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        results = await asyncio.gather(*waiting, return_exceptions=True)
        await holder.rollback()
    assert all(isinstance(result, TurnUnavailable) for result in results)

    taken = await turns.take(innocent)
    assert taken.answers[0].body["text"] == "2: innocent"
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_many_hanging_decisions_at_once_do_not_take_their_neighbours_along(pool: Pool) -> None:
    def hanging(inbound: Inbound, situation: Situation) -> Decision:
        if inbound.body["text"] == "hang":
            time.sleep(60)
        return echo(inbound, situation)

    turns = turns_with(pool, hanging, budget_s=1.0)
    messages = [say("hang" if number % 2 else "fine", identity=f"visitor:{number}") for number in range(16)]
    started = time.monotonic()
    takens = await asyncio.gather(*(turns.take(message) for message in messages))
    assert time.monotonic() - started < 30
    assert [taken.answers[0].body["text"] for taken in takens] == ["1: fine", "sorry"] * 8


async def test_a_contact_speaks_the_language_they_write_in(pool: Pool) -> None:
    def traditional(inbound: Inbound, situation: Situation) -> Decision:
        return Decision(({"text": "好"},), Outcome("none"), locale="zh-Hant")

    await turns_with(pool).take(say("hello"))
    assert await rows(pool, "SELECT locale FROM crm.contacts") == [("en",)]
    await turns_with(pool, traditional).take(say("發票"))
    assert await rows(pool, "SELECT locale FROM crm.contacts") == [("zh-Hant",)]
