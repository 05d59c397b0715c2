"""What becomes of a notice: sent once, or failed with its reason, or unknown; WeChat's own word settles it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bot.web.wechat.notices.sending import NoticeSender
from tests.integration.wechat_edge.noticed import CHANGED, WAITING, Noticed, noticed
from tests.integration.wechat_edge.pushed import Pushed

TEMPLATE = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"
MSG_ID = "SELECT msg_id, extract(epoch FROM begun_at)::bigint FROM bot.wechat_notices"
OVER = "UPDATE bot.wechat_notices SET lease_until = now() - interval '1 s' WHERE state = 'begun' RETURNING 1"


async def ends(ours: Noticed, status: str, msg_id: str | None = None) -> None:
    """WeChat tells how the one template message ended, twice."""
    [(known, at)] = await ours.pushed.rows(MSG_ID)
    for _ in range(2):
        fields = {"MsgID": int(msg_id or known), "Status": status}
        await ours.pushed.event("TEMPLATESENDJOBFINISH", openid=ours.openid, at=at, **fields)


def counted(code: int) -> float:
    """How many refusals with this code operators see."""
    return REGISTRY.get_sample_value("yingda_wechat_faults_total", {"account": "care", "code": str(code)}) or 0.0


async def cut_off(sender: NoticeSender) -> None:
    """As if its process were killed: what it has begun ends where it is."""
    tasks = [task for task in asyncio.all_tasks() if task.get_coro().__qualname__.startswith("NoticeSender._send")]  # type: ignore[union-attr]
    for task in tasks:
        task.cancel()
    assert tasks
    await sender.settled()


async def test_a_template_message_is_filled_and_its_end_told(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        assert await ours.send("case_changed", "case:1:2")
        assert await ours.send("case_changed", "case:1:2")
        await ours.run()
        await ours.run()
        assert await ours.shown() == ["TS-1 已解决"]
        [line] = await ours.emulator.shown()
        assert line["url"] == "https://shop.example/cases"
        await ends(ours, "success")
        await ends(ours, "failed:user block")  # only the first word about it counts
    assert await ours.states() == [("case_changed", "sent", None, None)]
    assert await pushed.rows("SELECT told FROM bot.wechat_notices") == [("arrived",)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [("failed:user block", "refused"), ("failed: system failed", "platform"), ("something new", "platform")],
)
async def test_one_that_did_not_arrive_has_failed(pushed: Pushed, tmp_path: Path, status: str, reason: str) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.send("case_changed")
        await ours.run()
        await ends(ours, status)
        await ends(ours, "success")
    assert await ours.states() == [("case_changed", "failed", reason, None)]


async def test_a_subscription_notice_is_settled_by_its_own_report(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
        await ours.send()
        await ours.run()
        [(msg_id, at)] = await pushed.rows(MSG_ID)
        one = {"TemplateId": "S1", "MsgID": msg_id, "ErrorCode": "43101", "ErrorStatus": "user refuse"}
        for _ in range(3):
            await pushed.event(
                "subscribe_msg_sent_event", openid=ours.openid, at=at, SubscribeMsgSentEvent={"List": [one]}
            )
    assert await ours.states() == [("answer_waiting", "failed", "refused", "43101")]


@pytest.mark.parametrize(
    ("code", "state", "reason", "free"),
    [
        (43101, "failed", "refused", False),
        (40037, "failed", "template", True),
        (47003, "failed", "fields", True),
        (48001, "failed", "no_right", True),
        (43117, "queued", "too_often", True),
        (45009, "queued", "quota", True),
    ],
)
async def test_each_refusal_has_its_result(
    pushed: Pushed, tmp_path: Path, code: int, state: str, reason: str, free: bool
) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
        await ours.emulator.fault("errcode", NOTICE, errcode=code, count=1)
        await ours.send()
        before = counted(code)
        await ours.run()
        assert await ours.states() == [("answer_waiting", state, reason, str(code))]
        assert counted(code) == before + 1
        again = await ours.send(key="another") if state == "failed" else None
        if again is None:
            await pushed.rows("UPDATE bot.wechat_notices SET due_at = now() RETURNING 1")
        await ours.run()
        assert len(await ours.shown()) == int(free)
    assert (await ours.states())[-1][1] == ("sent" if free else state)


async def test_what_is_refused_for_a_day_has_failed(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.emulator.fault("errcode", TEMPLATE, errcode=43117)
        await ours.send("case_changed")
        await pushed.rows("UPDATE bot.wechat_notices SET queued_at = now() - interval '25 h' RETURNING 1")
        await ours.run()
    assert await ours.states() == [("case_changed", "failed", "too_often", "43117")]


async def test_who_does_not_follow_is_marked(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.send("case_changed")
        await ours.emulator.control("POST", "/users/li/unfollow", {})
        await ours.run()
        assert await ours.states() == [("case_changed", "failed", "unreachable", "43004")]
        assert await ours.send("case_changed", "two")
        await ours.run()
        assert await ours.emulator.calls(TEMPLATE) == [43004]
    assert await pushed.rows("SELECT reason, error_code FROM bot.unreachable") == [("refused", "43004")]


async def test_what_gets_no_answer_is_unknown_until_wechat_tells(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.emulator.fault("drop_after", TEMPLATE, count=1)
        await ours.send("case_changed")
        await ours.run()
        await ours.run()
        assert await ours.states() == [("case_changed", "unknown", "no_answer", None)]
        assert await ours.shown() == ["TS-1 已解决"]
        assert len(await ours.emulator.calls(TEMPLATE)) == 1
        await ends(ours, "success", "4711")
    assert await ours.states() == [("case_changed", "sent", None, None)]


async def test_a_process_that_dies_while_it_sends_leaves_it_unknown_and_the_yes_used_up(
    pushed: Pushed, tmp_path: Path
) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
        await ours.emulator.fault("latency", NOTICE, seconds=1.5, count=1)
        await ours.send()
        await ours.sender.send_due()
        await ours.emulator.struck()
        await cut_off(ours.sender)
        assert [state for _, state, _, _ in await ours.states()] == ["begun"]
        await pushed.rows(OVER)
        _, other = ours.another()
        await ours.run(other)
        assert await ours.states() == [("answer_waiting", "unknown", "interrupted", None)]
        assert not await ours.send(key="another")
    assert len(await ours.pushed.rows("SELECT 1 FROM bot.wechat_notices WHERE permission_id IS NOT NULL")) == 1


async def test_the_end_may_be_told_before_the_answer(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.emulator.fault("latency", TEMPLATE, seconds=1, count=1)
        await ours.send("case_changed")
        await ours.sender.send_due()
        await ours.emulator.struck()
        await ends(ours, "failed:user block", "4712")  # somebody else's message, as its number will show
        await ours.sender.settled()
        assert await ours.states() == [("case_changed", "sent", None, None)]
        await ends(ours, "failed: system failed")
    assert await ours.states() == [("case_changed", "failed", "platform", None)]


async def test_a_notice_for_a_closed_window_is_not_needed_in_an_open_one(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await pushed.rows("SELECT bot.acted(%s, 'message', now())", ours.identity_id)
        assert await ours.send("case_changed", if_closed=True)
        await ours.run()
        assert await ours.states() == [("case_changed", "unneeded", None, None)]
        await pushed.rows("UPDATE bot.send_windows SET at = now() - interval '49 h' RETURNING 1")
        assert await ours.send("case_changed", "two", if_closed=True)
        await ours.run()
        assert await ours.shown() == ["TS-1 已解决"]


@pytest.mark.parametrize(
    ("changes", "sent"),
    [({"fields": {"thing1": "{case_number}" * 9}}, True), ({"fields": {"number1": "{case_number}" * 9}}, False)],
)
async def test_words_are_cut_and_numbers_never(
    pushed: Pushed, tmp_path: Path, changes: dict[str, Any], sent: bool
) -> None:
    async with noticed(pushed, tmp_path, WAITING, {**CHANGED, **changes}) as ours:
        assert await ours.send("case_changed") is sent
        await ours.run()
        assert await ours.shown() == (["TS-1TS-1TS-1TS-1TS-…"] if sent else [])
