"""Actions inside the turn's transaction: committed with it or not at all, and never in the way of an answer."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.decision import ActionCall, ActionResult, Decision, FlowWanted, Situation
from bot.domain.message import Inbound
from bot.handlers.action import LocalAction, within
from bot.jobs import make_jobs
from bot.storage.pool import Pool
from bot.turns.take import TurnUnavailable
from tests.integration.dialogs import DONE, call, calling, rows, say, slot, texts, turns_of

NOTE = text("INSERT INTO bot.spent_tokens VALUES ('shop', :jti, now())")
NOTES = "SELECT jti FROM bot.spent_tokens ORDER BY jti"


class WriteNote(LocalAction):
    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        await within().connection.execute(NOTE, {"jti": tracker.get_slot("note")})
        return [slot("written", tracker.get_slot("note"))]


class BreakDown(LocalAction):
    """Writes, and then fails in the way that its slot says."""

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        connection = within().connection
        await connection.execute(NOTE, {"jti": "never"})
        match tracker.get_slot("how"):
            case "raise":
                raise ValueError("a number that is private: 13912345678")
            case "sql":
                await connection.execute(text("SELECT 1 / 0"))
            case "sql_ignored":
                try:
                    await connection.execute(text("SELECT 1 / 0"))
                except Exception:
                    return []
            case "commit":
                await connection.commit()
            case "rollback":
                await connection.rollback()
            case "commit_in_words":
                await connection.execute(text("COMMIT"))
            case "hang":
                await asyncio.sleep(60)
            case "hang_in_sql":
                await connection.execute(text("SELECT pg_sleep(60)"))
            case "loop":
                for _ in iter(int, 1):
                    pass
            case "odd_event":
                return [{"event": "restart"}]
        return []


class DeferJob(LocalAction):
    def __init__(self, jobs: Any) -> None:
        self._jobs = jobs

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raw = await within().connection.get_raw_connection()
        task = self._jobs.configure_task("house:forget_what_has_expired", connection=raw.driver_connection)
        await task.defer_async(timestamp=0)
        return []


class TellWho(LocalAction):
    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        turn = within()
        assert tracker.sender_id == str(turn.identity_id)
        assert tracker.latest_message["text"] == turn.message["text"]
        dispatcher.utter_message(response="utter_who", contact=str(turn.contact_id))
        dispatcher.utter_message(text="hi", buttons=[{"title": "Yes", "payload": "/SetSlots(confirmed=true)"}])
        dispatcher.utter_message(json_message={"body": {"text": "whole"}})
        return [slot("key", turn.key("case"))]


async def test_what_an_action_writes_is_committed_with_its_turn(pool: Pool, engine: Any) -> None:
    turns = turns_of(pool, engine, calling("action_write_note", note="kept"), WriteNote())
    taken = await turns.take(say("go", external_id="m"))

    assert texts(taken) == ["{'written': 'kept'}"]
    assert await rows(pool, NOTES) == [("kept",)]
    again = await turns.take(say("go", external_id="m"))
    assert again.duplicate
    assert again.answers == taken.answers
    assert await rows(pool, NOTES) == [("kept",)]


async def test_what_an_action_wrote_goes_with_a_turn_that_is_not_committed(pool: Pool, engine: Any) -> None:
    class KillSession(LocalAction):
        async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
            await within().connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return []

    turns = turns_of(
        pool, engine, calling("action_write_note", "action_kill_session", note="lost"), WriteNote(), KillSession()
    )
    inbound = say("go")
    for _ in range(2):
        with pytest.raises(TurnUnavailable):
            await turns.take(inbound)
    # It has cost its session twice: the third attempt goes to a person, instead of round and round.
    assert texts(await turns.take(inbound)) == ["sorry"]
    assert await rows(pool, NOTES) == []


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("raise", "internal"),
        ("sql", "internal"),
        ("sql_ignored", "transaction_broken"),
        ("commit", "transaction_not_yours"),
        ("rollback", "transaction_not_yours"),
        ("commit_in_words", "transaction_not_yours"),
        ("hang", "timeout"),
        ("hang_in_sql", "timeout"),
        ("loop", "timeout"),
        ("odd_event", "unsupported_event"),
    ],
)
async def test_an_action_that_fails_leaves_nothing_and_the_dialog_goes_on(
    pool: Pool, engine: Any, capfd: pytest.CaptureFixture[str], how: str, code: str
) -> None:
    step = calling("action_write_note", "action_break_down", "action_write_note", note="kept", how=how)

    def once(inbound: Inbound, situation: Situation) -> Any:
        turn = step(inbound, situation)
        wanted, number = next(turn), 0
        while True:
            number += 1
            slots = {**wanted.slots, "note": f"{number}"}
            given = yield ActionCall(wanted.name, slots, wanted.message, "en", "test", "step")
            try:
                wanted = turn.send(given)
            except StopIteration as decided:
                return decided.value

    taken = await turns_of(pool, engine, once, WriteNote(), BreakDown(), action_s=1.5).take(say("go"))
    assert texts(taken)[:2] == ["{'written': '1'}", code]
    if code != "timeout":  # then nothing is left of the time of the others
        assert texts(taken)[2] == "{'written': '3'}"
    assert ("never",) not in await rows(pool, NOTES)
    assert ("1",) in await rows(pool, NOTES)
    assert "13912345678" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("fault", ["raise", "hang"])
async def test_a_dialog_that_breaks_after_an_action_leaves_nothing_of_it(pool: Pool, engine: Any, fault: str) -> None:
    def breaking(inbound: Inbound, situation: Situation) -> Any:
        yield call("action_write_note", inbound, note="lost")
        if fault == "raise":
            raise RuntimeError("flow")
        time.sleep(30)

    taken = await turns_of(pool, engine, breaking, WriteNote()).take(say("go"))
    assert texts(taken) == ["sorry"]
    assert await rows(pool, NOTES) == []
    assert await rows(pool, "SELECT owner FROM bot.conversations") == [("queue",)]


async def test_a_dialog_that_wants_without_end_gets_an_apology(pool: Pool, engine: Any) -> None:
    def round_and_round(inbound: Inbound, situation: Situation) -> Any:
        number = 0
        while True:
            number += 1
            yield call("action_write_note", inbound, note=f"{number}")

    assert texts(await turns_of(pool, engine, round_and_round, WriteNote()).take(say("go"))) == ["sorry"]
    assert await rows(pool, NOTES) == []


async def test_unknown_actions_fail_by_name(pool: Pool, engine: Any) -> None:
    taken = await turns_of(pool, engine, calling("action_of_nobody")).take(say("go"))
    assert texts(taken) == ["unknown_action"]


async def test_jobs_are_deferred_with_the_turn_or_not_at_all(
    pool: Pool, engine: Any, addresses: Any, settings: Any
) -> None:
    jobs = make_jobs(addresses.application_url, settings)
    queued = "SELECT count(*) FROM procrastinate_jobs"
    async with jobs.open_async():
        defer = DeferJob(jobs)
        step = calling("action_defer_job", "action_break_down", how="raise")
        await turns_of(pool, engine, step, defer, BreakDown()).take(say("go"))
        assert await rows(pool, queued) == [(1,)]

        def broken(inbound: Inbound, situation: Situation) -> Any:
            yield call("action_defer_job", inbound)
            raise RuntimeError

        await turns_of(pool, engine, broken, defer).take(say("go"))
        assert await rows(pool, queued) == [(1,)]


async def test_an_action_knows_its_turn_and_answers_in_rasas_way(pool: Pool, engine: Any) -> None:
    results: list[ActionResult] = []

    def asking(inbound: Inbound, situation: Situation) -> Any:
        results.append((yield call("action_tell_who", inbound)))
        return Decision((), DONE)

    taken = await turns_of(pool, engine, asking, TellWho()).take(say("who am I?"))
    (result,) = results
    who, hi, whole = result.said
    assert who.response == "utter_who"
    assert await rows(pool, "SELECT id::text FROM crm.contacts") == [(who.values["contact"],)]
    assert hi.body == {"text": "hi", "choices": [{"id": "SetSlots(confirmed=true)", "label": "Yes"}]}
    assert whole.body == {"text": "whole"}
    assert result.slots["key"].endswith(":test:step:case")
    assert taken.answers == ()


class Versions:
    def held(self, content_hash: str) -> Any:
        return {"held": content_hash} if content_hash == "here" else None

    async def load(self, connection: Any, content_hash: str) -> Any:
        row = await (await connection.execute("SELECT 1")).fetchone()
        return {"hash": content_hash, "one": row[0]}


async def test_a_version_of_a_flow_is_found_in_memory_or_within_the_turn(pool: Pool, engine: Any) -> None:
    given: list[Any] = []

    def wanting(inbound: Inbound, situation: Situation) -> Any:
        given.append((yield FlowWanted("here")))
        given.append((yield FlowWanted("abc")))
        return Decision((), DONE)

    await turns_of(pool, engine, wanting, flows=Versions()).take(say("go"))
    assert given == [{"held": "here"}, {"hash": "abc", "one": 1}]


async def test_what_nobody_parked_is_known_without_asking(pool: Pool, engine: Any) -> None:
    def asking(inbound: Inbound, situation: Situation) -> Any:
        result = yield call("action_find_parked", inbound)
        return Decision(({"text": str(result.failed)},), DONE)

    # There is no such action here, so whoever asks for it is told that.
    turns = turns_of(pool, engine, asking)
    assert texts(await turns.take(say("go"))) == ["None"]
    await rows(pool, "UPDATE bot.conversations SET closed_at = now() RETURNING 1")
    await rows(
        pool,
        "INSERT INTO bot.parked_flows (id, contact_id, key_id, flow, sealed_document)"
        " SELECT id, id, id, 'f', 'x' FROM crm.contacts RETURNING 1",
    )
    assert texts(await turns.take(say("go"))) == ["unknown_action"]


async def test_ten_messages_at_once_run_their_actions_one_after_the_other(pool: Pool, engine: Any) -> None:
    class CountUp(LocalAction):
        async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
            connection = within().connection
            seen = (await connection.execute(text("SELECT count(*) FROM bot.spent_tokens"))).scalar_one()
            await asyncio.sleep(0.01)
            await connection.execute(NOTE, {"jti": f"{seen:02}"})
            return [slot("seen", seen)]

    turns = turns_of(pool, engine, calling("action_count_up"), CountUp())
    await asyncio.gather(*(turns.take(say("go")) for _ in range(10)))
    assert await rows(pool, NOTES) == [(f"{number:02}",) for number in range(10)]
