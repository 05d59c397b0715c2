"""The outbox with a made-up platform: order per customer, what goes together, what waits, who is not reached."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Inbound
from bot.outbox.deliverer import Failed, Offers, Sent, Shut, Smaller, Step, Unreachable, Verdict, Waiting
from bot.outbox.rows import Row
from bot.outbox.sending import Outbox
from bot.rehearsal.keys import KEYS
from bot.storage.pool import Pool
from tests.integration.test_turns import rows, say, turns_with

STATES = "SELECT state, reason, error_code FROM bot.outbox ORDER BY seq"
OPEN = "SELECT count(*) FROM bot.outbox WHERE state IN ('queued', 'begun') AND due_at < 'infinity'"


@dataclass
class Platform:
    """Takes what it is sent unless ``verdicts`` says otherwise, by the words; ``room``: how many rows go together."""

    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    room: int = 1
    before: Callable[[Row], Awaitable[None]] | None = None
    route: str = "service"
    offers: Offers | None = None
    patience: timedelta = timedelta(hours=48)
    took: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def next(self, rows: Sequence[Row]) -> Step | Verdict:
        said = rows[: self.room]
        return Step("+".join(text_of(row) for row in said), len(said))

    async def prepare(self, row: Row, message: Any) -> Any:
        if self.before is not None:
            await self.before(row)
        return message

    async def send(self, row: Row, message: Any) -> Verdict:
        self.asked.append(message)
        if waiting := self.verdicts.get(message):
            return waiting.pop(0)
        self.took.append(message)
        return Sent()


def text_of(row: Row) -> str:
    return str((row.body or {})["text"])


def replies(*texts: str, close: bool = False) -> Callable[[Inbound, Situation], Decision]:
    def step(inbound: Inbound, situation: Situation) -> Decision:
        said = tuple({"text": text} for text in texts)
        return Decision(said, Outcome("article", "a"), {}, close=close)

    return step


async def queue(pool: Pool, *texts: str, close: bool = False, identity: str = "o1", **more: Any) -> None:
    """A message's turn with these answers."""
    inbound = replace(say("hello", identity), channel="wechat", account="care", act="message", **more)
    await turns_with(pool, replies(*texts, close=close)).take(inbound)


@asynccontextmanager
async def sending(pool: Pool, *platforms: Platform) -> AsyncIterator[None]:
    """As many processes as platforms."""
    loops = [asyncio.create_task(Outbox(pool, KEYS, {"care": one}).run()) for one in platforms]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop


async def settled(pool: Pool, query: str = OPEN, wanted: object = 0) -> None:
    """Returns once nothing is left to do, or once the query says what is wanted."""
    async with asyncio.timeout(40):
        while True:
            if await rows(pool, query) == [(wanted,)]:
                return
            await asyncio.sleep(0.02)


async def test_lines_go_out_in_their_order(pool: Pool) -> None:
    platform = Platform()
    await queue(pool, "1", "2", "3")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["1", "2", "3"]
    assert await rows(pool, "SELECT sent FROM bot.send_windows") == [(3,)]


async def test_a_closed_conversation_s_last_line_goes_before_the_next_conversation(pool: Pool) -> None:
    await queue(pool, "the last", close=True)
    await queue(pool, "the first")
    await queue(pool, "another's", identity="o2")
    assert await rows(pool, "SELECT count(*) FROM bot.conversations") == [(3,)]
    async with pool.connection() as connection:
        await connection.execute("UPDATE bot.outbox SET due_at = now() + interval '1 hour' WHERE seq = 2")
        await connection.execute(
            "UPDATE bot.outbox o SET due_at = now() FROM bot.conversations c"
            " WHERE c.id = o.conversation_id AND o.seq = 2 AND c.closed_at IS NULL"
        )
    platform = Platform()
    async with sending(pool, platform):
        await settled(pool, "SELECT count(*) FROM bot.outbox WHERE state = 'sent'", 1)
        assert platform.took == ["another's"]
        assert await rows(pool, "SELECT count(*) FROM bot.outbox WHERE lease_until > now()") == [(0,)]
        async with pool.connection() as connection:
            await connection.execute("UPDATE bot.outbox SET due_at = now() WHERE due_at > now()")
        await settled(pool)
    assert platform.took == ["another's", "the last", "the first"]


async def test_two_processes_send_everything_once_and_in_order(pool: Pool) -> None:
    for number in range(12):
        await queue(pool, *(f"{number}.{line}" for line in range(4)), identity=f"o{number}")
    one, two = Platform(), Platform()
    async with sending(pool, one, two):
        await settled(pool)
    sent = one.took + two.took
    assert sorted(sent) == sorted(f"{number}.{line}" for number in range(12) for line in range(4))
    for platform in (one, two):
        for number in range(12):
            mine = [text for text in platform.took if text.startswith(f"{number}.")]
            assert mine == sorted(mine)


async def test_lines_that_go_together_are_one_message_of_the_window(pool: Pool) -> None:
    platform = Platform(room=5)
    await queue(pool, "1", "2", "3")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["1+2+3"]
    assert await rows(pool, STATES) == [("sent", None, None)] * 3
    assert await rows(pool, "SELECT sent FROM bot.send_windows") == [(1,)]


async def test_a_line_that_is_cancelled_meanwhile_does_not_go_along(pool: Pool) -> None:
    async def cancel(row: Row) -> None:
        async with pool.connection() as connection:
            await connection.execute("UPDATE bot.outbox SET state = 'failed', reason = 'taken_over' WHERE seq = 3")

    platform = Platform(room=5, before=cancel)
    await queue(pool, "1", "2", "3")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["1+3"]
    assert await rows(pool, STATES) == [("sent", None, None), ("failed", "taken_over", None), ("sent", None, None)]


async def test_what_waits_for_the_customer_does_not_wait_for_ever(pool: Pool) -> None:
    platform = Platform({"1": [Waiting("only_passive", "48001")], "2": [Waiting("only_passive", "48001")]})
    await queue(pool, "1", "2")
    async with sending(pool, platform):
        await settled(pool, "SELECT due_at = 'infinity' FROM bot.outbox WHERE seq = 2", True)
    async with pool.connection() as connection:
        await connection.execute("UPDATE bot.outbox SET queued_at = now() - interval '49 hours'")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == []
    assert await rows(pool, STATES) == [
        ("failed", "waited_too_long", "48001"),
        ("failed", "waited_too_long", "48001"),
    ]


@dataclass
class Told:
    """Offers the first line, and nothing else."""

    offered: list[str] = field(default_factory=list)

    async def offer(self, row: Row) -> Verdict | None:
        self.offered.append(text_of(row))
        return Waiting("notice") if text_of(row) == "1" else None


async def test_what_the_window_keeps_back_is_offered_else_fails(pool: Pool) -> None:
    told = Told()
    shut: Mapping[str, list[Verdict]] = {text: [Shut("45047", "rid-1")] for text in ("1", "2")}
    platform = Platform(dict(shut), offers=told)
    await queue(pool, "1")
    await queue(pool, "2", identity="o2")
    async with sending(pool, platform):
        await settled(pool)
    assert sorted(told.offered) == ["1", "2"]
    assert sorted(await rows(pool, "SELECT state, reason, error_code, rid FROM bot.outbox")) == [
        ("failed", "window", "45047", "rid-1"),
        ("queued", "notice", None, None),
    ]
    assert await rows(pool, "SELECT DISTINCT sent FROM bot.send_windows") == [(1_000_000,)]


async def test_what_waits_for_its_customer_is_offered_and_waits_whatever_comes_of_that(pool: Pool) -> None:
    told = Told()
    waits = Waiting("only_passive", "48001")
    platform = Platform({"1": [waits], "2": [waits], "3+4": [waits]}, offers=told)
    await queue(pool, "1")
    await queue(pool, "2", identity="o2")
    async with sending(pool, platform):
        await settled(pool)
    assert sorted(told.offered) == ["1", "2"]
    platform.room = 2
    await queue(pool, "3", "4", identity="o3")
    async with sending(pool, platform):
        await settled(pool)
    assert told.offered[2:] == ["3"]
    assert await rows(pool, STATES) == [("queued", "only_passive", "48001")] * 4
    await rows(pool, "UPDATE bot.outbox SET due_at = now(), queued_at = now() - interval '49 hours' RETURNING 1")
    platform.next = lambda _: waits  # type: ignore[method-assign]
    async with sending(pool, platform):
        await settled(pool)
    assert len(told.offered) == 3, "what is too old is not told of"


async def test_lines_that_went_together_are_offered_one_by_one(pool: Pool) -> None:
    told = Told()
    platform = Platform({"1+2": [Shut("45047")], "2": [Shut("45047")]}, room=2, offers=told)
    await queue(pool, "1", "2")

    def alone(rows: Sequence[Row]) -> Step | Verdict:
        return Step("1+2", 2) if not platform.asked else Shut("45047")

    platform.next = alone  # type: ignore[method-assign]
    async with sending(pool, platform):
        await settled(pool, "SELECT reason FROM bot.outbox WHERE seq = 2", "notice")
    assert told.offered == ["1"]
    assert platform.took == []


async def test_what_is_too_long_is_cut_and_sent_at_once(pool: Pool) -> None:
    platform = Platform({"1": [Smaller(1024, "45002"), Smaller(512, "45002")]})
    await queue(pool, "1")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["1"]
    assert await rows(pool, "SELECT cuts FROM bot.outbox") == [([[0, 1024], [0, 512]],)]


async def test_who_is_not_reached_is_asked_once(pool: Pool) -> None:
    platform = Platform({"1": [Unreachable("43004")]})
    await queue(pool, "1", "2")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.asked == ["1"]
    assert await rows(pool, STATES) == [("failed", "unreachable", "43004")] * 2
    assert await rows(pool, "SELECT reason, error_code FROM bot.unreachable") == [("refused", "43004")]
    await queue(pool, "3")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["3"]


@pytest.mark.parametrize("verdict", [Failed("give_up", "47001"), Shut("45047"), Unreachable("43004")])
async def test_a_failure_does_not_hold_up_another_customer(pool: Pool, verdict: Verdict) -> None:
    platform = Platform({"1": [verdict]})
    await queue(pool, "1")
    await queue(pool, "2", identity="o2")
    async with sending(pool, platform):
        await settled(pool)
    assert platform.took == ["2"]
