"""Any order of deliveries, duplicates, faults, closings and receipts leaves the store as it promises to be."""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Inbound, Message, Taken
from bot.jobs.housekeeping import CLOSE_SILENT
from bot.rehearsal.audit import audit
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.database import Addresses
from bot.storage.pool import Pool, make_pool
from bot.turns.decide import Decider
from bot.turns.take import Turns, TurnUnavailable
from bot.turns.thread import Position, Thread
from crm_adapter.identify import identity_blind

EXAMPLES = 30
STEPS = 25
CRASHES_ALLOWED = 2
IDENTITIES = st.sampled_from(["visitor:a", "visitor:b"])
TEXTS = st.sampled_from(["hello", "你好", "🙂", "hello", "bot", "person", "raise", "hang"])
SORRY = "sorry"
T = TypeVar("T")


class Crash:
    """Ends the database session of the turn that is in progress, as the end of its process would."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def __call__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)  # the step's time budget is not for this
        ended = self._connection.execute(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle in transaction'"
        ).fetchall()
        assert len(ended) == 1, "a turn that decides must be idle in its transaction, or no timeout would ever end it"
        while (
            self._connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", ended[0][:1]).fetchone() is not None
        ):
            time.sleep(0.001)

    def close(self) -> None:
        self._connection.close()


class Step:
    """A dialog in small: counts in its state, hands over, comes back, fails as it is told to."""

    def __init__(self, crash: Crash) -> None:
        self._crash = crash
        self.crashes: set[str] = set()
        """The messages that take their turn's database session with them."""

    def __call__(self, inbound: Inbound, situation: Situation) -> Decision:
        if inbound.external_id in self.crashes:
            self._crash()
        text = inbound.body["text"]
        if text == "raise":
            raise RuntimeError(text)
        if text == "hang":
            time.sleep(60)
        if text == "bot":
            return Decision(({"text": "back"},), Outcome("none"), situation.state, owner="bot")
        if situation.owner != "bot":
            return Decision((), Outcome("waiting"), situation.state)
        if text == "person":
            return Decision(({"text": "queued"},), Outcome("hand_over"), situation.state, owner="queue")
        count = situation.state.get("count", 0) + 1
        return Decision(({"text": str(count)}, {"text": text}), Outcome("article", "echo"), {"count": count})


def apologise(inbound: Inbound, situation: Situation) -> Decision:
    return Decision(({"text": SORRY},), Outcome("failed"), situation.state, owner="queue")


class Conversations(RuleBasedStateMachine):
    """The model: what each message's first delivery was told, and how often each has crashed."""

    sent = Bundle("sent")

    def __init__(self, runner: asyncio.Runner, pool: Pool, step: Step) -> None:
        super().__init__()
        self.account = f"account-{uuid4().hex}"
        self.runner = runner
        self.pool = pool
        self.step = step
        self.turns = self.new_process()
        self.taken: dict[str, Taken] = {}
        self.positions: dict[str, Position] = {}

    def new_process(self) -> Turns:
        """What knows nothing of the turns before it."""
        return Turns(self.pool, Decider(self.step, apologise, 0.25, CRASHES_ALLOWED), KEYS)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def message(self, identity: str, text: str) -> Inbound:
        number = uuid4().hex
        now = datetime.now(UTC)
        return Inbound(
            "web", self.account, number, identity, "anonymous", "en", {"text": text}, now, number, client_msg_id=number
        )

    async def take(self, inbound: Inbound) -> Taken:
        taken = await self.turns.take(inbound)
        if first := self.taken.get(inbound.external_id):
            assert taken.duplicate
            assert (taken.message, taken.answers) == (first.message, first.answers)
        return taken

    async def take_all(self, inbounds: list[Inbound]) -> None:
        """Each of these deliveries at once; all deliveries of one message are told the same."""
        outcomes: dict[str, list[Taken]] = defaultdict(list)
        for inbound, taken in zip(inbounds, await asyncio.gather(*map(self.take, inbounds)), strict=True):
            outcomes[inbound.external_id].append(taken)
        for external_id, takens in outcomes.items():
            new = external_id not in self.taken
            assert sum(not taken.duplicate for taken in takens) == int(new)
            assert len({str((taken.message, taken.answers)) for taken in takens}) == 1
            self.taken.setdefault(external_id, takens[0])

    @rule(target=sent, identity=IDENTITIES, text=TEXTS)
    def deliver(self, identity: str, text: str) -> Inbound:
        inbound = self.message(identity, text)
        self.run(self.take_all([inbound]))
        return inbound

    @rule(target=sent, identity=IDENTITIES, text=TEXTS, times=st.integers(2, 12))
    def deliver_many_times_at_once(self, identity: str, text: str, times: int) -> Inbound:
        inbound = self.message(identity, text)
        self.run(self.take_all([inbound] * times))
        return inbound

    @rule(target=sent, senders=st.lists(st.tuples(IDENTITIES, TEXTS), min_size=2, max_size=8))
    def deliver_several_at_once(self, senders: list[tuple[str, str]]) -> Any:
        inbounds = [self.message(identity, text) for identity, text in senders]
        self.run(self.take_all(inbounds))
        return multiple(*inbounds)

    @rule(inbound=sent, times=st.integers(1, 8))
    def deliver_again(self, inbound: Inbound, times: int) -> None:
        self.run(self.take_all([inbound] * times))

    @rule(target=sent, identity=IDENTITIES, ticks=st.integers(0, 12))
    def break_off(self, identity: str, ticks: int) -> Inbound:
        """The request goes away somewhere in its turn; the client sends again and does not see what happened."""
        inbound = self.message(identity, "hello")
        self.run(self._break_off(inbound, ticks))
        return inbound

    async def _break_off(self, inbound: Inbound, ticks: int) -> None:
        delivery = asyncio.create_task(self.turns.take(inbound))
        for _ in range(ticks):
            await asyncio.sleep(0.0005)
        delivery.cancel()
        with suppress(asyncio.CancelledError):
            await delivery
        self.taken[inbound.external_id] = await self.turns.take(inbound)

    @rule(target=sent, identity=IDENTITIES, crashes=st.integers(1, CRASHES_ALLOWED + 1))
    def crash(self, identity: str, crashes: int) -> Inbound:
        """A message kills the process that takes it: after so many times it goes to a person undecided."""
        inbound = self.message(identity, "hello")
        self.step.crashes.add(inbound.external_id)
        for _ in range(min(crashes, CRASHES_ALLOWED)):
            with pytest.raises(TurnUnavailable):
                self.run(self.take(inbound))
            self.turns = self.new_process()
        if crashes <= CRASHES_ALLOWED:
            self.step.crashes.clear()
        self.run(self.take_all([inbound]))
        texts = [answer.body["text"] for answer in self.taken[inbound.external_id].answers]
        assert (texts == [SORRY]) == (crashes >= CRASHES_ALLOWED)
        self.step.crashes.clear()
        return inbound

    @rule(target=sent, identity=IDENTITIES, times=st.integers(1, 3))
    def lose_sessions(self, identity: str, times: int) -> Inbound:
        """The database ends the turn's session under a process that lives: no reason to suspect the message."""
        inbound = self.message(identity, "hello")
        self.step.crashes.add(inbound.external_id)
        for _ in range(times):
            with pytest.raises(TurnUnavailable):
                self.run(self.take(inbound))
        self.step.crashes.clear()
        self.run(self.take_all([inbound]))
        assert SORRY not in [answer.body["text"] for answer in self.taken[inbound.external_id].answers]
        return inbound

    @rule()
    def close_silent(self) -> None:
        self.run(self._execute(CLOSE_SILENT, timedelta(0)))

    @rule(identity=IDENTITIES)
    def resolve(self, identity: str) -> None:
        """As a person does who has answered: whoever speaks, the conversation is closed."""
        close = """UPDATE bot.conversations SET closed_at = now(), fence = fence + 1
                    WHERE identity_id = crm.find_identity(%s) AND closed_at IS NULL"""
        self.run(self._execute(close, identity_blind(KEYS, self.account, identity)))

    async def _execute(self, statement: str, *values: object) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(statement.encode(), values)

    @rule(identity=IDENTITIES, received=st.integers(0, 20), read=st.integers(0, 20))
    def receipt(self, identity: str, received: int, read: int) -> None:
        thread = Thread(self.pool, KEYS, self.account, identity)
        before = self.run(thread.position())
        self.run(thread.acknowledge(received, read))
        after = self.run(thread.position())
        assert after.seq == before.seq
        assert after.received_seq == min(before.seq, max(before.received_seq, received, read))
        assert after.read_seq == min(before.seq, max(before.read_seq, read))

    @invariant()
    def the_store_keeps_its_rules(self) -> None:
        assert self.run(audit(self.pool, self.account, answered_once=False, no_marks=True)) == []

    @invariant()
    def each_thread_is_what_was_told(self) -> None:
        for identity in ("visitor:a", "visitor:b"):
            messages = self.run(Thread(self.pool, KEYS, self.account, identity).after(0, limit=10_000))
            told = [taken for taken in self.taken.values() if taken.message in messages]
            assert sorted(_all_of(told), key=lambda message: message.seq) == messages
            position = self.run(Thread(self.pool, KEYS, self.account, identity).position())
            assert position.seq == len(messages)
        assert len(self.taken) == self.run(self._count("SELECT count(*) FROM bot.inbox WHERE account = %s"))

    @invariant()
    def the_outbox_is_settled_as_far_as_received(self) -> None:
        query = """SELECT count(*) FROM bot.outbox o JOIN bot.conversations c ON c.id = o.conversation_id
                    WHERE o.account = %s AND (o.state = 'sent') <> (o.seq <= c.received_seq)"""
        assert self.run(self._count(query)) == 0

    async def _count(self, query: str) -> int:
        async with self.pool.connection() as connection:
            row = await (await connection.execute(query.encode(), (self.account,))).fetchone()
        assert row is not None
        return int(row[0])


def _all_of(takens: list[Taken]) -> Iterator[Message]:
    for taken in takens:
        yield taken.message
        yield from taken.answers


def test_conversations_keep_their_promises_whatever_happens(addresses: Addresses, settings: Settings) -> None:
    with asyncio.Runner() as runner:
        pool = runner.run(_open(addresses, settings))
        crash = Crash(addresses.application_url)
        try:
            run_state_machine_as_test(
                lambda: Conversations(runner, pool, Step(crash)),  # type: ignore[arg-type]
                settings=hypothesis_settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            crash.close()
            runner.run(pool.close())


async def _open(addresses: Addresses, settings: Settings) -> Pool:
    # What is tested survives no power cut: nothing need wait for the disk.
    pool = make_pool(f"{addresses.application_url}&options=-c%20synchronous_commit%3Doff", settings)
    await pool.open()
    return pool
