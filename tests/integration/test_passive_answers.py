"""A turn's own lines given in one statement, or not at all: in every race the customer gets one answer, the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.domain.message import Taken
from bot.outbox.passive import Asked, Chosen, Passive
from bot.outbox.rows import Row
from bot.rehearsal.keys import KEYS
from bot.storage.pool import Pool
from tests.integration.test_turns import rows, say, turns_with

STATES = "SELECT state, route, reply_to IS NOT NULL FROM bot.outbox ORDER BY seq"


async def asked(pool: Pool, text: str = "hello") -> tuple[Taken, Asked, list[UUID]]:
    """A message over WeChat, answered within the time in which its answer may be given passively."""
    reply_by = datetime.now(UTC) + timedelta(seconds=16)
    taken = await turns_with(pool).take(replace(say(text), channel="wechat", account="care", reply_by=reply_by))
    lines = [line.id for line in taken.answers]
    return taken, Asked(taken.message.id, taken.identity_id, taken.answers[-1].seq), lines


def choose(found: Sequence[Row]) -> Chosen[str]:
    return Chosen(" ".join((row.body or {})["text"] for row in found), len(found))


async def test_a_turns_lines_are_given_and_the_same_again_for_another_delivery(pool: Pool) -> None:
    taken, request, lines = await asked(pool)
    assert taken.locale == "en"
    passive = Passive(pool, KEYS)
    assert await passive.give(request, lines)
    assert await rows(pool, STATES) == [("sent", "passive", True)]
    assert not await passive.give(request, lines)
    assert (await passive.answer(request, choose)).reply == "1: hello"


async def test_of_many_deliveries_at_once_one_gives_and_the_others_find_the_same(pool: Pool) -> None:
    _, request, lines = await asked(pool)
    passive = Passive(pool, KEYS)

    async def deliver() -> str | None:
        if await passive.give(request, lines):
            return "1: hello"
        return (await passive.answer(request, choose)).reply

    assert await asyncio.gather(*(deliver() for _ in range(8))) == ["1: hello"] * 8
    assert await rows(pool, STATES) == [("sent", "passive", True)]


@pytest.mark.parametrize(
    "change",
    [
        "lease_until = now() + interval '1 minute'",
        "lease_until = now() - interval '1 minute'",
        "state = 'begun'",
        "parts = 1",
        "state = 'sent'",
    ],
)
async def test_what_somebody_else_has_or_had_is_not_given(pool: Pool, change: str) -> None:
    _, request, lines = await asked(pool)
    await rows(pool, f"UPDATE bot.outbox SET {change} RETURNING 1")
    before = await rows(pool, STATES)
    assert not await Passive(pool, KEYS).give(request, lines)
    assert await rows(pool, STATES) == before


async def test_what_waited_before_goes_along(pool: Pool) -> None:
    await asked(pool, "one")
    _, request, lines = await asked(pool, "two")
    passive = Passive(pool, KEYS)
    assert not await passive.give(request, lines)
    assert await rows(pool, STATES) == [("queued", None, False)] * 2
    assert (await passive.answer(request, choose)).reply == "1: one 2: two"


async def test_what_was_said_after_is_not_touched(pool: Pool) -> None:
    _, request, lines = await asked(pool, "one")
    await asked(pool, "two")
    assert await Passive(pool, KEYS).give(request, lines)
    assert await rows(pool, STATES) == [("sent", "passive", True), ("queued", None, False)]
