"""A line that cannot be sent waits for the customer, who is told of it once until they come back."""

import asyncio
from pathlib import Path

import pytest

from bot.outbox.deliverer import Waiting
from tests.integration.wechat_edge.noticed import CHANGED, WAITING, noticed
from tests.integration.wechat_edge.pushed import Pushed

BACK = "SELECT bot.acted(%s, 'message', now())"
TEMPLATE = {**WAITING, "kind": "template", "template_id": "T1"}
TELLING = "/cgi-bin/message/template/send"
SWEEP = "SELECT bot.settle_waiting(NULL)"
WAITS = ("queued", "notice", None)


async def test_many_lines_are_one_notice_until_the_customer_comes_back(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        rows = [await ours.line(seq) for seq in range(1, 4)]
        other, _ = ours.another()
        told = await asyncio.gather(*(ours.offer(row, who) for row in rows for who in (ours.notices, other)))
        assert told == [Waiting("notice")] * 6
        await ours.run()
        assert await ours.shown() == ["您有一条新回复，回复任意内容即可查看"]
        assert await ours.offer(await ours.line(4)) == Waiting("notice")
        await ours.run()
        assert len(await ours.shown()) == 1
        await pushed.rows(BACK, ours.identity_id)
        assert await ours.offer(await ours.line(5)) == Waiting("notice")
        await ours.run()
        assert len(await ours.shown()) == 2
    assert await ours.lines() == [WAITS] * 5


async def test_without_a_notice_or_a_yes_nothing_is_offered(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, WAITING, CHANGED) as ours:
        row = await ours.line(1)
        assert await ours.offer(row) is None
        await ours.answers("accept")
        assert await ours.offer(row) == Waiting("notice")
    (tmp_path / "other").mkdir()
    await pushed.rows("DELETE FROM bot.wechat_notices RETURNING 1")
    async with noticed(pushed, tmp_path / "other", CHANGED) as ours:
        assert await ours.offer(row) is None


async def test_what_advertises_is_never_told_of(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        row = await ours.line(1)
        await pushed.rows("UPDATE bot.outbox SET purpose = 'care_messages' RETURNING 1")
        assert await ours.offer(row) is None
        await ours.offer(await ours.line(2))
        assert await ours.offer(row) is None


async def test_who_is_back_before_they_are_told_needs_no_notice(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        await ours.offer(await ours.line(1))
        await pushed.rows(BACK, ours.identity_id)
        await ours.run()
        assert await ours.states() == [("answer_waiting", "unneeded", None, None)]
        assert await ours.shown() == []
        assert await pushed.rows("SELECT reason, due_at <= now() FROM bot.outbox") == [(None, True)]


async def test_news_that_were_told_are_notice_enough(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE, {**CHANGED, "template_id": "T1"}) as ours:
        assert await ours.send("case_changed")
        assert await ours.offer(await ours.line(1)) == Waiting("notice")
        await ours.run()
        assert await ours.shown() == ["TS-1 已解决"]


@pytest.mark.parametrize(
    ("code", "reason"), [(40037, "notice_template"), (47003, "notice_fields"), (43004, "unreachable")]
)
async def test_a_line_fails_with_the_reason_of_its_notice(
    pushed: Pushed, tmp_path: Path, code: int, reason: str
) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        await ours.emulator.fault("errcode", TELLING, errcode=code, count=1)
        rows = [await ours.line(seq) for seq in (1, 2)]
        for row in rows:
            await ours.offer(row)
        await ours.run()
        assert await ours.lines() == [("failed", reason, str(code))] * 2
        assert await ours.offer(await ours.line(3)) is None  # they were not here since
        await pushed.rows(BACK, ours.identity_id)
        assert await ours.offer(await ours.line(4)) == Waiting("notice")


async def test_a_line_fails_when_wechat_tells_that_the_notice_did(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        await ours.offer(await ours.line(1))
        await ours.run()
        assert await ours.lines() == [WAITS]
        [(msg_id,)] = await pushed.rows("SELECT msg_id FROM bot.wechat_notices")
        for _ in range(2):
            fields = {"MsgID": int(msg_id), "Status": "failed:user block"}
            await pushed.event("TEMPLATESENDJOBFINISH", openid=ours.openid, **fields)
    assert await ours.lines() == [("failed", "notice_refused", None)]


async def test_an_unknown_notice_may_have_told_them(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        await ours.emulator.fault("drop_after", TELLING, count=1)
        await ours.offer(await ours.line(1))
        await ours.run()
        assert [state for _, state, _, _ in await ours.states()] == ["unknown"]
        assert await ours.offer(await ours.line(2)) == Waiting("notice")
        await pushed.rows(SWEEP)
    assert await ours.lines() == [WAITS] * 2


async def test_a_line_that_began_to_wait_too_late_is_found(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        await ours.emulator.fault("errcode", TELLING, errcode=40037, count=1)
        row = await ours.line(1)
        assert await ours.notices.offer(row) == Waiting("notice")
        await ours.run()  # the notice fails before the line is written down as waiting
        assert (await ours.lines())[0][0] == "queued"
        await pushed.rows("UPDATE bot.outbox SET reason = 'notice', due_at = 'infinity' WHERE seq = 1 RETURNING 1")
        await pushed.rows(SWEEP)
    assert await ours.lines() == [("failed", "notice_template", "40037")]


async def test_the_store_being_away_offers_nothing(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path, TEMPLATE) as ours:
        row = await ours.line(1)
        async with pushed.pool.connection() as connection, connection.transaction():
            await connection.execute("LOCK TABLE bot.wechat_notices IN ACCESS EXCLUSIVE MODE")
            assert await ours.offer(row) is None
