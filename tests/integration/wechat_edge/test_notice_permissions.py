"""What a user answers WeChat's question about notices: one yes, one notice; a no ends it; both go with the person."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.jobs.retention import enforce_retention
from bot.storage.database import Addresses
from bot.urls import libpq_url
from tests.integration.wechat_edge.noticed import STATES, WAITING, noticed
from tests.integration.wechat_edge.pushed import AT, Pushed

ANSWERS = "SELECT accepted, source FROM bot.wechat_permissions ORDER BY at, received_at"


async def test_without_a_yes_nothing_is_sent(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        assert not await ours.send()
        await ours.run()
        assert await ours.states() == []
        assert await ours.emulator.calls("/cgi-bin/message/subscribe/bizsend") == []


async def test_one_yes_is_one_notice(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        for _ in range(3):  # WeChat's deliveries of one answer
            await ours.answers("accept", told=False)
        await ours.emulator.control("POST", "/users/li/consent", {"templates": {"S1": "accept"}})
        assert await ours.send(key="one")
        assert await ours.send(key="one")
        await ours.run()
        assert not await ours.send(key="two")
        assert await ours.shown() == ["您有一条新回复，回复任意内容即可查看"]
        assert await ours.states() == [("answer_waiting", "sent", None, None)]
        await ours.answers("accept", AT + 60)
        assert await ours.send(key="two")
        await ours.run()
    assert await pushed.rows(ANSWERS) == [(True, "asked"), (True, "asked")]
    assert await pushed.rows("SELECT count(DISTINCT permission_id) FROM bot.wechat_notices") == [(2,)]


async def test_two_questions_within_a_second_are_two_answers(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        for template in ("S1", "S2"):
            one = {"TemplateId": template, "SubscribeStatusString": "accept", "PopupScene": 0}
            within = {"SubscribeMsgPopupEvent": {"List": [one]}}
            await pushed.event("subscribe_msg_popup_event", openid=ours.openid, **within)
    assert await pushed.rows("SELECT template_id FROM bot.wechat_permissions ORDER BY 1") == [("S1",), ("S2",)]


@pytest.mark.parametrize("event", ["popup", "change"])
async def test_a_no_takes_back_every_yes_before_it(pushed: Pushed, tmp_path: Path, event: str) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept", AT)
        await ours.answers("accept", AT + 1)
        assert await ours.send(key="queued before the no")
        await ours.answers("reject", AT + 9, event=event)
        await ours.answers("accept", AT + 5)  # WeChat told it late
        assert not await ours.send(key="after the no")
        await ours.run()
        assert await ours.states() == [("answer_waiting", "failed", "no_permission", None)]
        assert await ours.shown() == []
        await ours.answers("accept", AT + 20)
        assert await ours.send(key="allowed again")


async def test_a_yes_in_the_settings_counts_for_long_term_templates_only(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept", AT, event="change")
        assert not await ours.send()
    (tmp_path / "long").mkdir()
    templates = [{"id": "S1", "title": "t", "content": "{{thing1.DATA}}", "kind": "subscription", "long_term": True}]
    async with noticed(pushed, tmp_path / "long", {**WAITING, "long_term": True}) as ours:
        await ours.emulator.control("PATCH", "/accounts/care", {"templates": templates})
        await ours.answers("accept", AT + 1, event="change")
        for key in ("one", "two"):
            assert await ours.send(key=key)
        await ours.run()
        await ours.run()
        assert len(await ours.shown()) == 2


async def test_who_unfollows_has_taken_everything_back(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept", AT)
        await pushed.event("unsubscribe", openid=ours.openid, at=AT + 1, EventKey="")
        assert not await ours.send()
    assert await pushed.rows(ANSWERS) == [(True, "asked"), (False, "platform")]


async def test_two_processes_use_one_yes_once(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
        assert [await ours.send(key=f"k{number}") for number in range(8)] == [True] * 8
        _, other = ours.another()
        for _ in range(8):
            await asyncio.gather(ours.run(), ours.run(other))
        states = [state for _, state, _, _ in await ours.states()]
        assert (states.count("sent"), states.count("failed")) == (1, 7)
        assert await ours.emulator.calls("/cgi-bin/message/subscribe/bizsend") == [0]


async def test_answers_and_notices_stand_in_the_record_and_are_erased(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
        await ours.send()
        await ours.run()
        [(contact_id,)] = await pushed.rows("SELECT contact_id FROM crm.identities")
        export = await pushed.crm.export(contact_id)
        told = [(one["direction"], one["outcome_ref"], one["content"]) for one in export.content["interactions"]]
        assert told == [
            ("in", "notice_allowed", "S1"),
            ("out", "notice_sent", "您有一条新回复，回复任意内容即可查看"),
        ]
        await pushed.crm.erase(contact_id, "staff:test", "request", datetime.now(UTC))
    assert await pushed.rows(STATES) == []
    assert await pushed.rows(ANSWERS) == []


async def test_an_answer_is_never_changed(addresses: Addresses, pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept")
    with psycopg.connect(libpq_url(addresses.application_url)) as connection:
        for statement in ("UPDATE bot.wechat_permissions SET accepted = false", "DELETE FROM bot.wechat_permissions"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()


async def test_a_notice_is_forgotten_with_the_yes_it_used_up(pushed: Pushed, tmp_path: Path) -> None:
    async with noticed(pushed, tmp_path) as ours:
        await ours.answers("accept", AT)
        await ours.send()
        await ours.run()
        await ours.answers("accept", AT + 1)
        days = pushed.settings.retention.interactions
        assert isinstance(days, int)
        later = datetime.now(UTC) + timedelta(days=days + 1)
        await enforce_retention(pushed.settings, pushed.engine, later, dry=False)
        assert await ours.states() == []
        assert await pushed.rows(ANSWERS) == [(True, "asked")]
